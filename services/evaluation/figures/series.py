"""The pool over time: how many members there were at the end of each month or quarter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.figures.asking import Asked, city_name
from services.evaluation.figures.catalogue import FIGURES
from services.evaluation.figures.errors import SPAN_REVERSED, SPAN_TOO_LONG
from services.evaluation.figures.pool import day_asked
from services.evaluation.figures.schemas import PointCell, PointOut, RowsLink, SeriesOut
from shared.errors import Problem
from shared.models.reads import Members, members_at
from shared.reference.province import province
from shared.security.actor import Actor

Step: TypeAlias = Literal["month", "quarter"]
_MONTHS: dict[Step, int] = {"month": 1, "quarter": 3}
_MOST_POINTS = 120


def asked_series(actor: Actor, first: date, last: date | None, step: Step) -> tuple[Asked, list[date]]:
    """What is asked and the days of its points.

    Problem `figures_span_reversed`, `figures_span_too_long` (over 120 points) or `figures_in_future`.
    """
    end = day_asked(last)
    if end < first:
        raise Problem(SPAN_REVERSED)
    points: list[date] = []
    for day in _ends(first, end, _MONTHS[step]):
        points.append(day)
        if len(points) > _MOST_POINTS:
            raise Problem(SPAN_TOO_LONG, detail_en=f"> {_MOST_POINTS}", detail_zh=f"> {_MOST_POINTS}")
    params = {"from": first.isoformat(), "to": end.isoformat(), "step": step}
    return Asked(FIGURES["pool_series"], actor.city_code, "on", end, params), points


async def series(session: AsyncSession, asked: Asked, points: list[date], step: Step) -> SeriesOut:
    """The series within reach: one aggregate over all points."""
    members = Members(province().pool_code, points[-1], asked.city)
    found = await members_at(session, members, points)
    return SeriesOut(
        key=asked.figure.key,
        title_zh=asked.figure.title,
        definition_zh=asked.figure.definition,
        clause=asked.figure.clause,
        unit=asked.figure.unit,
        step=step,
        points=[
            PointOut(
                on=day,
                count=sum(cities.values()),
                rows=_rows(day),
                cells=[
                    PointCell(city_code=city, city=city_name(city), count=count, rows=_rows(day, city))
                    for city, count in cities.items()
                ],
            )
            for day, cities in found.items()
        ],
    )


def _rows(day: date, city: str | None = None) -> RowsLink:
    of_city = "" if city is None else f"&group={city}"
    return RowsLink(service="evaluation", href=f"/v1/figures/pool/rows?by=city&on={day}{of_city}")


def _ends(first: date, last: date, months: int) -> Iterator[date]:
    """The last day of each month or quarter from `first` on, and `last` itself."""
    begun = first.year * 12 + (first.month - 1) // months * months
    while (end := _before(begun + months)) < last:
        yield end
        begun += months
    yield last


def _before(month: int) -> date:
    """The day before a month begins that is counted from the year 0; the calendar's own last day at its end."""
    year, index = divmod(month, 12)
    return date.max if year > date.max.year else date(year, index + 1, 1) - timedelta(days=1)
