"""Holds (暂缓): a person's word that an enterprise does not graduate, end or come in for now; only a person lifts it."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.act_schemas import HoldIn, HoldOut, HoldPage, LiftIn
from services.evaluation.adjustment.errors import HOLD_EXISTS, HOLD_LIFTED, NOT_A_MEMBER
from services.evaluation.adjustment.plans import lock_pool
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Membership, PoolHold
from shared.models.reads import enterprise_names, enterprises_on_record
from shared.security.actor import Actor


async def set_hold(session: AsyncSession, actor: Actor, pool_code: str, hold_in: HoldIn) -> HoldOut:
    """Hold one enterprise. Problem `not_found` for an unknown one, `not_a_member` where it has no stay to hold."""
    await lock_pool(session, pool_code)
    found = (await enterprises_on_record(session, [hold_in.uscc])).get(hold_in.uscc)
    if found is None:
        raise Problem(NOT_FOUND)
    code, city = found.uscc, found.city_code
    if hold_in.kind != "replacement":
        membership = await _live(session, pool_code, {found.uscc, hold_in.uscc})
        if membership is None:
            raise Problem(NOT_A_MEMBER)
        code, city = membership.uscc, membership.city_code
    standing = select(PoolHold.id).where(
        PoolHold.pool_code == pool_code,
        PoolHold.uscc == code,
        PoolHold.kind == hold_in.kind,
        PoolHold.lifted_at.is_(None),
    )
    if (await session.execute(standing)).first() is not None:
        raise Problem(HOLD_EXISTS)
    hold = PoolHold(
        pool_code=pool_code,
        uscc=code,
        city_code=city,
        kind=hold_in.kind,
        reason=hold_in.reason,
        set_by=actor.subject,
        set_at=calendar.now(),
    )
    session.add(hold)
    await session.flush()
    detail = {"uscc": code, "kind": hold.kind, "reason": hold.reason}
    await audit.record(
        session, service="evaluation", actor=actor, action="hold.set", subject=("pool_hold", hold.id), detail=detail
    )
    return await _shown(session, hold)


async def _live(session: AsyncSession, pool_code: str, codes: set[str]) -> Membership | None:
    statement = select(Membership).where(
        Membership.pool_code == pool_code, Membership.uscc.in_(codes), func.upper_inf(Membership.during)
    )
    return (await session.execute(statement)).scalars().first()


async def lift_hold(session: AsyncSession, actor: Actor, hold_id: uuid.UUID, lift_in: LiftIn) -> HoldOut:
    """Lift a hold with a reason; the same person again changes nothing."""
    statement = select(PoolHold).where(PoolHold.id == hold_id)
    hold = (await session.execute(statement)).scalar_one_or_none()
    if hold is None:
        raise Problem(NOT_FOUND)
    # Whoever commits holds the pool: a hold is lifted before or after, never meanwhile.
    await lock_pool(session, hold.pool_code)
    await session.refresh(hold)
    if hold.lifted_at is not None:
        if hold.lifted_by != actor.subject:
            raise Problem(HOLD_LIFTED)
        return await _shown(session, hold)
    hold.lifted_by, hold.lifted_at, hold.lift_reason = actor.subject, calendar.now(), lift_in.reason
    await session.flush()
    detail = {"uscc": hold.uscc, "kind": hold.kind, "reason": lift_in.reason}
    await audit.record(
        session, service="evaluation", actor=actor, action="hold.lift", subject=("pool_hold", hold.id), detail=detail
    )
    return await _shown(session, hold)


async def hold_page(
    session: AsyncSession, actor: Actor, pool_code: str, *, standing: bool, after: uuid.UUID | None, limit: int
) -> HoldPage:
    """Holds of a pool within reach, the oldest first; `standing`: only those not lifted."""
    statement = select(PoolHold).where(PoolHold.pool_code == pool_code).order_by(PoolHold.id).limit(limit + 1)
    if actor.city_code is not None:
        statement = statement.where(PoolHold.city_code == actor.city_code)
    if standing:
        statement = statement.where(PoolHold.lifted_at.is_(None))
    if after is not None:
        statement = statement.where(PoolHold.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [await _shown(session, one) for one in rows[:limit]]
    return HoldPage(items=items, next_cursor=rows[limit - 1].id if len(rows) > limit else None)


async def _shown(session: AsyncSession, hold: PoolHold) -> HoldOut:
    names = await enterprise_names(session, [hold.uscc])
    return HoldOut(
        id=hold.id,
        pool=hold.pool_code,
        uscc=hold.uscc,
        name=names.get(hold.uscc, ""),
        city_code=hold.city_code,
        kind=hold.kind,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        reason=hold.reason,
        set_by=hold.set_by,
        set_at=hold.set_at,
        lifted_by=hold.lifted_by,
        lifted_at=hold.lifted_at,
        lift_reason=hold.lift_reason,
    )
