"""A city reports its own figures of a year; reporting again is a correction, and both stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.performance.errors import (
    FROZEN,
    INDICATOR_TWICE,
    INDICATOR_UNKNOWN,
    NOT_WHOLE,
    NOTHING_TO_CORRECT,
    REASON_MISSING,
)
from services.evaluation.performance.indicators import INDICATORS
from services.evaluation.performance.schemas import ReportedIn
from services.evaluation.support.money import fen_of
from shared import audit, calendar
from shared.errors import ErrorKind, Problem, Violation
from shared.models.base import new_id
from shared.models.evaluation import PerformanceFreeze, PerformanceReport
from shared.security.actor import Actor

_Fault = tuple[ErrorKind, Violation]


async def report_figures(session: AsyncSession, actor: Actor, year: int, city: str, reported_in: ReportedIn) -> None:
    """Record the city's figures, or their correction. The same by the same person again changes nothing.

    Problems `performance_indicator_unknown`, `performance_indicator_twice`, `performance_not_whole` (each at its
    place), `performance_reason_missing`, `performance_nothing_to_correct`, `performance_frozen`.
    """
    figures = _figures(reported_in)
    before = await newest_report(session, year, city)
    if before is not None and _is_the_same(actor, before, figures, reported_in.reason):
        return
    if await _is_frozen(session, year):
        raise Problem(FROZEN)
    if before is not None and reported_in.reason is None:
        raise Problem(REASON_MISSING)
    if before is None and reported_in.reason is not None:
        raise Problem(NOTHING_TO_CORRECT)
    row = PerformanceReport(
        id=new_id(),
        year=year,
        city_code=city,
        figures=figures,
        supersedes=None if before is None else before.id,
        reason=reported_in.reason,
        reported_by=actor.subject,
        reported_at=calendar.now(),
    )
    session.add(row)
    await session.flush()
    detail: dict[str, Any] = {"year": year, "city_code": city, "figures": figures}
    if before is not None:
        detail |= {"supersedes": str(before.id), "reason": reported_in.reason}
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="performance.report",
        subject=("performance_report", row.id),
        detail=detail,
    )


async def newest_report(session: AsyncSession, year: int, city: str) -> PerformanceReport | None:
    """What the city last said of the year."""
    return (await newest_reports(session, year, city)).get(city)


async def newest_reports(session: AsyncSession, year: int, city: str | None = None) -> dict[str, PerformanceReport]:
    """What cities last said of the year, by city; of one city where one is given."""
    later = select(PerformanceReport.supersedes).where(PerformanceReport.supersedes.is_not(None))
    statement = select(PerformanceReport).where(PerformanceReport.year == year, PerformanceReport.id.not_in(later))
    if city is not None:
        statement = statement.where(PerformanceReport.city_code == city)
    return {row.city_code: row for row in (await session.execute(statement)).scalars()}


async def _is_frozen(session: AsyncSession, year: int) -> bool:
    statement = select(PerformanceFreeze.id).where(PerformanceFreeze.year == year)
    return (await session.execute(statement)).first() is not None


def _figures(reported_in: ReportedIn) -> dict[str, int | None]:
    faults = list(_faults(reported_in))
    if faults:
        raise Problem(faults[0][0], violations=[violation for _, violation in faults])
    return {one.indicator: _stored(one.indicator, one.value) for one in reported_in.figures}


def _faults(reported_in: ReportedIn) -> Iterator[_Fault]:
    seen: set[str] = set()
    for at, one in enumerate(reported_in.figures):
        indicator = INDICATORS.get(one.indicator)
        if indicator is None:
            yield _fault(INDICATOR_UNKNOWN, f"/figures/{at}/indicator")
        elif one.indicator in seen:
            yield _fault(INDICATOR_TWICE, f"/figures/{at}/indicator")
        elif not indicator.is_money and one.value is not None and "." in one.value:
            yield _fault(NOT_WHOLE, f"/figures/{at}/value")
        seen.add(one.indicator)


def _fault(kind: ErrorKind, pointer: str) -> _Fault:
    return kind, Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)


def _stored(key: str, value: str | None) -> int | None:
    if value is None:
        return None
    return fen_of(value) if INDICATORS[key].is_money else int(value)


def _is_the_same(actor: Actor, before: PerformanceReport, figures: dict[str, int | None], reason: str | None) -> bool:
    """Whether the actor has said exactly this last."""
    return before.reported_by == actor.subject and before.figures == figures and before.reason == reason
