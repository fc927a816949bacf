"""Open and find cycles."""

from __future__ import annotations

import uuid

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.cycles.errors import (
    CONDITION_UNKNOWN,
    CYCLE_NOT_FOUND,
    OUTSIDE_WINDOW,
    PROMISES_EXCEED_CAP,
    RULEBOOK_NOT_IN_FORCE,
    RULEBOOK_UNKNOWN,
)
from services.intake.cycles.schemas import CycleIn, CycleOut, QuotaIn, ReserveIn
from shared import audit, calendar
from shared.errors import Problem
from shared.models.intake import Cycle, CycleQuota, CycleReserve
from shared.models.reads import CyclePlaces, places_of, reservable_conditions, rulebook_period
from shared.reference.province import province
from shared.security.actor import Actor


async def open_cycle(session: AsyncSession, actor: Actor, cycle_in: CycleIn) -> CycleOut:
    """Store a cycle pinned to a rulebook that evaluation knows (方案二(六)11)."""
    period = await rulebook_period(session, cycle_in.rulebook_id, cycle_in.rulebook_digest)
    if period is None:
        raise Problem(RULEBOOK_UNKNOWN)
    first, last = period
    if cycle_in.assessed_on < first or (last is not None and cycle_in.assessed_on > last):
        raise Problem(RULEBOOK_NOT_IN_FORCE)
    await _check_promises(session, cycle_in)
    cycle = Cycle(**cycle_in.model_dump(exclude={"quotas", "reserved"}))
    session.add(cycle)
    await session.flush()
    await _store_places(session, cycle.id, cycle_in)
    await audit.record(session, service="intake", actor=actor, action="cycle.open", subject=("cycle", cycle.id))
    return _shown(cycle, await places_of(session, cycle.id))


async def _check_promises(session: AsyncSession, cycle_in: CycleIn) -> None:
    """What a cycle promises must be conditions that its rulebook knows, and fit the pool when it is empty."""
    wanted = {one.condition for one in cycle_in.reserved} - {None}
    if wanted and (unknown := wanted - await reservable_conditions(session, cycle_in.rulebook_digest)):
        names = ", ".join(sorted(filter(None, unknown)))
        raise Problem(CONDITION_UNKNOWN, detail_en=names, detail_zh=names)
    promised = sum(one.minimum for one in cycle_in.bounds.values()) + sum(one.places for one in cycle_in.reserved)
    if promised > (cap := province().cap):
        raise Problem(PROMISES_EXCEED_CAP, detail_en=f"{promised} > {cap}", detail_zh=f"{promised} > {cap}")


async def _store_places(session: AsyncSession, cycle_id: uuid.UUID, cycle_in: CycleIn) -> None:
    if bounds := cycle_in.bounds:
        rows = [{"cycle_id": cycle_id, "city_code": city, **quota.model_dump()} for city, quota in bounds.items()]
        await session.execute(insert(CycleQuota), rows)
    if cycle_in.reserved:
        reserves = [
            {"cycle_id": cycle_id, "position": position, **one.model_dump()}
            for position, one in enumerate(cycle_in.reserved, 1)
        ]
        await session.execute(insert(CycleReserve), reserves)


async def list_cycles(session: AsyncSession) -> list[CycleOut]:
    """All cycles, newest first."""
    cycles = (await session.execute(select(Cycle).order_by(Cycle.opens_at.desc()))).scalars().all()
    return [_shown(cycle, await places_of(session, cycle.id)) for cycle in cycles]


async def cycle_taking_applications(session: AsyncSession, code: str) -> Cycle:
    """The cycle with this code, if its window is open now; a refusal otherwise."""
    cycle = (await session.execute(select(Cycle).where(Cycle.code == code))).scalar_one_or_none()
    if cycle is None:
        raise Problem(CYCLE_NOT_FOUND)
    if not cycle.opens_at <= calendar.now() < cycle.closes_at:
        raise Problem(
            OUTSIDE_WINDOW,
            detail_en=f"{calendar.local_minute(cycle.opens_at)} – {calendar.local_minute(cycle.closes_at)} (UTC+8)",
            detail_zh=f"{calendar.local_minute(cycle.opens_at)} – {calendar.local_minute(cycle.closes_at)} (UTC+8)",
        )
    return cycle


def _shown(cycle: Cycle, places: CyclePlaces) -> CycleOut:
    return CycleOut(
        id=cycle.id,
        code=cycle.code,
        title=cycle.title,
        rulebook_id=cycle.rulebook_id,
        rulebook_digest=cycle.rulebook_digest,
        opens_at=cycle.opens_at,
        closes_at=cycle.closes_at,
        assessed_on=cycle.assessed_on,
        quotas={
            city: QuotaIn(minimum=minimum, maximum=maximum) if minimum else maximum
            for city, (minimum, maximum) in places.quotas.items()
        },
        reserved=[ReserveIn.model_validate(one, from_attributes=True) for one in places.reserved],
    )
