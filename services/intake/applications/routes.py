"""HTTP: /v1/applications and submission to a cycle."""

from __future__ import annotations

import uuid
from typing import Annotated

from asyncpg import Pool
from fastapi import APIRouter, Query, Request, Response

from services.intake.applications.errors import (
    APPLICATION_EXISTS,
    CORRECTION_OVERDUE,
    NOT_OWN_ENTERPRISE,
    OUTSIDE_CITY,
    REGISTERED_ELSEWHERE,
    SECTION_NOT_REOPENED,
)
from services.intake.applications.queries import Wanted, application_page, application_with_form
from services.intake.applications.schemas import ApplicationForm, ApplicationOut, ApplicationPage, ApplicationReceived
from services.intake.applications.submission import Submission, submit_alone
from services.intake.applications.transitions import Status, scope_of
from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW
from services.intake.enterprises.errors import USCC_SUPERSEDED
from shared.errors import IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, NOT_FOUND, VALIDATION_FAILED, Problem
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.json_bodies import StrictJsonRoute
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["applications"], route_class=StrictJsonRoute)


@router.post(
    "/cycles/{code}/applications",
    status_code=201,
    response_model=ApplicationReceived,
    summary="Submit an application",
    responses=refuses(
        IDEMPOTENCY_KEY_MISSING,
        NOT_OWN_ENTERPRISE,
        CYCLE_NOT_FOUND,
        OUTSIDE_WINDOW,
        APPLICATION_EXISTS,
        REGISTERED_ELSEWHERE,
        USCC_SUPERSEDED,
        CORRECTION_OVERDUE,
        VALIDATION_FAILED,
        OUTSIDE_CITY,
        SECTION_NOT_REOPENED,
        IDEMPOTENCY_KEY_REUSED,
    ),
)
async def post_application(
    code: str,
    form: ApplicationForm,
    request: Request,
    actor: Annotated[Actor, requires(scope_of("submit"))],
    idempotency: IdempotencyDep,
) -> Response:
    """Submit a whole form for one's own enterprise, or as an officer for one of one's city.

    A draft is submitted with this form. A returned application becomes its next revision, changed only in the sections
    that were returned, until `correct_until`. A withdrawn one is applied for again while the cycle is open.
    """
    submission = Submission(code, form, "http")
    statements: Pool = request.app.state.statements
    return await idempotency.run_whole(
        actor, 201, lambda: submit_alone(statements, actor, submission, idempotency.retry)
    )


@router.get("/applications", summary="List applications within reach", responses=refuses(VALIDATION_FAILED))
async def get_applications(
    session: SessionDep,
    actor: Annotated[Actor, requires("applications:read")],
    cycle: Annotated[str | None, Query(max_length=40, examples=["2024-1"])] = None,
    status: Status | None = None,
    city: Annotated[str | None, Query(pattern=r"^\d{6}$", description="City code", examples=["420100"])] = None,
    uscc: Annotated[str | None, Query(max_length=18, examples=["91420100MA4KABCD1X"])] = None,
    correction_overdue: Annotated[bool | None, Query(description="Returned, and the time to correct is over")] = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ApplicationPage:
    """Applications in order of id, without their forms; `next_cursor` is null on the last page."""
    wanted = Wanted(cycle=cycle, status=status, city=city, uscc=uscc, correction_overdue=correction_overdue)
    return await application_page(session, actor, wanted, after=cursor, limit=limit)


@router.get("/applications/{application_id}", summary="Read an application with its form", responses=refuses(NOT_FOUND))
async def get_application(
    application_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("applications:read")]
) -> ApplicationOut:
    """One application with the newest submitted form, and who confirmed which section of it."""
    found = await application_with_form(session, actor, application_id)
    if found is None:
        raise Problem(NOT_FOUND)
    return found
