"""Cycles with the rulebook they are pinned to, and the places they give."""

from __future__ import annotations

import tomllib
import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.evaluation import RulebookVersion
from shared.models.intake import Cycle, CycleQuota, CycleReserve


@dataclass(frozen=True, slots=True)
class PinnedCycle:
    """A cycle as evaluation sees it."""

    id: uuid.UUID
    code: str
    rulebook_digest: str
    assessed_on: date


async def pinned_cycle(
    session: AsyncSession, *, code: str | None = None, cycle_id: uuid.UUID | None = None
) -> PinnedCycle | None:
    """The cycle with this code or id."""
    wanted = Cycle.code == code if cycle_id is None else Cycle.id == cycle_id
    statement = select(Cycle.id, Cycle.code, Cycle.rulebook_digest, Cycle.assessed_on).where(wanted)
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else PinnedCycle(*row)


@dataclass(frozen=True, slots=True)
class Reserved:
    """Places for a condition of the rulebook, or (`condition` None) held back; the unused are `shared` or `empty`."""

    condition: str | None
    places: int
    unused: str
    basis: str


@dataclass(frozen=True, slots=True)
class CyclePlaces:
    """What a cycle promises: (minimum, maximum) by city code, and reserved places in the order they are given."""

    quotas: dict[str, tuple[int, int]]
    reserved: list[Reserved]


async def places_of(session: AsyncSession, cycle_id: uuid.UUID) -> CyclePlaces:
    """The quotas and reserved places of a cycle."""
    quotas = select(CycleQuota).where(CycleQuota.cycle_id == cycle_id).order_by(CycleQuota.city_code)
    reserved = select(CycleReserve).where(CycleReserve.cycle_id == cycle_id).order_by(CycleReserve.position)
    return CyclePlaces(
        {row.city_code: (row.minimum, row.maximum) for row in (await session.execute(quotas)).scalars()},
        [
            Reserved(row.condition, row.places, row.unused, row.basis)
            for row in (await session.execute(reserved)).scalars()
        ],
    )


async def rulebook_period(session: AsyncSession, rulebook_id: str, digest: str) -> tuple[date, date | None] | None:
    """First and last day of a registered rulebook's force; None where no rulebook has this id and digest."""
    statement = select(RulebookVersion.effective_from, RulebookVersion.effective_to).where(
        RulebookVersion.digest == digest, RulebookVersion.rulebook_id == rulebook_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.effective_from, row.effective_to)


async def reservable_conditions(session: AsyncSession, digest: str) -> frozenset[str]:
    """Keys of the conditions that a registered rulebook lets a cycle reserve places for."""
    text = (
        await session.execute(select(RulebookVersion.text).where(RulebookVersion.digest == digest))
    ).scalar_one_or_none()
    return frozenset() if text is None else frozenset(one["key"] for one in tomllib.loads(text).get("reserve", []))
