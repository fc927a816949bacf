"""接续培育 (follow-on cultivation, 二(六)12(2)): what graduates go on to; a person assigns the track, once."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.act_schemas import (
    CreditEntryOut,
    CreditsOut,
    FollowOnOut,
    FollowOnPage,
    TrackIn,
)
from services.evaluation.adjustment.credit_ledger import good_on, ledger
from services.evaluation.adjustment.errors import TRACK_ASSIGNED, TRACK_UNKNOWN
from services.evaluation.adjustment.plan_schemas import CityCreditsOut
from services.evaluation.adjustment.plans import rules_of
from services.evaluation.pool.service import pool_by_code
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import AdjustmentPlan, FollowOn
from shared.models.reads import enterprise_names
from shared.security.actor import Actor


async def assign_track(session: AsyncSession, actor: Actor, follow_on_id: uuid.UUID, track_in: TrackIn) -> FollowOnOut:
    """Assign one of the tracks of the rules it graduated by; the same again changes nothing."""
    statement = select(FollowOn).where(FollowOn.id == follow_on_id).with_for_update()
    found = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    titles = await _titles(session, found)
    if track_in.track not in titles:
        raise Problem(TRACK_UNKNOWN, detail_zh="、".join(titles), detail_en=", ".join(titles))
    if found.track is not None:
        if (found.track, found.assigned_by) != (track_in.track, actor.subject):
            raise Problem(TRACK_ASSIGNED)
        return await _shown(session, found)
    found.track, found.basis = track_in.track, track_in.basis
    found.assigned_by, found.assigned_at = actor.subject, calendar.now()
    await session.flush()
    detail = {"uscc": found.uscc, "track": found.track, "basis": found.basis}
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="follow_on.assign",
        subject=("follow_on", found.id),
        detail=detail,
    )
    return await _shown(session, found)


async def follow_on_page(
    session: AsyncSession, actor: Actor, pool_code: str, *, after: uuid.UUID | None, limit: int
) -> FollowOnPage:
    """Graduates in follow-on cultivation within reach, the oldest first."""
    statement = select(FollowOn).where(FollowOn.pool_code == pool_code).order_by(FollowOn.id).limit(limit + 1)
    if actor.city_code is not None:
        statement = statement.where(FollowOn.city_code == actor.city_code)
    if after is not None:
        statement = statement.where(FollowOn.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [await _shown(session, one) for one in rows[:limit]]
    return FollowOnPage(items=items, next_cursor=rows[limit - 1].id if len(rows) > limit else None)


async def _titles(session: AsyncSession, found: FollowOn) -> dict[str, str]:
    digest = select(AdjustmentPlan.rules_digest).where(AdjustmentPlan.id == found.plan_id)
    rules = await rules_of(session, (await session.execute(digest)).scalar_one())
    return {one.key: one.title for one in rules.graduation.tracks}


async def _shown(session: AsyncSession, found: FollowOn) -> FollowOnOut:
    names = await enterprise_names(session, [found.uscc])
    title = None if found.track is None else (await _titles(session, found)).get(found.track)
    return FollowOnOut(
        id=found.id,
        pool=found.pool_code,
        uscc=found.uscc,
        name=names.get(found.uscc, ""),
        city_code=found.city_code,
        began_at=found.began_at,
        track=found.track,
        track_zh=title,
        basis=found.basis,
        assigned_by=found.assigned_by,
        assigned_at=found.assigned_at,
    )


async def credits_of(session: AsyncSession, actor: Actor, pool_code: str, on: date | None) -> CreditsOut:
    """Each city's replacement credits on a day, with the ledger's lines up to it; an officer's own city alone."""
    await pool_by_code(session, pool_code)
    now = calendar.now()
    day = on or calendar.business_date(now)
    entries = await ledger(session, pool_code, now)
    reached = {city: lines for city, lines in entries.items() if actor.city_code in (None, city)}
    cities: list[CityCreditsOut] = []
    for city, lines in sorted(reached.items()):
        told = [one for one in lines if one.entered_on <= day]
        good = good_on(told, day)
        minted = sum(one.credits for one in told if one.kind == "minted")
        spent = -sum(one.credits for one in told if one.kind == "spent")
        cities.append(
            CityCreditsOut(
                city_code=city, before=0, expired=minted - spent - good, minted=minted, spent=spent, after=good
            )
        )
    lines_out = [
        CreditEntryOut.model_validate(one, from_attributes=True)
        for city in sorted(reached)
        for one in reached[city]
        if one.entered_on <= day
    ]
    return CreditsOut(on=day, cities=cities, entries=lines_out)
