"""Read a rulebook's scoring section and its named conditions for reserved places, with file and line of each fault."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise
from typing import cast

from services.evaluation.rulebooks.catalogue import Fact, catalogue
from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.quantities import counted_fact
from services.evaluation.rulebooks.reserve import Reserve
from services.evaluation.rulebooks.scoring import Breakpoint, Scoring, ScoringGroup, ScoringIndicator, most
from services.evaluation.rulebooks.tables import Place, Table
from shared.reference.divisions import cities

_DECIMAL = re.compile(r"\d{1,12}(\.\d{1,9})?")
_MOST_DECIMALS = 6
CITY = "city_code"


def load_scoring(top: Table, text: str, derivations: Derivations) -> Scoring | None:
    """The [scoring] section; None where a rulebook has none and ranks by [[ranking]] alone. Raises RulebookError."""
    content: object = top.raw("scoring")
    if content is None:
        return None
    place = Place(top.place.origin, _line(text, r"\[\s*scoring\s*\]"), "scoring")
    if not isinstance(content, dict):
        raise place.error("malformed", "`scoring` must be written [scoring]")
    table = Table(cast("dict[str, object]", content), place)
    groups = tuple(map(_group, _placed(table, text, "scoring.group", "group")))
    indicators = tuple(_indicator(one, derivations) for one in _placed(table, text, "scoring.indicator", "indicator"))
    scoring = Scoring(
        total=_fraction(table, "total"),
        decimals=table.whole("decimals"),
        basis=table.text("basis"),
        unknown_share=_fraction(table, "unknown_share"),
        unknown_basis=table.text("unknown_basis"),
        indicators=indicators,
        groups=groups,
    )
    table.close()
    _check(scoring, place)
    return scoring


def load_reserves(top: Table, text: str) -> tuple[Reserve, ...]:
    """The [[reserve]] conditions, which a cycle may reserve places for by key. Raises RulebookError."""
    reserves = tuple(map(_reserve, _placed(top, text, "reserve", "reserve")))
    _refuse_repeated([one.key for one in reserves], top.place)
    return reserves


def _reserve(table: Table) -> Reserve:
    reserve = Reserve(
        key=table.identifier("key"),
        title=table.text("title"),
        test=table.text("test"),
        basis=table.text("basis"),
        condition=_condition(table),
    )
    table.close()
    return reserve


def _condition(table: Table) -> Condition:
    # Where an enterprise is registered is no fact to be judged, but places may be reserved by it.
    city = Fact(CITY, "text", None, "市州", "所在市州的行政区划代码", {one.code: one.name for one in cities()})
    try:
        return parse_condition(table.text("test"), {**catalogue(), CITY: city})
    except ExpressionError as error:
        raise table.place.error(error.code, error.message) from None


def _group(table: Table) -> ScoringGroup:
    group = ScoringGroup(
        table.identifier("key"), table.text("title"), _fraction(table, "cap", positive=True), table.text("basis")
    )
    table.close()
    return group


def _indicator(table: Table, derivations: Derivations) -> ScoringIndicator:
    denominator = table.optional_text("denominator")
    indicator = ScoringIndicator(
        key=table.identifier("key"),
        title=table.text("title"),
        numerator=counted_fact(table, table.text("numerator"), derivations),
        denominator=None if denominator is None else counted_fact(table, denominator, derivations),
        weight=_fraction(table, "weight", positive=True),
        group=table.optional_text("group"),
        scale=_scale(table),
        basis=table.text("basis"),
    )
    table.close()
    return indicator


def _scale(table: Table) -> tuple[Breakpoint, ...]:
    points: list[Breakpoint] = []
    for content in table.tables("scale"):
        one = Table(content, table.place)
        points.append(Breakpoint(_fraction(one, "at"), _fraction(one, "share")))
        one.close()
    if len(points) < 2:
        raise table.place.error("missing", "`scale` needs two breakpoints at least")
    if any(right.at <= left.at for left, right in pairwise(points)):
        raise table.place.error("breakpoints", "the breakpoints' `at` must increase")
    if any(point.share > 1 for point in points) or max(point.share for point in points) != 1:
        raise table.place.error("breakpoints", "`share` is that of the weight: at most 1, and 1 at some breakpoint")
    return tuple(points)


def _fraction(table: Table, key: str, *, positive: bool = False) -> Fraction:
    """A whole number, or a decimal in quotes: binary floating point holds few decimals exactly."""
    value = table.raw(key)
    if value is None:
        raise table.place.error("missing", f"`{key}` is missing")
    written = str(value) if type(value) is int else value
    if not isinstance(written, str) or not _DECIMAL.fullmatch(written):
        raise table.place.error("malformed", f"`{key}` must be a whole number or a decimal in quotes, not negative")
    if positive and not Fraction(written):
        raise table.place.error("malformed", f"`{key}` must be more than 0")
    return Fraction(written)


def _check(scoring: Scoring, place: Place) -> None:
    if not scoring.indicators:
        raise place.error("missing", "scoring needs at least one [[scoring.indicator]]")
    if scoring.unknown_share > 1 or not 0 <= scoring.decimals <= _MOST_DECIMALS:
        raise place.error("malformed", f"`unknown_share` is at most 1 and `decimals` at most {_MOST_DECIMALS}")
    _refuse_repeated([one.key for one in (*scoring.indicators, *scoring.groups)], place)
    known, used = {group.key for group in scoring.groups}, {one.group for one in scoring.indicators} - {None}
    if known != used:
        raise place.error("unknown_group", f"groups stated and groups used differ: {sorted(known ^ used, key=str)}")
    if (reachable := most(scoring.indicators, scoring.groups)) != scoring.total:
        raise place.error("weights", f"weights and caps add up to {reachable}, not to the stated total {scoring.total}")


def _placed(table: Table, text: str, path: str, key: str) -> list[Table]:
    """The tables of an array, each with the line of its header; the array's first line where headers are unusual."""
    pattern = r"\[\[\s*" + r"\s*\.\s*".join(path.split(".")) + r"\s*\]\]"
    lines = [number for number, line in enumerate(text.split("\n"), 1) if re.match(rf"\s*{pattern}", line)]
    contents: list[Mapping[str, object]] = table.tables(key)
    if len(lines) != len(contents):
        lines = [lines[0] if lines else table.place.line] * len(contents)
    return [
        Table(content, Place(table.place.origin, line, f"{path} {position}"))
        for position, (content, line) in enumerate(zip(contents, lines, strict=True), 1)
    ]


def _line(text: str, pattern: str) -> int:
    lines = (number for number, line in enumerate(text.split("\n"), 1) if re.match(rf"\s*{pattern}", line))
    return next(lines, 1)


def _refuse_repeated(keys: list[str], place: Place) -> None:
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        raise place.error("duplicate", f"keys used twice: {', '.join(repeated)}")
