"""Read a rulebook's scoring section, its order among equals, and its named conditions for reserved places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise
from typing import cast, get_args

from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.quantities import counted_fact
from services.evaluation.rulebooks.reserve import Reserve, reserve_facts
from services.evaluation.rulebooks.rulebook import Direction, RankingIndicator
from services.evaluation.rulebooks.scoring import Breakpoint, Scoring, ScoringGroup, ScoringIndicator, most
from services.evaluation.rulebooks.tables import Table

_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,9})?")
_MOST_DECIMALS = 6


def load_scoring(top: Table, derivations: Derivations) -> Scoring | None:
    """The [scoring] section; None where a rulebook has none and ranks by [[ranking]] alone, or where it is at fault."""
    content: object = top.raw("scoring")
    if content is None:
        return None
    place = top.place.within("scoring", name="scoring", zh="评分")
    if not isinstance(content, dict):
        place.tell("malformed", "`scoring` must be written [scoring]", "评分须写在 [scoring] 下")
        return None
    table = Table(cast("dict[str, object]", content), place)
    group_tables = table.inner("group", "scoring.group", "评分分组 {}")
    indicator_tables = table.inner("indicator", "scoring.indicator", "评分指标 {}")
    groups = [_group(one) for one in group_tables]
    indicators = [_indicator(one, derivations) for one in indicator_tables]
    if not indicators and not table.content.get("indicator"):
        place.tell(
            "missing", "scoring needs at least one [[scoring.indicator]]", "评分至少要有一个 [[scoring.indicator]]"
        )
    total, decimals, unknown_share = (
        _fraction(table, "total"),
        table.whole("decimals"),
        _fraction(table, "unknown_share"),
    )
    basis, unknown_basis = table.text("basis"), table.text("unknown_basis")
    table.close()
    _check_figures(table, decimals, unknown_share)
    _tell_repeated([*indicator_tables, *group_tables])
    _check_groups(indicator_tables, group_tables)
    if total is None or unknown_share is None or None in groups or None in indicators:
        return None
    scoring = Scoring(
        total=total,
        decimals=decimals,
        basis=basis,
        unknown_share=unknown_share,
        unknown_basis=unknown_basis,
        indicators=tuple(one for one in indicators if one is not None),
        groups=tuple(one for one in groups if one is not None),
    )
    _check_total(table, scoring)
    return scoring


def load_ranking(top: Table, derivations: Derivations) -> tuple[RankingIndicator, ...]:
    """The order among equal scores, first things first."""
    return tuple(_step(table, derivations) for table in top.inner("ranking", "ranking", "排序指标 {}"))


def load_reserves(top: Table) -> tuple[Reserve, ...]:
    """The [[reserve]] conditions, which a cycle may reserve places for by key; those at fault are left out."""
    tables = top.inner("reserve", "reserve", "预留条件 {}")
    reserves = [_reserve(table) for table in tables]
    _tell_repeated(tables)
    return tuple(one for one in reserves if one is not None)


def _step(table: Table, derivations: Derivations) -> RankingIndicator:
    indicator = RankingIndicator(
        title=table.text("title"),
        numerator=counted_fact(table, "numerator", derivations),
        denominator=_denominator(table, derivations),
        direction=cast("Direction", table.choice("direction", get_args(Direction))),
        basis=table.text("basis"),
    )
    table.close()
    return indicator


def _reserve(table: Table) -> Reserve | None:
    key, title, test, basis = (table.identifier("key"), table.text("title"), table.text("test"), table.text("basis"))
    table.close()
    condition = _condition(table, test) if test else None
    return None if condition is None else Reserve(key, title, test, basis, condition)


def _condition(table: Table, test: str) -> Condition | None:
    try:
        return parse_condition(test, reserve_facts())
    except ExpressionError as error:
        table.place.tell_expression(error, "test")
        return None


def _group(table: Table) -> ScoringGroup | None:
    key, title = table.identifier("key"), table.text("title")
    cap, basis = _fraction(table, "cap", positive=True), table.text("basis")
    table.close()
    return None if cap is None else ScoringGroup(key, title, cap, basis)


def _indicator(table: Table, derivations: Derivations) -> ScoringIndicator | None:
    key, title = table.identifier("key"), table.text("title")
    numerator, denominator = counted_fact(table, "numerator", derivations), _denominator(table, derivations)
    weight, group = _fraction(table, "weight", positive=True), table.optional_text("group")
    scale, basis = _scale(table), table.text("basis")
    table.close()
    if weight is None or scale is None:
        return None
    return ScoringIndicator(key, title, numerator, denominator, weight, group, scale, basis)


def _denominator(table: Table, derivations: Derivations) -> str | None:
    table.optional_text("denominator")
    return counted_fact(table, "denominator", derivations) if "denominator" in table.content else None


def _scale(table: Table) -> tuple[Breakpoint, ...] | None:
    table.require("scale")
    points: list[Breakpoint] = []
    tables = table.inner("scale", f"{table.place.name}, breakpoint", f"{table.place.zh}第 {{}} 个分段点")
    for one in tables:
        at, share = _fraction(one, "at"), _fraction(one, "share")
        one.close()
        if at is not None and share is not None:
            points.append(Breakpoint(at, share))
    if "scale" not in table.content or len(points) < len(tables) or not isinstance(table.content["scale"], list):
        return None
    place = table.place
    if len(points) < 2:
        place.tell("missing", "`scale` needs two breakpoints at least", "`scale` 至少要有两个分段点", key="scale")
        return None
    for one, (left, right) in zip(tables[1:], pairwise(points), strict=True):
        if right.at <= left.at:
            one.place.tell("breakpoints", "the breakpoints' `at` must increase", "各分段点的 `at` 须递增", key="at")
    if any(point.share > 1 for point in points) or max(point.share for point in points) != 1:
        place.tell(
            "breakpoints",
            "`share` is that of the weight: at most 1, and 1 at some breakpoint",
            "`share` 是满分的比例：不大于 1，且须有一个分段点为 1",
            key="scale",
        )
    return tuple(points)


def _fraction(table: Table, key: str, *, positive: bool = False) -> Fraction | None:
    """A whole number, or a decimal in quotes: binary floating point holds few decimals exactly. None where at fault."""
    value = table.raw(key)
    table.require(key)
    if value is None:
        return None
    written = str(value) if type(value) is int else value
    if not isinstance(written, str) or not _DECIMAL.fullmatch(written):
        english = f"`{key}` must be a whole number or a decimal in quotes, not negative"
        table.place.tell("malformed", english, f"`{key}` 须为整数或加引号的小数，不能为负", key=key)
        return None
    if positive and not Fraction(written):
        table.place.tell("malformed", f"`{key}` must be more than 0", f"`{key}` 须大于 0", key=key)
        return None
    return Fraction(written)


def _check_figures(table: Table, decimals: int, unknown_share: Fraction | None) -> None:
    if unknown_share is not None and unknown_share > 1:
        table.place.tell("malformed", "`unknown_share` is at most 1", "`unknown_share` 不能大于 1", key="unknown_share")
    if not 0 <= decimals <= _MOST_DECIMALS:
        english, chinese = f"`decimals` is at most {_MOST_DECIMALS}", f"`decimals` 须在 0 与 {_MOST_DECIMALS} 之间"
        table.place.tell("malformed", english, chinese, key="decimals")


def _check_groups(indicators: Iterable[Table], groups: Iterable[Table]) -> None:
    """Every group that an indicator names is stated, and the other way round."""
    known = {table.content.get("key") for table in groups}
    used = {table.content.get("group") for table in indicators}
    for table in indicators:
        name = table.content.get("group")
        if isinstance(name, str) and name.strip() and name not in known:
            table.place.tell("unknown_group", f"no group is called `{name}`", f"没有名为 `{name}` 的分组", key="group")
    for table in groups:
        name = table.content.get("key")
        if isinstance(name, str) and name not in used:
            table.place.tell(
                "unknown_group", f"no indicator is in the group `{name}`", f"没有指标属于分组 `{name}`", key="key"
            )


def _check_total(table: Table, scoring: Scoring) -> None:
    known = {group.key for group in scoring.groups}
    if any(one.group is not None and one.group not in known for one in scoring.indicators):
        return
    if (reachable := most(scoring.indicators, scoring.groups)) != scoring.total:
        table.place.tell(
            "weights",
            f"weights and caps add up to {reachable}, not to the stated total {scoring.total}",
            f"权重与封顶合计 {reachable} 分，与所写满分 {scoring.total} 分不符",
            key="total",
        )


def _tell_repeated(tables: Iterable[Table]) -> None:
    seen: set[object] = set()
    for table in tables:
        key = table.content.get("key")
        if isinstance(key, str) and key in seen:
            table.place.tell("duplicate", f"the key `{key}` is used twice", f"键 `{key}` 用了两次", key="key")
        seen.add(key if isinstance(key, str) else None)
