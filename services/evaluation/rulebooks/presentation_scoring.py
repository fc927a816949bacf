"""How a rulebook ranks, on the screen, in Chinese: points and scales, the order among equals, reserved places."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.percentages import percent
from services.evaluation.rulebooks.phrases import in_words
from services.evaluation.rulebooks.reserve import Reserve, reserve_facts
from services.evaluation.rulebooks.rulebook import RankingIndicator, Rulebook
from services.evaluation.rulebooks.scoring import Scoring, ScoringGroup, ScoringIndicator
from services.evaluation.rulebooks.wording import decimal

_DIRECTIONS = {"descending": "大的在前", "ascending": "小的在前"}


def ranking_tables(rulebook: Rulebook) -> Iterator[RenderableType]:
    """Scoring, the order among equals and reserved places, each where the rulebook has it."""
    if rulebook.scoring is not None:
        yield _scoring(rulebook.scoring)
    if rulebook.ranking:
        yield _order(rulebook.ranking, scored=rulebook.scoring is not None)
    if rulebook.reserves:
        yield _reserves(rulebook.reserves)


def _scoring(scoring: Scoring) -> Table:
    table = _table(f"评分：满分 {decimal(scoring.total)} 分", ("指标", 3), ("满分", 1), ("怎样计分", 4), ("依据", 4))
    table.caption = "两点之间按直线计，首末两点之外按首末两点计"
    for one in scoring.indicators:
        group = next((group for group in scoring.groups if group.key == one.group), None)
        joined = "" if group is None else f"\n计入“{group.title}”，合计以 {decimal(group.cap)} 分封顶"
        table.add_row(
            _named(one),
            Text(decimal(one.weight)),
            Text(_scale(one) + joined),
            Text(one.basis.strip(), style="dim"),
        )
    for group in scoring.groups:
        table.add_row(*_group(group, scoring))
    unknown = (
        "不给分" if not scoring.unknown_share else f"给满分的 {percent(scoring.unknown_share).replace('.00%', '%')}"
    )
    table.add_row(
        Text("缺少数据", style="bold yellow"), "", Text(unknown), Text(scoring.unknown_basis.strip(), style="dim")
    )
    table.add_row(
        Text("合计", style="bold"),
        Text(decimal(scoring.total), style="bold"),
        Text(f"按精确值比较，显示时四舍五入到 {scoring.decimals} 位小数"),
        Text(scoring.basis.strip(), style="dim"),
    )
    return table


def _group(group: ScoringGroup, scoring: Scoring) -> Iterator[Text]:
    titles = "、".join(one.title for one in scoring.indicators if one.group == group.key)
    yield Text(f"{group.title}（合计）", style="bold")
    yield Text(decimal(group.cap))
    yield Text(f"{titles}合计，以 {decimal(group.cap)} 分封顶")
    yield Text(group.basis.strip(), style="dim")


def _scale(one: ScoringIndicator) -> str:
    """A line for each breakpoint, such as: 50% 得 24 分."""
    return "\n".join(f"{_value(point.at, one)} 得 {decimal(point.share * one.weight)} 分" for point in one.scale)


def _value(at: Fraction, one: ScoringIndicator) -> str:
    if one.denominator is not None and not one.unit:
        return f"{decimal(at * 100)}%"
    return f"{decimal(at)} {one.unit}".rstrip()


def _order(ranking: tuple[RankingIndicator, ...], *, scored: bool) -> Table:
    table = _table(
        "得分相同的，依次比较" if scored else "排序：依次比较", ("次序", 1), ("指标", 4), ("先后", 2), ("依据", 5)
    )
    for position, one in enumerate(ranking, 1):
        table.add_row(
            Text(str(position)),
            _named(one),
            Text(_DIRECTIONS[one.direction]),
            Text(one.basis.strip(), style="dim"),
        )
    table.add_row(
        Text(str(len(ranking) + 1)), Text("统一社会信用代码", style="bold"), Text("按代码排列"), Text("使次序总能确定")
    )
    return table


def _reserves(reserves: tuple[Reserve, ...]) -> Table:
    table = _table("批次可以预留名额的条件", ("名称", 3), ("条件", 4), ("依据", 5))
    for one in reserves:
        table.add_row(
            Text.assemble((one.title, "bold"), (f"\n{one.key}", "dim")),
            Text(in_words(one.condition, reserve_facts()), style="green"),
            Text(one.basis.strip(), style="dim"),
        )
    return table


def _table(title: str, *headings: tuple[str, int]) -> Table:
    table = Table(title=title, title_style="bold", show_lines=True, expand=True)
    for heading, ratio in headings:
        table.add_column(heading, ratio=ratio, overflow="fold")
    return table


def _named(one: ScoringIndicator | RankingIndicator) -> Text:
    """Its title, and under it what is counted where the title does not say so."""
    counted = catalogue()[one.numerator].title
    if one.denominator is not None:
        counted += f" ÷ {catalogue()[one.denominator].title}"
    return Text.assemble((one.title, "bold"), "" if counted == one.title else f"\n{counted}")
