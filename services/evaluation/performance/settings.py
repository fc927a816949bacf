"""Weights and scales of the annual performance, as the province's file says them, each with its basis."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import cast

from services.evaluation.performance.indicators import INDICATORS
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.headers import headers
from services.evaluation.rulebooks.tables import Place, Table, content_digest
from services.evaluation.support.kinds import support_data
from shared.reference.province import province

FULL_WEIGHT = 100
_FILE = "performance.toml"
_DECIMAL = re.compile(r"\d{1,15}(\.\d{1,4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Scale:
    """No points at `zero_at`, all of the weight at `full_at`, in proportion between; either may be the greater.

    In the indicator's unit (元 for money); with `over`, of the figure divided by that indicator's.
    """

    zero_at: Fraction
    full_at: Fraction
    over: str | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What an indicator is worth; `scale` None (weight 0) where it is shown and not scored."""

    clause: str
    weight: int
    scale: Scale | None
    basis: str


@dataclass(frozen=True, slots=True)
class PerformanceSettings:
    """One file. `first_year` is the first for which the ledgers know everything; rules are in the file's order."""

    clause: str
    first_year: int
    first_year_basis: str
    financing_kinds: tuple[str, ...]
    financing_basis: str
    matching_kinds: tuple[str, ...]
    matching_basis: str
    unknown_basis: str
    rules: Mapping[str, Rule]
    digest: str


def load_settings(text: str, *, origin: str) -> PerformanceSettings:
    """The settings written in `text`. Raises RulebookError with file and line."""
    top = Table(_parse(text, origin), Place(origin, 1, "performance"))
    kinds, matching = top.raw("financing_kinds"), top.raw("matching_kinds")
    settings = PerformanceSettings(
        clause=top.text("clause"),
        first_year=top.whole("first_year"),
        first_year_basis=top.text("first_year_basis"),
        financing_kinds=_kinds("financing_kinds", kinds, top.place, with_amount=True),
        financing_basis=top.text("financing_basis"),
        matching_kinds=_kinds("matching_kinds", matching, top.place, with_amount=False),
        matching_basis=top.text("matching_basis"),
        unknown_basis=top.text("unknown_basis"),
        rules=_rules(top, headers(text).of("indicator")),
        digest=content_digest(top.content, top.place),
    )
    top.close()
    return settings


@cache
def _read(folder: Path) -> PerformanceSettings:
    return load_settings((folder / _FILE).read_text(encoding="utf-8"), origin=_FILE)


def performance_settings() -> PerformanceSettings:
    """The settings of the province that this process serves."""
    return _read(province().folder)


def _parse(text: str, origin: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise RulebookError("toml", str(error), origin, int(line[1]) if line else 1) from None


def _kinds(name: str, value: object, place: Place, *, with_amount: bool) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise place.error("missing", f"`{name}` must name kinds of support")
    known = support_data().kinds
    kinds = [str(one) for one in cast("list[object]", value)]
    if strange := [one for one in kinds if one not in known or (known[one].amount == "none") == with_amount]:
        with_or_without = "with" if with_amount else "without"
        raise place.error("unknown_kind", f"no kinds of support {with_or_without} an amount: {', '.join(strange)}")
    if len(set(kinds)) != len(kinds):
        raise place.error("malformed", f"`{name}` names a kind twice")
    return tuple(kinds)


def _rules(top: Table, lines: list[int]) -> Mapping[str, Rule]:
    rules: dict[str, Rule] = {}
    for content, line in zip(top.tables("indicator"), lines, strict=True):
        place = Place(top.place.origin, line, str(content.get("key", "indicator")))
        table = Table(content, place)
        key = table.identifier("key")
        if key not in INDICATORS:
            raise place.error("unknown_indicator", f"no indicator is called {key!r}")
        if key in rules:
            raise place.error("duplicate", "the indicator is there twice")
        rules[key] = _rule(table)
        table.close()
    if absent := [key for key in INDICATORS if key not in rules]:
        raise top.place.error("missing", f"indicators are missing: {', '.join(absent)}")
    if (weights := sum(rule.weight for rule in rules.values())) != FULL_WEIGHT:
        raise top.place.error("weights", f"the weights make {weights}, not {FULL_WEIGHT}")
    return MappingProxyType(rules)


def _rule(table: Table) -> Rule:
    weight = table.whole("weight")
    if not 0 <= weight <= FULL_WEIGHT:
        raise table.place.error("out_of_range", f"`weight` must be 0 to {FULL_WEIGHT}")
    return Rule(table.text("clause"), weight, _scale(table) if weight else None, table.text("basis"))


def _scale(table: Table) -> Scale:
    zero_at, full_at, over = _number(table, "zero_at"), _number(table, "full_at"), table.optional_text("over")
    if zero_at == full_at:
        raise table.place.error("malformed", "`zero_at` and `full_at` must differ")
    if over is not None and (over not in INDICATORS or over == table.content["key"]):
        raise table.place.error("unknown_indicator", f"`over` must be another indicator, not {over!r}")
    return Scale(zero_at, full_at, over)


def _number(table: Table, key: str) -> Fraction:
    if not _DECIMAL.fullmatch(text := table.text(key)):
        raise table.place.error("malformed", f'`{key}` must be a decimal in quotes, such as "0.5"')
    return Fraction(text)
