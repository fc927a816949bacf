"""The year's events by month, months without one, and cities with too few."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.event_queries import brief, within_reach
from services.finance.matchmaking.schemas import CalendarOut, MonthOut, ShortfallOut
from services.finance.matchmaking.terms import match_terms
from shared.models.matchmaking import MatchEvent
from shared.reference.divisions import cities
from shared.security.actor import Actor


async def calendar_of(session: AsyncSession, actor: Actor, year: int) -> CalendarOut:
    """Within reach: a city's officers see what is missing in their own city (二（一）2, 二（三）5)."""
    statement = (
        select(MatchEvent)
        .where(MatchEvent.month.between(date(year, 1, 1), date(year, 12, 31)), within_reach(actor))
        .order_by(MatchEvent.month, MatchEvent.id)
    )
    events = list((await session.execute(statement)).scalars())
    monthly = [one.code for one in match_terms().kinds.values() if one.monthly]
    months: list[MonthOut] = []
    for number in range(1, 13):
        held = [one for one in events if one.month.month == number]
        missing = [code for code in monthly if code not in {one.kind for one in held}]
        months.append(MonthOut(month=date(year, number, 1), events=[brief(one) for one in held], missing=missing))
    return CalendarOut(year=year, months=months, shortfalls=_shortfalls(events, actor))


def _shortfalls(events: list[MatchEvent], actor: Actor) -> list[ShortfallOut]:
    planned = Counter((one.kind, one.city_code) for one in events)
    return [
        ShortfallOut(
            kind=kind.code,
            city_code=city.code,
            city_name=city.name,
            planned=planned[kind.code, city.code],
            minimum=kind.yearly_minimum_per_city,
        )
        for kind in match_terms().kinds.values()
        for city in cities()
        if actor.city_code in {None, city.code} and planned[kind.code, city.code] < kind.yearly_minimum_per_city
    ]
