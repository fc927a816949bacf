"""Figures of a year by city, computed from the ledgers in one statement, and the rows that they are the sums of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Select, Text, cast, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.performance.indicators import INDICATORS, Indicator, Question
from services.evaluation.performance.settings import performance_settings
from shared import calendar
from shared.models.reads import YearSpan


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one kind (None where an indicator has no kinds): how many, of how many the value is unknown, their sum."""

    part: str | None
    rows: int
    unknown_rows: int
    value: int | None


@dataclass(slots=True)
class Figure:
    """One indicator of one city. Nothing on record makes 0; rows of which none has a value make None."""

    parts: list[Part] = field(default_factory=list[Part])

    @property
    def rows(self) -> int:
        return sum(one.rows for one in self.parts)

    @property
    def unknown_rows(self) -> int:
        return sum(one.unknown_rows for one in self.parts)

    @property
    def value(self) -> int | None:
        known = [one.value for one in self.parts if one.value is not None]
        return sum(known) if known or not self.parts else None


# By city and indicator; a city without any row of an indicator is left out.
YearFigures = Mapping[str, Mapping[str, Figure]]


def question(year: int) -> Question:
    """The year as the ledgers show it now."""
    settings = performance_settings()
    return Question(YearSpan(year, calendar.now()), settings.financing_kinds, settings.matching_kinds)


async def year_figures(session: AsyncSession, asked: Question) -> dict[str, dict[str, Figure]]:
    """Every figure of every city that has rows; one statement, so that all are of one moment."""
    statement = union_all(*(_sums(indicator, asked) for indicator in INDICATORS.values()))
    found: dict[str, dict[str, Figure]] = {}
    for row in sorted(await session.execute(statement), key=lambda row: (row.city_code, row.indicator, row.part or "")):
        figure = found.setdefault(row.city_code, {}).setdefault(row.indicator, Figure())
        figure.parts.append(Part(row.part, row.rows, row.unknown_rows, row.value))
    return found


def figure_of(figures: YearFigures, city: str, key: str) -> Figure:
    """The figure; one without rows where the city has none."""
    return figures.get(city, {}).get(key) or Figure()


def summed(figures: YearFigures, key: str) -> Figure:
    """The figure of the whole province: the cities' parts together."""
    return Figure([part for city in figures.values() for part in _parts(city.get(key))])


def _parts(figure: Figure | None) -> Iterator[Part]:
    yield from () if figure is None else figure.parts


def _sums(indicator: Indicator, asked: Question) -> Select[str, Any, Any, int, int, int]:
    rows = indicator.rows(asked).subquery()
    return select(
        literal(indicator.key, Text).label("indicator"),
        rows.c.city_code,
        rows.c.part,
        func.count().label("rows"),
        func.count().filter(rows.c.value.is_(None)).label("unknown_rows"),
        cast(func.sum(rows.c.value), BigInteger).label("value"),
    ).group_by(rows.c.city_code, rows.c.part)
