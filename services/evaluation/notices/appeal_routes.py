"""HTTP: appeals of enterprises that were left out."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.evaluation.notices.appeal_queries import appeal_declared, appeal_page, appeal_row
from services.evaluation.notices.decide_appeal import decide_appeal
from services.evaluation.notices.deciding import declare_to_decide
from services.evaluation.notices.errors import (
    APPEAL_OPEN,
    APPEAL_WINDOW_CLOSED,
    DECIDED_ALREADY,
    DECIDED_BY_ANOTHER,
    EVIDENCE_NOT_FOUND,
    NOT_LEFT_OUT,
)
from services.evaluation.notices.own_judgement import own_assessment
from services.evaluation.notices.schemas import AppealIn, AppealOut, AppealPage, AppealStatus, DecisionIn
from services.evaluation.notices.submit_appeal import submit_appeal
from services.evaluation.review.errors import ASSESSMENT_SUPERSEDED, STANDING
from services.evaluation.review.review_schemas import DeclarationIn
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.refusals import refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["appeals"])
Limit = Annotated[int, Query(ge=1, le=500)]
Appellant = Annotated[Actor, requires("assessments:appeal")]
Decider = Annotated[Actor, requires("objections:decide")]


@router.post(
    "/applications/{application_id}/appeals",
    status_code=201,
    response_model=AppealOut,
    summary="Appeal against a judgement (复核申请)",
    responses=refuses(NOT_FOUND, APPEAL_WINDOW_CLOSED, NOT_LEFT_OUT, APPEAL_OPEN, EVIDENCE_NOT_FOUND),
)
async def post_appeal(
    application_id: uuid.UUID,
    body: AppealIn,
    request: Request,
    session: SessionDep,
    actor: Appellant,
    idempotency: IdempotencyDep,
) -> Response:
    """By the enterprise itself, while appeals are taken after its cycle's public notice."""
    subject = ("application", application_id)
    async with refusals_audited(request, session, actor, "appeal.submit", subject):
        return await idempotency.run(session, actor, 201, lambda: submit_appeal(session, actor, application_id, body))


@router.get("/applications/{application_id}/appeals", summary="List one's own appeals", responses=refuses(NOT_FOUND))
async def get_own_appeals(
    application_id: uuid.UUID,
    session: SessionDep,
    actor: Appellant,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> AppealPage:
    """What became of the appeals of one's own application."""
    await own_assessment(session, actor, application_id)
    return await appeal_page(session, actor, application_id=application_id, after=cursor, limit=limit)


@router.get("/appeals", summary="List appeals")
async def get_appeals(
    session: SessionDep,
    actor: Annotated[Actor, requires("notices:read")],
    status: AppealStatus | None = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> AppealPage:
    """Within reach, in the order in which they were submitted."""
    return await appeal_page(session, actor, status=status, after=cursor, limit=limit)


@router.post(
    "/appeals/{appeal_id}:declare",
    summary="Declare whether there is a conflict of interest",
    responses=refuses(NOT_FOUND, DECIDED_ALREADY, DECIDED_BY_ANOTHER, *STANDING.values()),
)
async def post_declaration(
    appeal_id: uuid.UUID, body: DeclarationIn, request: Request, session: SessionDep, actor: Decider
) -> AppealOut:
    """Before its grounds are shown. Whoever declares a conflict does not decide, here or anywhere on the enterprise."""
    async with refusals_audited(request, session, actor, "appeal.declare", ("appeal", appeal_id)):
        appeal, notice = await appeal_row(session, actor, appeal_id)
        await declare_to_decide(session, actor, appeal, notice, body)
        return await appeal_declared(session, actor, appeal_id)


@router.post(
    "/appeals/{appeal_id}:accept",
    summary="Accept an appeal",
    responses=refuses(NOT_FOUND, DECIDED_ALREADY, DECIDED_BY_ANOTHER, ASSESSMENT_SUPERSEDED, *STANDING.values()),
)
async def post_acceptance(
    appeal_id: uuid.UUID, body: DecisionIn, request: Request, session: SessionDep, actor: Decider
) -> AppealOut:
    """Open the assessment for review again, with reasons; a plan that is not committed yet is stale from now on."""
    async with refusals_audited(request, session, actor, "appeal.accept", ("appeal", appeal_id)):
        return await decide_appeal(session, actor, appeal_id, "accepted", body)


@router.post(
    "/appeals/{appeal_id}:reject",
    summary="Reject an appeal",
    responses=refuses(NOT_FOUND, DECIDED_ALREADY, DECIDED_BY_ANOTHER, *STANDING.values()),
)
async def post_rejection(
    appeal_id: uuid.UUID, body: DecisionIn, request: Request, session: SessionDep, actor: Decider
) -> AppealOut:
    """Let the judgement stand, with reasons."""
    async with refusals_audited(request, session, actor, "appeal.reject", ("appeal", appeal_id)):
        return await decide_appeal(session, actor, appeal_id, "rejected", body)
