"""Who was a member, and why, as of any business day and as known at any moment: two dates, never edited."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.pool.schemas import EpisodeOut, EpisodesOut, MemberOut, MemberPage
from services.evaluation.pool.service import pool_by_code
from shared import calendar
from shared.calendar import business_date, start_of_day
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import MembershipVersion
from shared.models.reads import codes_of, enterprise_names, enterprises_on_record, present_codes
from shared.security.actor import Actor


async def versions_of_pool(
    session: AsyncSession, pool_code: str, on: date, known_at: datetime
) -> Sequence[MembershipVersion]:
    """What was known at a moment of those who were members at the end of business day `on`, by code."""
    known = (
        select(MembershipVersion)
        .ext(distinct_on(MembershipVersion.membership_id))
        .where(MembershipVersion.pool_code == pool_code, MembershipVersion.known_from <= known_at)
        .order_by(MembershipVersion.membership_id, MembershipVersion.number.desc())
        .subquery()
    )
    end = start_of_day(on + timedelta(days=1))
    statement = (
        select(MembershipVersion)
        .join(known, known.c.id == MembershipVersion.id)
        .where(
            func.lower(MembershipVersion.during) < end,
            or_(func.upper_inf(MembershipVersion.during), func.upper(MembershipVersion.during) >= end),
        )
        .order_by(MembershipVersion.uscc)
    )
    return (await session.execute(statement)).scalars().all()


async def members_as_of(
    session: AsyncSession, code: str, on: date, known_at: datetime, *, after: str, limit: int
) -> MemberPage:
    """Members at the end of a business day as known at a moment, by the codes that they were admitted under."""
    await pool_by_code(session, code)
    found = [one for one in await versions_of_pool(session, code, on, known_at) if one.uscc > after]
    rows = found[:limit]
    names = await enterprise_names(session, [one.uscc for one in rows])
    present = await present_codes(session, names)
    items = [
        MemberOut(
            uscc=present[one.uscc],
            name=names[one.uscc],
            city_code=one.city_code,
            since=one.during.lower,
            plan_id=_opened_by(one),
        )
        for one in rows
    ]
    return MemberPage(items=items, next_cursor=rows[-1].uscc if len(found) > limit else None)


async def episodes_of(session: AsyncSession, actor: Actor, uscc: str, known_at: datetime | None) -> EpisodesOut:
    """Every stay of an enterprise in any pool as known at a moment (now, when left out), oldest first.

    Problem `not_found` out of reach. What was known differently before is told with each stay.
    """
    found = (await enterprises_on_record(session, [uscc])).get(uscc)
    if found is None or not _within_reach(actor, found.uscc, found.city_code):
        raise Problem(NOT_FOUND)
    moment = known_at or calendar.now()
    codes = codes_of([found.uscc]).subquery()
    statement = (
        select(MembershipVersion)
        .where(MembershipVersion.uscc.in_(select(codes.c.code)), MembershipVersion.known_from <= moment)
        .order_by(func.lower(MembershipVersion.during), MembershipVersion.membership_id, MembershipVersion.number)
    )
    newest: dict[uuid.UUID, MembershipVersion] = {}
    for version in (await session.execute(statement)).scalars():
        newest[version.membership_id] = version
    return EpisodesOut(
        uscc=found.uscc, name=found.name, known_at=moment, episodes=[_episode(one) for one in newest.values()]
    )


def _within_reach(actor: Actor, uscc: str, city_code: str) -> bool:
    if actor.uscc is not None:
        return actor.uscc == uscc
    return actor.city_code in (None, city_code)


def _episode(version: MembershipVersion) -> EpisodeOut:
    since, until = version.during.lower, version.during.upper
    assert since is not None  # noqa: S101 (a CHECK keeps the lower bound)
    return EpisodeOut(
        membership_id=version.membership_id,
        pool=version.pool_code,
        admitted_as=version.uscc,
        city_code=version.city_code,
        since=business_date(since),
        until=None if until is None else business_date(until),
        opened_by=_opened_by(version),
        opened_how="selection" if version.plan_id is not None else "replacement",
        ended_reason=version.ended_reason,
        ended_by=version.ended_by_plan,
        known_from=version.known_from,
        version=version.number,
    )


def _opened_by(version: MembershipVersion) -> uuid.UUID:
    opened = version.plan_id or version.opened_by_adjustment
    assert opened is not None  # noqa: S101 (a CHECK keeps one of them)
    return opened
