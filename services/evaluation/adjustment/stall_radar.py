"""The stall radar (停滞预警): who stands without progress now, and reminders, once per stay, stage and term."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.act_schemas import RadarOut, ReminderOut, ReminderPage, StalledOut
from services.evaluation.adjustment.members import members_frame
from services.evaluation.adjustment.plans import rules_or_refuse
from services.evaluation.adjustment.radar import advice, stalled
from services.evaluation.adjustment.standing import Member, standing_members
from services.evaluation.pool.service import pool_by_code
from shared import audit, calendar
from shared.models.base import new_id
from shared.models.evaluation import Pool, StallReminder
from shared.models.reads import codes_of
from shared.security.actor import Actor


async def radar_of(session: AsyncSession, actor: Actor, pool_code: str) -> RadarOut:
    """Members of a pool at a reminder's months today, within reach, longest first."""
    await pool_by_code(session, pool_code)
    today = calendar.business_date(calendar.now())
    found = await _stalled(session, pool_code, today)
    items = [
        StalledOut(
            uscc=member.uscc,
            name=member.name,
            city_code=member.city_code,
            months=row["months"],
            since=row["since"],
            term_ends_on=row["term_ends_on"],
            overdue=row["overdue"],
            known=row["known"],
            advice=told,
        )
        for member, row, told in found
        if actor.city_code in (None, member.city_code)
    ]
    return RadarOut(on=today, items=items)


async def _stalled(session: AsyncSession, pool_code: str, on: date) -> list[tuple[Member, dict[str, Any], list[str]]]:
    rules = rules_or_refuse(on)
    members = await standing_members(session, rules, pool_code, on, calendar.now())
    by_id = {str(one.membership_id): one for one in members}
    rows = stalled(rules, members_frame([one.row for one in members]), on)
    return [
        (by_id[row["membership_id"]], row, advice(rules, by_id[row["membership_id"]].row))
        for row in rows.iter_rows(named=True)
    ]


async def remind_stalled(session: AsyncSession) -> int:
    """Write a reminder for whoever reached another stage, for the enterprise and its city to read; run again, nothing changes. How many."""
    today = calendar.business_date(calendar.now())
    pools = (await session.execute(select(Pool.code).order_by(Pool.code))).scalars().all()
    return sum([await _remind(session, code, today) for code in pools])


async def _remind(session: AsyncSession, pool_code: str, today: date) -> int:
    found = await _stalled(session, pool_code, today)
    if not found:
        return 0
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "membership_id": member.membership_id,
            "pool_code": pool_code,
            "uscc": member.uscc,
            "city_code": member.city_code,
            "months": row["months"],
            "since": row["since"],
            "term_ends_on": row["term_ends_on"],
            "advice": told,
            "sent_at": calendar.now(),
        }
        for member, row, told in found
    ]
    statement = insert(StallReminder).values(rows).on_conflict_do_nothing().returning(StallReminder.id)
    new = list((await session.execute(statement)).scalars())
    if new:
        acts = [
            (("stall_reminder", one["id"]), {"uscc": one["uscc"], "months": one["months"]})
            for one in rows
            if one["id"] in new
        ]
        await audit.record_each(session, service="evaluation", actor=audit.SYSTEM, action="stall.remind", acts=acts)
    return len(new)


async def reminder_page(session: AsyncSession, actor: Actor, *, after: uuid.UUID | None, limit: int) -> ReminderPage:
    """Reminders within reach, the oldest first."""
    statement = select(StallReminder).order_by(StallReminder.id).limit(limit + 1)
    if actor.uscc is not None:
        codes = codes_of([actor.uscc]).subquery()
        statement = statement.where(StallReminder.uscc.in_(select(codes.c.code)))
    if actor.city_code is not None:
        statement = statement.where(StallReminder.city_code == actor.city_code)
    if after is not None:
        statement = statement.where(StallReminder.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [ReminderOut.model_validate(one, from_attributes=True) for one in rows[:limit]]
    return ReminderPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)
