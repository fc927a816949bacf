"""HTTP: /v1/adjustments: plans of dynamic adjustment (动态调整), and what-if."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Query, Request, Response

from services.evaluation.adjustment.errors import (
    ADJUSTMENT_EMPTY,
    ADJUSTMENT_STATUS,
    ALREADY_MEMBER,
    CREDITS_LACKING,
    CYCLE_NOT_SELECTED,
    DAY_PAST,
    DAY_TO_COME,
    HELD,
    NO_RULES,
    PLAN_EXPIRED,
    PLAN_STALE,
    POOL_FULL,
    RULES_NUMBER,
    SECOND_PERSON,
)
from services.evaluation.adjustment.plan_queries import entry_page, plan_by_id, plan_page, receipt_of
from services.evaluation.adjustment.plan_schemas import (
    ActionOut,
    AdjustmentEntryPage,
    AdjustmentIn,
    AdjustmentOut,
    AdjustmentPage,
    WhatIfIn,
    WhatIfOut,
)
from services.evaluation.adjustment.plans import approve, commit, propose
from services.evaluation.adjustment.what_if import what_if
from services.evaluation.assessment.errors import CYCLE_NOT_FOUND
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared.errors import NOT_FOUND
from shared.models.evaluation import ADJUSTMENT_STATUSES
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.refusals import NOTHING_YET, refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep
from shared.working_days import CALENDAR_NOT_COVERED

router = APIRouter(prefix="/v1", tags=["adjustment"])
Reader = Annotated[Actor, requires("adjustments:read")]
Writer = Annotated[Actor, requires("adjustments:write")]
Limit = Annotated[int, Query(ge=1, le=500)]
_RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "The stored bytes"},
}


@router.post(
    "/adjustments",
    status_code=201,
    response_model=AdjustmentOut,
    responses={200: {"model": AdjustmentOut, "description": "What `validate_only` computed"}}
    | refuses(
        POOL_NOT_FOUND,
        CYCLE_NOT_FOUND,
        DAY_PAST,
        DAY_TO_COME,
        NO_RULES,
        CREDITS_LACKING,
        CYCLE_NOT_SELECTED,
        ADJUSTMENT_EMPTY,
    ),
    summary="Compute and freeze an adjustment plan",
)
async def post_adjustment(
    body: AdjustmentIn,
    request: Request,
    session: SessionDep,
    actor: Writer,
    idempotency: IdempotencyDep,
    validate_only: bool = False,
) -> Response:
    """Graduations, ends and replacement admissions of a pool, as of today; with `validate_only` nothing is stored."""
    if validate_only:
        computed = await propose(session, actor, body, validate_only=True)
        return Response(computed.model_dump_json(), 200, media_type="application/json")
    subject = ("adjustment_plan", NOTHING_YET)
    async with refusals_audited(
        request, session, actor, "adjustment.propose", subject, detail=body.model_dump(mode="json")
    ):
        return await idempotency.run(session, actor, 201, lambda: propose(session, actor, body, validate_only=False))


@router.post(
    "/adjustments:whatIf",
    responses=refuses(
        POOL_NOT_FOUND, CYCLE_NOT_FOUND, DAY_TO_COME, NO_RULES, RULES_NUMBER, CREDITS_LACKING, CYCLE_NOT_SELECTED
    ),
    summary="Ask what another rule, cap or day would do",
)
async def post_what_if(body: WhatIfIn, session: SessionDep, _: Writer) -> WhatIfOut:
    """The same computation twice, side by side; nothing is written."""
    return await what_if(session, body)


@router.get("/adjustments", summary="List adjustment plans")
async def get_adjustments(
    session: SessionDep,
    actor: Reader,
    pool: Annotated[str | None, Query(max_length=40, examples=["cultivation"])] = None,
    status: Annotated[str | None, Query(pattern=rf"^({'|'.join(ADJUSTMENT_STATUSES)})$", examples=["approved"])] = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 50,
) -> AdjustmentPage:
    """The oldest first. An officer of a city reads its city's credits and holds."""
    return await plan_page(session, actor, pool=pool, status=status, after=cursor, limit=limit)


@router.get("/adjustments/{plan_id}", summary="Read an adjustment plan", responses=refuses(NOT_FOUND))
async def get_adjustment(plan_id: uuid.UUID, session: SessionDep, actor: Reader) -> AdjustmentOut:
    """Its counts, occupancy, each city's credits before and after, and the holds that it respects."""
    return await plan_by_id(session, actor, plan_id)


@router.get("/adjustments/{plan_id}/entries", summary="Read what a plan does with each", responses=refuses(NOT_FOUND))
async def get_entries(
    plan_id: uuid.UUID,
    session: SessionDep,
    actor: Reader,
    action: Annotated[str | None, Query(pattern=rf"^({'|'.join(get_args(ActionOut))})$", examples=["graduate"])] = None,
    cursor: Annotated[int, Query(ge=0, le=2_147_483_647)] = 0,
    limit: Limit = 100,
) -> AdjustmentEntryPage:
    """Members by code, then candidates by rank, with reasons in Chinese and what is missing for graduation."""
    return await entry_page(session, actor, plan_id, action=action, after=cursor, limit=limit)


@router.get(
    "/adjustments/{plan_id}/entries/{uscc}/receipt",
    response_class=Response,
    responses=_RECEIPT | refuses(NOT_FOUND),
    summary="Download a member's receipt",
)
async def get_receipt(
    plan_id: uuid.UUID,
    uscc: Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])],
    session: SessionDep,
    actor: Reader,
) -> Response:
    """The stored bytes, canonical JSON (RFC 8785); `ETag` is their SHA-256."""
    text, digest = await receipt_of(session, actor, plan_id, uscc)
    return Response(text, media_type="application/json", headers={"ETag": f'"{digest}"'})


@router.post(
    "/adjustments/{plan_id}:approve",
    summary="Approve an adjustment as the second person",
    responses=refuses(NOT_FOUND, SECOND_PERSON, ADJUSTMENT_STATUS, PLAN_STALE, PLAN_EXPIRED, CREDITS_LACKING),
)
async def post_approval(
    plan_id: uuid.UUID,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("adjustments:approve")],
) -> AdjustmentOut:
    """Approve what somebody else proposed; refused as stale when an input has changed."""
    async with refusals_audited(request, session, actor, "adjustment.approve", ("adjustment_plan", plan_id)):
        return await approve(session, actor, plan_id)


@router.post(
    "/adjustments/{plan_id}:commit",
    summary="Commit an approved adjustment",
    responses=refuses(
        NOT_FOUND,
        ADJUSTMENT_STATUS,
        PLAN_STALE,
        PLAN_EXPIRED,
        CREDITS_LACKING,
        POOL_FULL,
        ALREADY_MEMBER,
        HELD,
        CALENDAR_NOT_COVERED,
    ),
)
async def post_commit(plan_id: uuid.UUID, request: Request, session: SessionDep, actor: Writer) -> AdjustmentOut:
    """End memberships, book credits, let replacements in and send exit notices, in one transaction, once."""
    async with refusals_audited(request, session, actor, "adjustment.commit", ("adjustment_plan", plan_id)):
        return await commit(session, actor, plan_id)
