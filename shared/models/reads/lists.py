"""What finance lists: members with their stays, and the plans, decisions and changes behind who comes and goes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import DateTime, Uuid, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from shared.calendar import business_date
from shared.models.evaluation import AdjustmentPlan, Membership, SelectionPlan
from shared.models.intake import Enterprise, EnterpriseChange, EnterpriseCode
from shared.models.reads.pool import PoolMember


@dataclass(frozen=True, slots=True)
class ListedMember(PoolMember):
    """A member with its stay in the pool, which stays the same when the enterprise gets another code."""

    membership_id: uuid.UUID


async def listed_members(session: AsyncSession, pool_code: str) -> list[ListedMember]:
    """Members of a pool now, each under its present code, in the canonical order of lists: by 统一社会信用代码.

    The city is that which the place was given to, wherever the enterprise is registered now.
    """
    # Columns rather than Membership itself: of a hundred thousand objects the ORM would keep track.
    statement = (
        select(
            Enterprise.uscc,
            Enterprise.name,
            Membership.city_code,
            func.lower(Membership.during, type_=DateTime(timezone=True)),
            func.coalesce(Membership.plan_id, Membership.opened_by_adjustment, type_=Uuid()),
            Membership.id,
        )
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Membership.pool_code == pool_code, func.upper_inf(Membership.during))
        .order_by(Enterprise.uscc)
    )
    return [
        ListedMember(uscc, name, city_code, business_date(since), opened_by, membership_id)
        for uscc, name, city_code, since, opened_by, membership_id in await session.execute(statement)
    ]


PlanKind: TypeAlias = Literal["selection_plan", "adjustment_plan"]


async def committed_plans(session: AsyncSession, plan_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, PlanKind]:
    """Which of these are committed plans, and of which kind."""
    found: dict[uuid.UUID, PlanKind] = {}
    tables: tuple[tuple[type[SelectionPlan | AdjustmentPlan], PlanKind], ...] = (
        (SelectionPlan, "selection_plan"),
        (AdjustmentPlan, "adjustment_plan"),
    )
    for table, kind in tables:
        statement = select(table.id).where(table.id.in_(plan_ids), table.status == "committed")
        found |= dict.fromkeys((await session.execute(statement)).scalars(), kind)
    return found


async def plans_that_ended(session: AsyncSession, membership_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """By stay, the adjustment that ended it; stays that go on are left out."""
    statement = select(Membership.id, Membership.ended_by_plan).where(
        Membership.id.in_(membership_ids), Membership.ended_by_plan.is_not(None)
    )
    rows = (await session.execute(statement)).all()
    return {row.id: row.ended_by_plan for row in rows if row.ended_by_plan is not None}


async def is_live_stay(session: AsyncSession, membership_id: uuid.UUID) -> bool:
    """Whether the stay has not ended."""
    statement = select(Membership.id).where(Membership.id == membership_id, func.upper_inf(Membership.during))
    return (await session.execute(statement)).first() is not None


async def recodings(session: AsyncSession, usccs: Collection[str]) -> dict[str, uuid.UUID]:
    """Of enterprises with these present codes, the newest change of code or merge, made or undone, that they had."""
    touched = or_(EnterpriseChange.enterprise_id == Enterprise.id, EnterpriseChange.into_id == Enterprise.id)
    statement = (
        select(Enterprise.uscc, EnterpriseChange.id)
        .join(EnterpriseChange, touched)
        .where(Enterprise.uscc.in_(usccs), EnterpriseChange.kind.in_(("code_change", "merge")))
        .ext(distinct_on(Enterprise.uscc))
        .order_by(Enterprise.uscc, func.greatest(EnterpriseChange.made_at, EnterpriseChange.undone_at).desc())
    )
    return dict((await session.execute(statement)).all())
