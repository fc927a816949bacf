"""HTTP: plans, the reasons behind them, and released timetables."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.finance.matchmaking.errors import (
    CALL_CLOSED,
    MAY_NOT_TAKE_PART,
    NO_TIMETABLE,
    NOT_SOLVED,
    PLAN_OUTDATED,
    TOO_LARGE,
)
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.participant_schemas import PairIn
from services.finance.matchmaking.plan_queries import affinity_of, plan_by_id, plan_out, plan_page, reason_page
from services.finance.matchmaking.plan_schemas import (
    AffinityOut,
    ChangesOut,
    PlanOut,
    PlanPage,
    ReasonPage,
    ReleaseIn,
    ReleaseOut,
    TimetableOut,
)
from services.finance.matchmaking.plans import compute_plan
from services.finance.matchmaking.release import release
from services.finance.matchmaking.routes import EventPath, Limit
from services.finance.matchmaking.timetables import Place, changes_of, release_of, timetable_page
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Reader = Annotated[Actor, requires("matchmaking:read")]
Writer = Annotated[Actor, requires("matchmaking:write")]
PlanPath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]
Someone = Annotated[uuid.UUID, Query(examples=["018f0000-0000-7000-8000-000000000000"])]
VersionPath = Annotated[int, Path(ge=1, le=1_000_000, examples=[1])]
PlaceCursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,4}\.[0-9]{1,4}$", examples=["3.2"])]


@router.post(
    "/match-events/{event_id}/plans",
    status_code=201,
    response_model=PlanOut,
    summary="Compute a timetable",
    responses=refuses(NOT_FOUND, CALL_CLOSED, MAY_NOT_TAKE_PART, TOO_LARGE, NOT_SOLVED),
)
async def post_plan(event_id: EventPath, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """The best assignment of meetings, with its proven gap, and a timetable for it; nobody is told before its release."""
    return await idempotency.run(session, actor, 201, lambda: compute_plan(session, actor, event_id))


@router.get("/match-events/{event_id}/plans", summary="List an event's plans", responses=refuses(NOT_FOUND))
async def get_plans(
    event_id: EventPath,
    session: SessionDep,
    actor: Reader,
    cursor: Annotated[int | None, Query(ge=1, le=2_147_483_647)] = None,
    limit: Limit = 100,
) -> PlanPage:
    """The newest first."""
    event = await event_by_id(session, actor, event_id)
    return await plan_page(session, event.id, after=cursor, limit=limit)


@router.get("/match-plans/{plan_id}", summary="Read a plan", responses=refuses(NOT_FOUND))
async def get_plan(plan_id: PlanPath, session: SessionDep, actor: Reader) -> PlanOut:
    """What it is worth, how good it is proven to be, and the version that released it."""
    return await plan_out(session, await plan_by_id(session, actor, plan_id))


@router.get("/match-plans/{plan_id}/reasons", summary="Read why others are not met", responses=refuses(NOT_FOUND))
async def get_reasons(
    plan_id: PlanPath,
    session: SessionDep,
    actor: Reader,
    participant: Someone,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ReasonPage:
    """A reason with its figures for everybody on the other side whom a participant does not meet."""
    plan = await plan_by_id(session, actor, plan_id)
    return await reason_page(session, plan, participant, after=cursor, limit=limit)


@router.get("/match-plans/{plan_id}/affinity", summary="Read a pair's affinity", responses=refuses(NOT_FOUND))
async def get_affinity(
    plan_id: PlanPath, session: SessionDep, actor: Reader, enterprise: Someone, partner: Someone
) -> AffinityOut:
    """What a pair is worth in the plan, part by part, and in words."""
    plan = await plan_by_id(session, actor, plan_id)
    return affinity_of(plan, PairIn(enterprise_id=enterprise, partner_id=partner))


@router.post(
    "/match-plans/{plan_id}:release",
    status_code=201,
    response_model=ReleaseOut,
    summary="Release a timetable",
    responses=refuses(NOT_FOUND, PLAN_OUTDATED, CALL_CLOSED),
)
async def post_release(
    plan_id: PlanPath, body: ReleaseIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """The plan becomes the next version; refused where anything it rests on has changed since."""
    return await idempotency.run(session, actor, 201, lambda: release(session, actor, plan_id, body))


@router.get(
    "/match-events/{event_id}/timetables/latest",
    summary="Read the timetable in force",
    responses=refuses(NOT_FOUND, NO_TIMETABLE),
)
async def get_latest(
    event_id: EventPath, session: SessionDep, actor: Reader, cursor: PlaceCursor = None, limit: Limit = 100
) -> TimetableOut:
    """Meetings in order of slot and room."""
    event = await event_by_id(session, actor, event_id)
    found = await release_of(session, event.id, None)
    return await timetable_page(session, found, after=Place.of(cursor), limit=limit)


@router.get(
    "/match-events/{event_id}/timetables/{version}",
    summary="Read a version of the timetable",
    responses=refuses(NOT_FOUND, NO_TIMETABLE),
)
async def get_version(
    event_id: EventPath,
    version: VersionPath,
    session: SessionDep,
    actor: Reader,
    cursor: PlaceCursor = None,
    limit: Limit = 100,
) -> TimetableOut:
    """As it was released, whatever came later."""
    event = await event_by_id(session, actor, event_id)
    found = await release_of(session, event.id, version)
    return await timetable_page(session, found, after=Place.of(cursor), limit=limit)


@router.get(
    "/match-events/{event_id}/timetables/{version}/changes",
    summary="Read what a version changed",
    responses=refuses(NOT_FOUND, NO_TIMETABLE),
)
async def get_changes(event_id: EventPath, version: VersionPath, session: SessionDep, actor: Reader) -> ChangesOut:
    """Meetings added, removed and moved since the version before, and who is affected."""
    event = await event_by_id(session, actor, event_id)
    return await changes_of(session, await release_of(session, event.id, version))
