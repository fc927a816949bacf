"""The province's pool: registered from its data, read with its members."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.pool.schemas import MemberOut, MemberPage, PoolOut
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared.errors import Problem
from shared.models.evaluation import Membership, Pool
from shared.models.reads import enterprise_names, present_codes
from shared.reference.province import province


async def register_pool(session: AsyncSession) -> None:
    """Make the province's pool exist; an existing one keeps its cap (changing it is a decision of its own)."""
    ours = province()
    values = {"code": ours.pool_code, "title": ours.pool_name, "cap": ours.cap, "cap_basis": ours.cap_basis}
    await session.execute(insert(Pool).values(values).on_conflict_do_nothing())


async def pool_by_code(session: AsyncSession, code: str) -> PoolOut:
    pool = (await session.execute(select(Pool).where(Pool.code == code))).scalar_one_or_none()
    if pool is None:
        raise Problem(POOL_NOT_FOUND)
    return PoolOut.model_validate(pool, from_attributes=True)


async def list_pools(session: AsyncSession) -> list[PoolOut]:
    """Every pool, by code."""
    rows = (await session.execute(select(Pool).order_by(Pool.code))).scalars()
    return [PoolOut.model_validate(row, from_attributes=True) for row in rows]


async def members_of(session: AsyncSession, code: str, *, after: str, limit: int) -> MemberPage:
    """Members now under their present codes, in order of the codes that they were admitted under."""
    await pool_by_code(session, code)
    statement = (
        select(Membership)
        .where(Membership.pool_code == code, func.upper_inf(Membership.during), Membership.uscc > after)
        .order_by(Membership.uscc)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    names = await enterprise_names(session, [row.uscc for row in rows])
    present = await present_codes(session, names)
    items = [
        MemberOut(
            uscc=present[membership.uscc],
            name=names[membership.uscc],
            city_code=membership.city_code,
            since=membership.during.lower,
            plan_id=membership.opened_by,
        )
        for membership in rows[:limit]
    ]
    return MemberPage(items=items, next_cursor=rows[limit - 1].uscc if len(rows) > limit else None)
