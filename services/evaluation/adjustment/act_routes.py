"""HTTP: holds, credits, follow-on cultivation and the stall radar of a pool."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BeforeValidator

from services.evaluation.adjustment.act_schemas import (
    CreditsOut,
    FollowOnOut,
    FollowOnPage,
    HoldIn,
    HoldOut,
    HoldPage,
    LiftIn,
    RadarOut,
    ReminderPage,
    TrackIn,
)
from services.evaluation.adjustment.errors import (
    HOLD_EXISTS,
    HOLD_LIFTED,
    NO_RULES,
    NOT_A_MEMBER,
    TRACK_ASSIGNED,
    TRACK_UNKNOWN,
)
from services.evaluation.adjustment.follow_ons import assign_track, credits_of, follow_on_page
from services.evaluation.adjustment.holds import hold_page, lift_hold, set_hold
from services.evaluation.adjustment.stall_radar import radar_of, reminder_page
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.refusals import NOTHING_YET, refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["adjustment"])
Reader = Annotated[Actor, requires("adjustments:read")]
Writer = Annotated[Actor, requires("adjustments:write")]
Code = Annotated[str, Path(max_length=40, examples=["cultivation"])]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post(
    "/pools/{code}/holds",
    status_code=201,
    response_model=HoldOut,
    summary="Hold an enterprise (暂缓)",
    responses=refuses(POOL_NOT_FOUND, NOT_FOUND, NOT_A_MEMBER, HOLD_EXISTS),
)
async def post_hold(
    code: Code, body: HoldIn, request: Request, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """With a reason. Every plan respects it and names it, until a person lifts it."""
    subject = ("pool_hold", NOTHING_YET)
    async with refusals_audited(request, session, actor, "hold.set", subject, detail={"uscc": body.uscc}):
        return await idempotency.run(session, actor, 201, lambda: set_hold(session, actor, code, body))


@router.get("/pools/{code}/holds", summary="List holds")
async def get_holds(
    code: Code,
    session: SessionDep,
    actor: Reader,
    standing: Annotated[bool, Query(description="Only those not lifted")] = False,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> HoldPage:
    """Within reach, the oldest first."""
    return await hold_page(session, actor, code, standing=standing, after=cursor, limit=limit)


@router.post("/holds/{hold_id}:lift", summary="Lift a hold", responses=refuses(NOT_FOUND, HOLD_LIFTED))
async def post_lifting(
    hold_id: uuid.UUID, body: LiftIn, request: Request, session: SessionDep, actor: Writer
) -> HoldOut:
    """With a reason."""
    async with refusals_audited(request, session, actor, "hold.lift", ("pool_hold", hold_id)):
        return await lift_hold(session, actor, hold_id, body)


@router.get("/pools/{code}/credits", summary="Read cities' replacement credits", responses=refuses(POOL_NOT_FOUND))
async def get_credits(
    code: Code,
    session: SessionDep,
    actor: Reader,
    on: Annotated[date | None, BeforeValidator(iso_date), Query(examples=["2026-11-23"])] = None,
) -> CreditsOut:
    """Minted, spent, expired and left, with the ledger's lines; an officer of a city reads that city's."""
    return await credits_of(session, actor, code, on)


@router.get("/pools/{code}/follow-ons", summary="List graduates in follow-on cultivation (接续培育)")
async def get_follow_ons(
    code: Code, session: SessionDep, actor: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> FollowOnPage:
    """Within reach, the oldest first."""
    return await follow_on_page(session, actor, code, after=cursor, limit=limit)


@router.post(
    "/follow-ons/{follow_on_id}:assignTrack",
    summary="Assign a track of follow-on cultivation",
    responses=refuses(NOT_FOUND, TRACK_UNKNOWN, TRACK_ASSIGNED),
)
async def post_track(
    follow_on_id: uuid.UUID, body: TrackIn, request: Request, session: SessionDep, actor: Writer
) -> FollowOnOut:
    """小巨人, 单项冠军 or 上市后备, as the rules that it graduated by name them."""
    async with refusals_audited(request, session, actor, "follow_on.assign", ("follow_on", follow_on_id)):
        return await assign_track(session, actor, follow_on_id, body)


@router.get(
    "/pools/{code}/radar", summary="See who makes no progress (停滞预警)", responses=refuses(POOL_NOT_FOUND, NO_RULES)
)
async def get_radar(code: Code, session: SessionDep, actor: Reader) -> RadarOut:
    """Members at 12, 18 and 21 months without progress, with what would count as progress for each."""
    return await radar_of(session, actor, code)


@router.get("/stall-reminders", summary="List reminders that were sent")
async def get_reminders(
    session: SessionDep,
    actor: Annotated[Actor, requires("memberships:read")],
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ReminderPage:
    """Within reach (an enterprise its own), the oldest first."""
    return await reminder_page(session, actor, after=cursor, limit=limit)
