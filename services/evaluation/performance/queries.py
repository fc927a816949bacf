"""Reads of a year within the actor's reach: the ranking, one city, and the rows behind a figure."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.performance.evaluation import (
    Evaluation,
    check_year,
    evaluate,
    figure_shown,
    indicators_shown,
    part_shown,
    ranked,
    value_text,
)
from services.evaluation.performance.figures import figure_of, question, summed
from services.evaluation.performance.freeze_year import compared, frozen_year, header_shown
from services.evaluation.performance.indicators import INDICATORS, Indicator
from services.evaluation.performance.report_figures import newest_report
from services.evaluation.performance.schemas import (
    CityYearOut,
    LinkedFigureOut,
    RankedCityOut,
    RowOut,
    RowPage,
    StatementOut,
    YearOut,
)
from services.evaluation.performance.scoring import Earned, decimal_text, plain_text
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import PerformanceReport
from shared.models.reads import enterprise_names
from shared.reference.divisions import divisions
from shared.security.actor import Actor


async def read_year(session: AsyncSession, actor: Actor, year: int, *, compare: bool) -> YearOut:
    """The ranking; an officer of a city reads its own line. Problem `performance_not_frozen` when asked to compare."""
    evaluation, frozen = await evaluate(session, year), await frozen_year(session, year)
    rows = [row for row in ranked(evaluation) if actor.city_code in (None, row.city_code)]
    return YearOut(
        year=year,
        over=evaluation.over,
        as_of=evaluation.asked.span.now,
        settings_digest=evaluation.settings.digest,
        unknown_basis=evaluation.settings.unknown_basis,
        indicators=indicators_shown(evaluation.settings),
        cities=rows,
        province=None
        if actor.city_code is not None
        else [figure_shown(one, summed(evaluation.figures, key)) for key, one in INDICATORS.items()],
        frozen=header_shown(frozen),
        comparison=compared(frozen, evaluation, rows) if compare else None,
    )


def check_city(actor: Actor, city: str) -> None:
    """Problem `not_found` for a city that there is not, and for one out of reach."""
    found = divisions().get(city)
    if found is None or not found.is_city or actor.city_code not in (None, city):
        raise Problem(NOT_FOUND)


async def read_city(session: AsyncSession, actor: Actor, year: int, city: str, *, compare: bool = False) -> CityYearOut:
    """One city's year; Problems `not_found`, and as `read_year`."""
    check_city(actor, city)
    evaluation, frozen = await evaluate(session, year), await frozen_year(session, year)
    reported = await newest_report(session, year, city)
    (row,) = [one for one in ranked(evaluation) if one.city_code == city]
    return CityYearOut(
        **row.model_dump(exclude={"figures"}),
        year=year,
        over=evaluation.over,
        as_of=evaluation.asked.span.now,
        figures=[_linked(evaluation, row, one, reported) for one in INDICATORS.values()],
        reported=None if reported is None else StatementOut.model_validate(reported, from_attributes=True),
        frozen=header_shown(frozen),
        comparison=compared(frozen, evaluation, [row]) if compare else None,
    )


def _linked(
    evaluation: Evaluation, row: RankedCityOut, indicator: Indicator, reported: PerformanceReport | None
) -> LinkedFigureOut:
    key, city = indicator.key, row.city_code
    figure = figure_of(evaluation.figures, city, key)
    own: int | None = None if reported is None else reported.figures.get(key)
    differs = None if own is None or figure.value is None else own - figure.value
    score = evaluation.scores[city]
    return LinkedFigureOut(
        **figure_shown(indicator, figure, score).model_dump(),
        parts=[part_shown(indicator, part) for part in figure.parts],
        explanation_zh=_explained(evaluation, indicator, score.earned.get(key)),
        reported=value_text(indicator, own),
        difference=value_text(indicator, differs),
        rows_url=f"/v1/performance/{evaluation.asked.span.year}/cities/{city}/rows/{key}",
    )


def _explained(evaluation: Evaluation, indicator: Indicator, earned: Earned | None) -> str | None:
    """How the points come about; None where the indicator is not scored."""
    scale = evaluation.settings.rules[indicator.key].scale
    if earned is None or scale is None:
        return None
    what = indicator.title if scale.over is None else f"{indicator.title}÷{INDICATORS[scale.over].title}"
    if earned.measure is None or earned.points is None:
        return f"{what}无法计算，权重 {earned.weight} 列为未知，不按零计，也不分摊给其他指标"
    zero_at, full_at = plain_text(scale.zero_at), plain_text(scale.full_at)
    more = "" if earned.at_most == earned.points else "；有记录的数额不详，只按已知部分计，最高可得满分"
    return (
        f"{what}为 {plain_text(earned.measure)}，{zero_at} 得 0 分、{full_at} 得满分，"
        f"权重 {earned.weight}，得 {decimal_text(earned.points)} 分{more}"
    )


async def row_page(
    session: AsyncSession, actor: Actor, year: int, city: str, key: str, *, after: str | None, limit: int
) -> RowPage:
    """Rows of one figure in order of id; together they make it. Problem `not_found`, also for an unknown indicator."""
    check_city(actor, city)
    check_year(year)
    indicator = INDICATORS.get(key)
    if indicator is None:
        raise Problem(NOT_FOUND)
    rows = indicator.rows(question(year)).subquery()
    statement = select(rows).where(rows.c.city_code == city).order_by(rows.c.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(rows.c.id > after)
    found = list(await session.execute(statement))
    names = await enterprise_names(session, [row.uscc for row in found[:limit]])
    items = [
        RowOut(
            id=row.id,
            part=row.part,
            uscc=row.uscc,
            name=names.get(row.uscc),
            happened_on=row.happened_on,
            value=value_text(indicator, row.value),
        )
        for row in found[:limit]
    ]
    return RowPage(items=items, next_cursor=items[-1].id if len(found) > limit else None)
