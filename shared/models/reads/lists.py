"""What finance lists: members with their stays, and the plans, decisions and changes behind who comes and goes."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from shared.calendar import business_date
from shared.models.evaluation import Membership, SelectionPlan
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
    statement = (
        select(Membership, Enterprise.uscc, Enterprise.name)
        .join(EnterpriseCode, EnterpriseCode.code == Membership.uscc)
        .join(Enterprise, Enterprise.id == EnterpriseCode.enterprise_id)
        .where(Membership.pool_code == pool_code, func.upper_inf(Membership.during))
        .order_by(Enterprise.uscc)
    )
    members: list[ListedMember] = []
    for one, uscc, name in await session.execute(statement):
        since = one.during.lower
        assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
        members.append(ListedMember(uscc, name, one.city_code, business_date(since), one.plan_id, one.id))
    return members


async def committed_plans(session: AsyncSession, plan_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these selection plans are committed."""
    statement = select(SelectionPlan.id).where(SelectionPlan.id.in_(plan_ids), SelectionPlan.status == "committed")
    return set((await session.execute(statement)).scalars())


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
