"""HTTP: /v1/applications and submission to a cycle."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.intake.applications.decision import recommend, return_to_enterprise
from services.intake.applications.errors import (
    APPLICATION_EXISTS,
    NOT_OWN_ENTERPRISE,
    OUTSIDE_CITY,
    REGISTERED_ELSEWHERE,
    WRONG_STATUS,
)
from services.intake.applications.queries import application_page, application_with_form
from services.intake.applications.schemas import (
    ApplicationForm,
    ApplicationOut,
    ApplicationPage,
    ApplicationReceived,
    Recommended,
    RecommendIn,
    ReturnIn,
)
from services.intake.applications.submission import Submission, submit_alone
from services.intake.applications.transitions import Status
from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW
from shared.db import Database
from shared.errors import NOT_FOUND, Problem
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["applications"])


@router.post(
    "/cycles/{code}/applications",
    status_code=201,
    response_model=ApplicationReceived,
    summary="Submit an application",
    responses=refuses(
        CYCLE_NOT_FOUND, OUTSIDE_WINDOW, NOT_OWN_ENTERPRISE, OUTSIDE_CITY, REGISTERED_ELSEWHERE, APPLICATION_EXISTS
    ),
)
async def post_application(
    code: str,
    form: ApplicationForm,
    request: Request,
    actor: Annotated[Actor, requires("applications:submit")],
    idempotency: IdempotencyDep,
) -> Response:
    """Submit one's own application; a returned one is submitted again as its next revision."""
    submission = Submission(code, form, "http")
    database: Database = request.app.state.database
    return await idempotency.run_whole(actor, 201, lambda: submit_alone(database, actor, submission, idempotency.retry))


@router.get("/applications", summary="List applications within reach")
async def get_applications(
    session: SessionDep,
    actor: Annotated[Actor, requires("applications:read")],
    cycle: str | None = None,
    status: Status | None = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ApplicationPage:
    """Applications in order of id; `next_cursor` is null on the last page."""
    return await application_page(session, actor, cycle=cycle, status=status, after=cursor, limit=limit)


@router.get("/applications/{application_id}", summary="Read an application with its form", responses=refuses(NOT_FOUND))
async def get_application(
    application_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("applications:read")]
) -> ApplicationOut:
    """One application with the newest submitted form."""
    found = await application_with_form(session, actor, application_id)
    if found is None:
        raise Problem(NOT_FOUND)
    return found


@router.post(
    "/applications:recommend", summary="Recommend applications (推荐)", responses=refuses(NOT_FOUND, WRONG_STATUS)
)
async def post_recommendation(
    body: RecommendIn, session: SessionDep, actor: Annotated[Actor, requires("applications:decide")]
) -> Recommended:
    """Recommend a batch, all or none; each goes to evaluation."""
    return await recommend(session, actor, body.application_ids)


@router.post(
    "/applications/{application_id}:return",
    status_code=204,
    summary="Return an application (退回)",
    responses=refuses(NOT_FOUND, WRONG_STATUS),
)
async def post_return(
    application_id: uuid.UUID,
    body: ReturnIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("applications:decide")],
) -> None:
    """Send an application back to the enterprise with reasons on named fields."""
    await return_to_enterprise(session, actor, application_id, body)
