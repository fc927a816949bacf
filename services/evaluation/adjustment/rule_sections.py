"""The listed parts of adjustment rules: groupings, tracks, incidents, what counts as progress, reminders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar, cast, get_args

from services.evaluation.adjustment.rule_settings import percent
from services.evaluation.rulebooks.catalogue import Fact
from services.evaluation.rulebooks.conditions import Condition, Flag, leaves
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.headers import Headers
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from services.evaluation.rulebooks.tables import Place, Table

Effect: TypeAlias = Literal["immediate", "after_notice"]
ProgressKind: TypeAlias = Literal[
    "industrialised_patents", "industrialisation_rate", "intensive_products", "product_sales"
]
INCIDENT_KINDS = (
    "safety_accident",
    "serious_dishonesty",
    "tax_evasion",
    "data_falsification",
    "abnormal_patent_filings",
    "other_violation",
)
TEST_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "rate_improved": "专利产业化率明显提升",
        "new_product": "新增专利密集型产品",
        "sales_growth": "已获认定产品年销售额较大幅度增长",
        "profit_growth": "已获认定产品年利润较大幅度增长",
        "product_growth": "已获认定产品年销售额及利润均较大幅度增长",
    }
)
"""The tests that a grouping joins."""
_CATALOGUE = {name: Fact(name, "boolean", None, title, title, {}) for name, title in TEST_TITLES.items()}
_DECIMAL = re.compile(r"\d{1,9}(\.\d{1,9})?")
_LARGEST_COUNT = 1000
_MOST_MONTHS = 1200
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way of joining the tests of graduation; `sql` is for Polars over columns named by the tests."""

    key: str
    title: str
    test: str
    condition: Condition
    sql: str


@dataclass(frozen=True, slots=True)
class Track:
    """What a graduate is cultivated towards (接续培育)."""

    key: str
    title: str
    basis: str


@dataclass(frozen=True, slots=True)
class IncidentRule:
    """A kind of incident, and whether it ends a membership at once or after notice and reply."""

    kind: str
    title: str
    effect: Effect
    basis: str


@dataclass(frozen=True, slots=True)
class ProgressRule:
    """One way of making substantive progress: `at_least` so many 件, percentage points, or percent more than before."""

    kind: ProgressKind
    title: str
    at_least: Fraction
    basis: str


@dataclass(frozen=True, slots=True)
class Reminder:
    """After so many months without progress the radar shows a member."""

    months: int
    title: str
    basis: str


def read_groupings(top: Table, lines: Headers) -> tuple[Grouping, ...]:
    return _entries(top, lines, "grouping", _grouping, lambda one: one.key)


def read_tracks(top: Table, lines: Headers) -> tuple[Track, ...]:
    def track(table: Table) -> Track:
        return Track(table.identifier("key"), table.text("title"), table.text("basis"))

    return _entries(top, lines, "track", track, lambda one: one.key)


def read_incidents(top: Table, lines: Headers) -> tuple[IncidentRule, ...]:
    """Each known kind once; those of immediate effect first, otherwise in the order written."""

    def incident(table: Table) -> IncidentRule:
        kind, effect = table.choice("kind", INCIDENT_KINDS), table.choice("effect", get_args(Effect))
        return IncidentRule(kind, table.text("title"), cast("Effect", effect), table.text("basis"))

    found = _entries(top, lines, "incident", incident, lambda one: one.kind)
    if absent := [kind for kind in INCIDENT_KINDS if kind not in {one.kind for one in found}]:
        raise top.place.error("missing", f"no [[incident]] for {', '.join(absent)}")
    return tuple(sorted(found, key=lambda one: one.effect != "immediate"))


def read_progress(top: Table, lines: Headers) -> tuple[ProgressRule, ...]:
    return _entries(top, lines, "progress", _progress, lambda one: one.kind)


def read_reminders(top: Table, lines: Headers) -> tuple[Reminder, ...]:
    """In order of months. One beyond the term is never reached; a shorter term may still be asked for as a what-if."""

    def reminder(table: Table) -> Reminder:
        if not 1 <= (months := table.whole("months")) <= _MOST_MONTHS:
            raise table.place.error("out_of_range", f"`months` must lie between 1 and {_MOST_MONTHS}")
        return Reminder(months, table.text("title"), table.text("basis"))

    found = _entries(top, lines, "reminder", reminder, lambda one: one.months)
    return tuple(sorted(found, key=lambda one: one.months))


def _entries(
    top: Table, lines: Headers, name: str, read: Callable[[Table], _Entry], key: Callable[[_Entry], object]
) -> tuple[_Entry, ...]:
    """At least one [[name]], no two of one key."""
    contents = top.tables(name)
    if not contents:
        raise top.place.error("missing", f"no [[{name}]]")
    found: dict[object, _Entry] = {}
    for content, place in zip(contents, _places(top, lines.of(name), name, len(contents)), strict=True):
        table = Table(content, place)
        entry = read(table)
        table.close()
        if key(entry) in found:
            raise place.error("duplicate", f"{key(entry)} stands twice")
        found[key(entry)] = entry
    return tuple(found.values())


def _places(top: Table, lines: list[int], name: str, count: int) -> Iterable[Place]:
    # An inline array of tables has no headers: its faults are told of the whole file.
    return (Place(top.place.origin, lines[at] if at < len(lines) else 1, name) for at in range(count))


def _grouping(table: Table) -> Grouping:
    key, title, test = table.identifier("key"), table.text("title"), table.text("test")
    try:
        condition = parse_condition(test, _CATALOGUE)
    except ExpressionError as error:
        raise table.place.error(error.code, error.message) from None
    # Doing better in one respect must never take a graduation away.
    if any(isinstance(leaf, Flag) and not leaf.wanted for leaf in leaves(condition)):
        raise table.place.error("not_allowed", "a grouping joins tests with AND and OR, without NOT")
    return Grouping(key, title, test, condition, to_sql(condition, POLARS))


def _progress(table: Table) -> ProgressRule:
    kind = cast("ProgressKind", table.choice("kind", get_args(ProgressKind)))
    written = table.text("at_least")
    number = Fraction(written) if _DECIMAL.fullmatch(written) else None
    counted = kind in ("industrialised_patents", "intensive_products")
    at_least = percent(number, _LARGEST_COUNT if kind != "industrialisation_rate" else 100, table.place)
    if counted and at_least.denominator != 1:
        raise table.place.error("malformed", "`at_least` must be a whole number of 件")
    return ProgressRule(kind, table.text("title"), at_least, table.text("basis"))
