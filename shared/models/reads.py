"""Named reads of another owner's tables: the only way that one service looks at what another one writes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.calendar import business_date
from shared.models.evaluation import Membership, RulebookVersion
from shared.models.intake import Application, ApplicationSnapshot, Cycle, CycleQuota, Enterprise


@dataclass(frozen=True, slots=True)
class RecommendedSnapshot:
    """What evaluation needs of a recommended application; `payload` is the snapshot's JSON text."""

    application_id: uuid.UUID
    snapshot_id: uuid.UUID
    snapshot_digest: str
    payload: str
    cycle_id: uuid.UUID
    city_code: str
    uscc: str
    rulebook_digest: str
    assessed_on: date


async def recommended_snapshots(session: AsyncSession, application_ids: list[uuid.UUID]) -> list[RecommendedSnapshot]:
    """The newest snapshots of those applications that are recommended now, by application id."""
    statement = (
        select(
            Application.id,
            ApplicationSnapshot.id,
            ApplicationSnapshot.digest,
            cast(ApplicationSnapshot.payload, Text),
            Application.cycle_id,
            Application.city_code,
            Enterprise.uscc,
            Cycle.rulebook_digest,
            Cycle.assessed_on,
        )
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
        .join(
            ApplicationSnapshot,
            (ApplicationSnapshot.application_id == Application.id)
            & (ApplicationSnapshot.revision == Application.revision),
        )
        .where(Application.id.in_(application_ids), Application.status == "recommended")
        .order_by(Application.id)
    )
    return [RecommendedSnapshot(*row) for row in await session.execute(statement)]


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


async def quotas_of(session: AsyncSession, cycle_id: uuid.UUID) -> dict[str, int]:
    """The most admissions per city code in a cycle."""
    rows = await session.execute(
        select(CycleQuota.city_code, CycleQuota.maximum).where(CycleQuota.cycle_id == cycle_id)
    )
    return {row.city_code: row.maximum for row in rows}


async def enterprise_names(session: AsyncSession, usccs: list[str]) -> dict[str, str]:
    """Current names by 统一社会信用代码."""
    rows = await session.execute(select(Enterprise.uscc, Enterprise.name).where(Enterprise.uscc.in_(usccs)))
    return {row.uscc: row.name for row in rows}


@dataclass(frozen=True, slots=True)
class PoolMember:
    uscc: str
    name: str
    city_code: str
    member_since: date
    plan_id: uuid.UUID


async def live_members(session: AsyncSession, pool_code: str) -> list[PoolMember]:
    """Members of a pool now, in the canonical order of lists: by 统一社会信用代码."""
    statement = (
        select(Membership, Enterprise.name)
        .join(Enterprise, Enterprise.uscc == Membership.uscc)
        .where(Membership.pool_code == pool_code, func.upper_inf(Membership.during))
        .order_by(Membership.uscc)
    )
    members: list[PoolMember] = []
    for membership, name in await session.execute(statement):
        since = membership.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        members.append(
            PoolMember(membership.uscc, name, membership.city_code, business_date(since), membership.plan_id)
        )
    return members


@dataclass(frozen=True, slots=True)
class Admission:
    """An enterprise that a plan admitted to a pool."""

    pool_code: str
    uscc: str
    name: str
    city_code: str
    member_since: date


async def admitted_by_plan(session: AsyncSession, plan_id: uuid.UUID) -> list[Admission]:
    """Whom a committed plan admitted, members still or not, by 统一社会信用代码."""
    statement = (
        select(Membership, Enterprise.name)
        .join(Enterprise, Enterprise.uscc == Membership.uscc)
        .where(Membership.plan_id == plan_id)
        .order_by(Membership.uscc)
    )
    admissions: list[Admission] = []
    for membership, name in await session.execute(statement):
        since = membership.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        admissions.append(
            Admission(membership.pool_code, membership.uscc, name, membership.city_code, business_date(since))
        )
    return admissions


async def rulebook_period(session: AsyncSession, rulebook_id: str, digest: str) -> tuple[date, date | None] | None:
    """First and last day of a registered rulebook's force; None where no rulebook has this id and digest."""
    statement = select(RulebookVersion.effective_from, RulebookVersion.effective_to).where(
        RulebookVersion.digest == digest, RulebookVersion.rulebook_id == rulebook_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else (row.effective_from, row.effective_to)
