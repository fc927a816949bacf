"""A year evaluated: figures of every city, scores and places, from the ledgers and the settings as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.performance.errors import BEFORE_LEDGERS, IN_FUTURE
from services.evaluation.performance.figures import Figure, Part, YearFigures, figure_of, question, year_figures
from services.evaluation.performance.indicators import INDICATORS, Indicator, Question
from services.evaluation.performance.schemas import FigureOut, IndicatorOut, PartOut, RankedCityOut
from services.evaluation.performance.scoring import Score, decimal_text, place, plain_text, score
from services.evaluation.performance.settings import PerformanceSettings, performance_settings
from services.evaluation.support.money import yuan_of
from shared import calendar
from shared.errors import Problem
from shared.reference.divisions import cities, division


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`scores` has every city of the province, those without any row included."""

    asked: Question
    settings: PerformanceSettings
    figures: YearFigures
    scores: Mapping[str, Score]

    @property
    def over(self) -> bool:
        return calendar.business_date(self.asked.span.now).year > self.asked.span.year


def check_year(year: int) -> None:
    """Problem `performance_year_in_future` or `performance_year_before_ledgers` for a year without any figures."""
    if year > calendar.business_date(calendar.now()).year:
        raise Problem(IN_FUTURE)
    if year < performance_settings().first_year:
        raise Problem(BEFORE_LEDGERS)


async def evaluate(session: AsyncSession, year: int) -> Evaluation:
    """The year as it is now; Problems as `check_year`."""
    check_year(year)
    settings, asked = performance_settings(), question(year)
    figures = await year_figures(session, asked)
    codes = sorted({one.code for one in cities()} | figures.keys())
    scores = {city: score(settings.rules, {key: figure_of(figures, city, key) for key in INDICATORS}) for city in codes}
    return Evaluation(asked, settings, figures, scores)


def ranked(evaluation: Evaluation) -> list[RankedCityOut]:
    """Every city by rank, then code."""
    known = [one.known for one in evaluation.scores.values()]
    rows = [_ranked_city(evaluation, city, known) for city in evaluation.scores]
    return sorted(rows, key=lambda row: (row.rank, row.city_code))


def _ranked_city(evaluation: Evaluation, city: str, known: list[Fraction]) -> RankedCityOut:
    score_ = evaluation.scores[city]
    return RankedCityOut(
        city_code=city,
        city_name=division(city).name,
        rank=place(score_.known, known),
        rank_at_best=place(score_.at_most, known),
        score=decimal_text(score_.known),
        score_at_most=decimal_text(score_.at_most),
        unknown_weight=score_.unknown,
        figures=[
            figure_shown(indicator, figure_of(evaluation.figures, city, key), score_)
            for key, indicator in INDICATORS.items()
        ],
    )


def figure_shown(indicator: Indicator, figure: Figure, score_: Score | None = None) -> FigureOut:
    """A figure with what it earns; without a score where none belongs to it."""
    earned = None if score_ is None else score_.earned.get(indicator.key)
    points = None if earned is None or earned.points is None else decimal_text(earned.points)
    return FigureOut(
        indicator=indicator.key,
        value=value_text(indicator, figure.value),
        rows=figure.rows,
        unknown_rows=figure.unknown_rows,
        points=points,
    )


def part_shown(indicator: Indicator, part: Part) -> PartOut:
    return PartOut(
        part=part.part,
        title_zh=None if part.part is None else indicator.part_title(part.part),
        value=value_text(indicator, part.value),
        rows=part.rows,
        unknown_rows=part.unknown_rows,
    )


def value_text(indicator: Indicator, value: int | None) -> str | None:
    """A figure in the indicator's unit; below zero with its sign."""
    if value is None or not indicator.is_money:
        return None if value is None else str(value)
    text = yuan_of(abs(value))
    return f"-{text}" if value < 0 else text


def indicators_shown(settings: PerformanceSettings) -> list[IndicatorOut]:
    """Every indicator with its definition and what it is worth."""
    return [_indicator_shown(settings, one) for one in INDICATORS.values()]


def _indicator_shown(settings: PerformanceSettings, indicator: Indicator) -> IndicatorOut:
    rule = settings.rules[indicator.key]
    return IndicatorOut(
        key=indicator.key,
        title_zh=indicator.title,
        definition_zh=indicator.definition,
        clause=rule.clause,
        unit=indicator.unit,
        weight=rule.weight,
        over=None if rule.scale is None else rule.scale.over,
        zero_at=None if rule.scale is None else plain_text(rule.scale.zero_at),
        full_at=None if rule.scale is None else plain_text(rule.scale.full_at),
        basis=rule.basis,
    )
