"""HTTP: /v1/selection-plans."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.evaluation.assessment.errors import CYCLE_NOT_FOUND
from services.evaluation.notices.errors import ENTRY_HELD, NOTICE_REPLACED, NOTICE_REQUIRED, NOTICE_RUNNING
from services.evaluation.notices.schemas import NoticeOut
from services.evaluation.notices.terms import notice_terms
from services.evaluation.review.errors import SECOND_PERSON
from services.evaluation.selection.errors import (
    ALREADY_MEMBER,
    CYCLE_SELECTED,
    PLAN_EMPTY,
    PLAN_EXPIRED,
    PLAN_STALE,
    PLAN_STATUS,
    POOL_FULL,
    POOL_NOT_FOUND,
    QUOTA_EXCEEDED,
    QUOTAS_EXCEED_CAP,
)
from services.evaluation.selection.plans import approve, commit, propose
from services.evaluation.selection.publish import publish
from services.evaluation.selection.queries import list_plans, plan_by_id, plan_entries
from services.evaluation.selection.schemas import PlanEntryPage, PlanIn, PlanOut, PlanPage
from shared.errors import NOT_FOUND
from shared.models.evaluation import PLAN_STATUSES
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.refusals import NOTHING_YET, refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep
from shared.working_days import CALENDAR_NOT_COVERED

router = APIRouter(prefix="/v1/selection-plans", tags=["selection"])


@router.post(
    "",
    status_code=201,
    response_model=PlanOut,
    responses={200: {"model": PlanOut, "description": "What `validate_only` computed"}}
    | refuses(CYCLE_NOT_FOUND, POOL_NOT_FOUND, PLAN_EMPTY, CYCLE_SELECTED, QUOTAS_EXCEED_CAP),
    summary="Compute and freeze a selection plan",
)
async def post_plan(
    body: PlanIn,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("plans:write")],
    idempotency: IdempotencyDep,
    validate_only: bool = False,
) -> Response:
    """Rank the eligible under cap and quotas; with `validate_only` nothing is stored."""
    if validate_only:
        computed = await propose(session, actor, body, validate_only=True)
        return Response(computed.model_dump_json(), 200, media_type="application/json")
    async with refusals_audited(
        request, session, actor, "plan.propose", ("selection_plan", NOTHING_YET), detail=body.model_dump()
    ):
        return await idempotency.run(session, actor, 201, lambda: propose(session, actor, body, validate_only=False))


@router.get("", summary="List selection plans", responses=refuses(CYCLE_NOT_FOUND))
async def get_plans(
    session: SessionDep,
    _: Annotated[Actor, requires("plans:read")],
    cycle: Annotated[str | None, Query(max_length=40, examples=["2024-1"])] = None,
    status: Annotated[str | None, Query(pattern=rf"^({'|'.join(PLAN_STATUSES)})$", examples=["approved"])] = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> PlanPage:
    """Plans, the oldest first; of one cycle or status where asked for."""
    return await list_plans(session, cycle=cycle, status=status, after=cursor, limit=limit)


@router.get("/{plan_id}", summary="Read a selection plan", responses=refuses(NOT_FOUND))
async def get_plan(plan_id: uuid.UUID, session: SessionDep, _: Annotated[Actor, requires("plans:read")]) -> PlanOut:
    """A plan with its counts."""
    return await plan_by_id(session, plan_id)


@router.get("/{plan_id}/entries", summary="Read who is in, who is out, and why", responses=refuses(NOT_FOUND))
async def get_entries(
    plan_id: uuid.UUID,
    session: SessionDep,
    _: Annotated[Actor, requires("plans:read")],
    cursor: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> PlanEntryPage:
    """Candidates in order of rank."""
    return await plan_entries(session, plan_id, after=cursor, limit=limit)


@router.post(
    "/{plan_id}:approve",
    summary="Approve a plan as the second person",
    responses=refuses(NOT_FOUND, SECOND_PERSON, PLAN_STATUS, PLAN_STALE, PLAN_EXPIRED),
)
async def post_approval(
    plan_id: uuid.UUID,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("plans:approve")],
) -> PlanOut:
    """Approve what somebody else proposed; refused as stale when an input has changed."""
    async with refusals_audited(request, session, actor, "plan.approve", ("selection_plan", plan_id)):
        return await approve(session, actor, plan_id)


@router.post(
    "/{plan_id}:publish",
    status_code=201,
    response_model=NoticeOut,
    summary="Put an approved plan under public notice (公示)",
    responses=refuses(NOT_FOUND, PLAN_STATUS, PLAN_STALE, PLAN_EXPIRED, PLAN_EMPTY, CALENDAR_NOT_COVERED),
)
async def post_publication(
    plan_id: uuid.UUID,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("notices:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Publish names and cities for as many working days as the province asks for; publishing again changes nothing."""
    terms = notice_terms(request.app.state.settings)
    async with refusals_audited(request, session, actor, "plan.publish", ("selection_plan", plan_id)):
        return await idempotency.run(session, actor, 201, lambda: publish(session, actor, plan_id, terms))


@router.post(
    "/{plan_id}:commit",
    summary="Commit a plan whose public notice is over",
    responses=refuses(
        NOT_FOUND,
        PLAN_STATUS,
        PLAN_STALE,
        PLAN_EXPIRED,
        NOTICE_REQUIRED,
        NOTICE_RUNNING,
        NOTICE_REPLACED,
        ENTRY_HELD,
        CYCLE_SELECTED,
        POOL_FULL,
        QUOTA_EXCEEDED,
        ALREADY_MEMBER,
    ),
)
async def post_commit(
    plan_id: uuid.UUID,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("plans:write")],
) -> PlanOut:
    """Create the memberships in one transaction; refused as stale when an input has changed.

    Entries with an open objection stay out and keep their places: committing again admits those held no longer.
    """
    terms = notice_terms(request.app.state.settings)
    async with refusals_audited(request, session, actor, "plan.commit", ("selection_plan", plan_id)):
        return await commit(session, actor, plan_id, terms)
