"""Open and find cycles."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW, RULEBOOK_NOT_IN_FORCE, RULEBOOK_UNKNOWN
from services.intake.cycles.schemas import CycleIn, CycleOut
from shared import audit, calendar
from shared.errors import Problem
from shared.models.intake import Cycle, CycleQuota
from shared.models.reads import quotas_of, rulebook_period
from shared.security.actor import Actor


async def open_cycle(session: AsyncSession, actor: Actor, cycle_in: CycleIn) -> CycleOut:
    """Store a cycle pinned to a rulebook that evaluation knows (方案二(六)11)."""
    period = await rulebook_period(session, cycle_in.rulebook_id, cycle_in.rulebook_digest)
    if period is None:
        raise Problem(RULEBOOK_UNKNOWN)
    first, last = period
    if cycle_in.assessed_on < first or (last is not None and cycle_in.assessed_on > last):
        raise Problem(RULEBOOK_NOT_IN_FORCE)
    cycle = Cycle(**cycle_in.model_dump(exclude={"quotas"}))
    session.add(cycle)
    await session.flush()
    if cycle_in.quotas:
        rows = [
            {"cycle_id": cycle.id, "city_code": city, "maximum": maximum} for city, maximum in cycle_in.quotas.items()
        ]
        await session.execute(insert(CycleQuota), rows)
    await audit.record(session, service="intake", actor=actor, action="cycle.open", subject=("cycle", cycle.id))
    return _shown(cycle, cycle_in.quotas)


async def list_cycles(session: AsyncSession) -> list[CycleOut]:
    """All cycles, newest first."""
    cycles = (await session.execute(select(Cycle).order_by(Cycle.opens_at.desc()))).scalars().all()
    return [_shown(cycle, await quotas_of(session, cycle.id)) for cycle in cycles]


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


def _shown(cycle: Cycle, quotas: dict[str, int]) -> CycleOut:
    return CycleOut(
        id=cycle.id,
        code=cycle.code,
        title=cycle.title,
        rulebook_id=cycle.rulebook_id,
        rulebook_digest=cycle.rulebook_digest,
        opens_at=cycle.opens_at,
        closes_at=cycle.closes_at,
        assessed_on=cycle.assessed_on,
        quotas=quotas,
    )
