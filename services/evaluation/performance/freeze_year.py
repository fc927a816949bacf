"""Freeze a year that is over: figures, scores and what cities reported, with a digest; and what has changed since."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.performance.errors import FROZEN_ALREADY, NOT_FROZEN, NOT_OVER
from services.evaluation.performance.evaluation import Evaluation, evaluate, indicators_shown, ranked, value_text
from services.evaluation.performance.indicators import INDICATORS
from services.evaluation.performance.report_figures import newest_reports
from services.evaluation.performance.schemas import (
    ChangeOut,
    ComparisonOut,
    FrozenCity,
    FrozenContent,
    FrozenOut,
    FrozenYearOut,
    RankedCityOut,
)
from shared import audit, calendar
from shared.canonical import canonical_text, sha256_hex
from shared.errors import NOT_FOUND, Problem
from shared.models.base import new_id
from shared.models.evaluation import PerformanceFreeze, PerformanceReport
from shared.security.actor import Actor

# Cities that are reporting are waited for, and whoever reports next waits; the trigger takes the same lock.
_HOLD = text("SELECT pg_advisory_xact_lock(hashtextextended('performance of ' || CAST(:year AS integer), 0))")


async def freeze_year(session: AsyncSession, actor: Actor, year: int) -> FrozenYearOut:
    """Freeze it for good; by the same person again changes nothing.

    Problems `performance_year_not_over`, `performance_frozen_already`, and those of `check_year`.
    """
    await session.execute(_HOLD, {"year": year})
    earlier = await frozen_year(session, year)
    if earlier is not None:
        if earlier.frozen_by != actor.subject:
            raise Problem(FROZEN_ALREADY)
        return frozen_shown(earlier)
    evaluation = await evaluate(session, year)
    if not evaluation.over:
        raise Problem(NOT_OVER)
    content = _content(evaluation, await newest_reports(session, year)).model_dump(mode="json")
    row = PerformanceFreeze(
        id=new_id(),
        year=year,
        content=content,
        digest=sha256_hex(canonical_text(content)),
        frozen_by=actor.subject,
        frozen_at=evaluation.asked.span.now,
    )
    session.add(row)
    await session.flush()
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="performance.freeze",
        subject=("performance_freeze", row.id),
        detail={"year": year, "digest": row.digest},
    )
    return frozen_shown(row)


async def frozen_year(session: AsyncSession, year: int) -> PerformanceFreeze | None:
    """What was frozen of the year."""
    statement = select(PerformanceFreeze).where(PerformanceFreeze.year == year)
    return (await session.execute(statement)).scalar_one_or_none()


async def read_frozen(session: AsyncSession, actor: Actor, year: int) -> FrozenYearOut:
    """The whole record; Problem `performance_not_frozen`, and `not_found` for a city's officer."""
    if actor.city_code is not None:
        raise Problem(NOT_FOUND)
    row = await frozen_year(session, year)
    if row is None:
        raise Problem(NOT_FROZEN)
    return frozen_shown(row)


def frozen_shown(row: PerformanceFreeze) -> FrozenYearOut:
    content = FrozenContent.model_validate(row.content)
    return FrozenYearOut(digest=row.digest, frozen_at=row.frozen_at, frozen_by=row.frozen_by, content=content)


def header_shown(row: PerformanceFreeze | None) -> FrozenOut | None:
    """Who froze the year, when, and the digest."""
    if row is None:
        return None
    return FrozenOut(digest=row.digest, frozen_at=row.frozen_at, frozen_by=row.frozen_by)


def compared(row: PerformanceFreeze | None, evaluation: Evaluation, now: list[RankedCityOut]) -> ComparisonOut:
    """What differs now, of the cities in `now`; Problem `performance_not_frozen`."""
    if row is None:
        raise Problem(NOT_FROZEN)
    content = FrozenContent.model_validate(row.content)
    before = {one.city_code: one for one in content.cities}
    return ComparisonOut(
        settings_changed=content.settings_digest != evaluation.settings.digest,
        changes=[change for one in now for change in _changes(before.get(one.city_code), one)],
    )


def _changes(before: FrozenCity | None, now: RankedCityOut) -> Iterator[ChangeOut]:
    then, current = {} if before is None else _values(before), _values(now)
    for key in sorted(then.keys() | current.keys()):
        if then.get(key) != current.get(key) or (key in then) != (key in current):
            yield ChangeOut(city_code=now.city_code, indicator=key, frozen=then.get(key), now=current.get(key))


def _values(city: RankedCityOut | FrozenCity) -> dict[str, str | None]:
    scores = {"score": city.score, "score_at_most": city.score_at_most}
    return {one.indicator: one.value for one in city.figures} | scores


def _content(evaluation: Evaluation, reports: dict[str, PerformanceReport]) -> FrozenContent:
    return FrozenContent(
        format="peiyu-performance-1",
        year=evaluation.asked.span.year,
        frozen_at=calendar.iso_utc(evaluation.asked.span.now),
        settings_digest=evaluation.settings.digest,
        indicators=indicators_shown(evaluation.settings),
        cities=[
            FrozenCity(**one.model_dump(), reported=_reported(reports.get(one.city_code))) for one in ranked(evaluation)
        ],
    )


def _reported(row: PerformanceReport | None) -> dict[str, str | None] | None:
    if row is None:
        return None
    return {key: value_text(INDICATORS[key], value) for key, value in row.figures.items() if key in INDICATORS}
