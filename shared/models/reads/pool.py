"""Members of pools, what was selected, and what was judged under which code."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared.calendar import business_date, start_of_day
from shared.models.evaluation import Assessment, Membership, SelectionPlan, SelectionPlanEntry
from shared.models.intake import Enterprise, EnterpriseCode


async def is_selected(session: AsyncSession, application_id: uuid.UUID) -> bool:
    """Whether a committed plan has the application among its entries, admitted or not."""
    statement = (
        select(SelectionPlan.id)
        .join(SelectionPlanEntry, SelectionPlanEntry.plan_id == SelectionPlan.id)
        .join(Assessment, Assessment.id == SelectionPlanEntry.assessment_id)
        .where(Assessment.application_id == application_id, SelectionPlan.status == "committed")
    )
    return (await session.execute(statement)).first() is not None


@dataclass(frozen=True, slots=True)
class PoolMember:
    uscc: str
    name: str
    city_code: str
    member_since: date
    plan_id: uuid.UUID


async def pools_of_both(session: AsyncSession, codes: Collection[str], others: Collection[str]) -> list[str]:
    """Pools in which a stay under one of `codes` overlaps a stay under one of `others`: no one enterprise has both."""
    other = aliased(Membership)
    statement = (
        select(Membership.pool_code)
        .join(other, (other.pool_code == Membership.pool_code) & other.during.overlaps(Membership.during))
        .where(Membership.uscc.in_(codes), other.uscc.in_(others))
        .distinct()
        .order_by(Membership.pool_code)
    )
    return list((await session.execute(statement)).scalars())


async def is_judged_or_member(session: AsyncSession, uscc: str) -> bool:
    """Whether evaluation has judged an application, or admitted an enterprise, under this very code."""
    judged = select(Assessment.uscc).where(Assessment.uscc == uscc).limit(1)
    admitted = select(Membership.uscc).where(Membership.uscc == uscc).limit(1)
    return (await session.execute(union_all(judged, admitted))).first() is not None


async def judged_as(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> set[str]:
    """The codes under which evaluation has judged these applications."""
    statement = select(Assessment.uscc).where(Assessment.application_id.in_(application_ids)).distinct()
    return set((await session.execute(statement)).scalars())


@dataclass(frozen=True, slots=True)
class Admission:
    """An enterprise that a plan admitted to a pool; `uscc` is its present code, `admitted_as` that of the day."""

    pool_code: str
    uscc: str
    admitted_as: str
    name: str
    city_code: str
    member_since: date


async def admitted_by_plan(session: AsyncSession, plan_id: uuid.UUID) -> list[Admission]:
    """Whom a committed plan, of a cycle or an adjustment, admitted, members still or not, by their codes of that day."""
    statement = (
        select(Membership, Enterprise.uscc, Enterprise.name)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where((Membership.plan_id == plan_id) | (Membership.opened_by_adjustment == plan_id))
        .order_by(Membership.uscc)
    )
    admissions: list[Admission] = []
    for membership, uscc, name in await session.execute(statement):
        since = membership.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        admissions.append(
            Admission(membership.pool_code, uscc, membership.uscc, name, membership.city_code, business_date(since))
        )
    return admissions


@dataclass(frozen=True, slots=True)
class Departure:
    """An enterprise whose membership an adjustment ended: `reason` is graduated (出库) or the coded ground of its 退库."""

    pool_code: str
    uscc: str
    admitted_as: str
    name: str
    city_code: str
    reason: str
    left_on: date


async def ended_by_plan(session: AsyncSession, plan_id: uuid.UUID) -> list[Departure]:
    """Whose membership a committed adjustment ended, by their codes of the day they came in."""
    statement = (
        select(Membership, Enterprise.uscc, Enterprise.name)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Membership.ended_by_plan == plan_id)
        .order_by(Membership.uscc)
    )
    departures: list[Departure] = []
    for membership, uscc, name in await session.execute(statement):
        left, reason = membership.during.upper, membership.ended_reason
        assert left is not None and reason is not None  # noqa: S101, PT018 (a CHECK keeps both where a plan ended it)
        departures.append(
            Departure(
                membership.pool_code, uscc, membership.uscc, name, membership.city_code, reason, business_date(left)
            )
        )
    return departures


def usccs_of_members_during(pool_code: str, first: date, last: date) -> Select[str]:
    """Present codes of all who were members of a pool at any moment of the days `first` to `last`, for use in an `IN`."""
    days = Range(start_of_day(first), start_of_day(last + timedelta(days=1)))
    # An alias of its own: the statement around it is about enterprises too.
    member = aliased(Enterprise)
    return (
        select(member.uscc)
        .join(EnterpriseCode, EnterpriseCode.enterprise_id == member.id)
        .join(Membership, Membership.uscc == EnterpriseCode.code)
        .where(Membership.pool_code == pool_code, Membership.during.op("&&")(days))
    )


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a pool; `until` is the day on which it ended, None for a member."""

    id: uuid.UUID
    pool_code: str
    city_code: str
    since: date
    until: date | None


async def stays_of(session: AsyncSession, uscc: str) -> list[Stay]:
    """Every stay of the enterprise with this present code, under whichever code, in order."""
    statement = (
        select(Membership)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Enterprise.uscc == uscc)
        .order_by(func.lower(Membership.during))
    )
    stays: list[Stay] = []
    for one in (await session.execute(statement)).scalars():
        since, until = one.during.lower, one.during.upper
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        ended = None if until is None else business_date(until)
        stays.append(Stay(one.id, one.pool_code, one.city_code, business_date(since), ended))
    return stays


async def members_during(session: AsyncSession, pool_code: str, first: date, last: date) -> list[PoolMember]:
    """Who was a member at any moment of the days `first` to `last`: each once, as of the first such stay, by code."""
    days = Range(start_of_day(first), start_of_day(last + timedelta(days=1)))
    statement = (
        select(Membership, Enterprise.uscc, Enterprise.name)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Membership.pool_code == pool_code, Membership.during.op("&&")(days))
        .order_by(Enterprise.uscc, func.lower(Membership.during))
    )
    members: dict[str, PoolMember] = {}
    for one, uscc, name in await session.execute(statement):
        since = one.during.lower
        assert since is not None  # noqa: S101 (as above)
        members.setdefault(uscc, PoolMember(uscc, name, one.city_code, business_date(since), one.opened_by))
    return list(members.values())
