"""The catalogue of facts: every name, type and unit a rulebook expression may use, and whose word counts for it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias, cast, get_args

FactType: TypeAlias = Literal["boolean", "integer", "money", "text"]
FactValue: TypeAlias = int | bool | str | None
"""A fact as it is judged: counts and 分 as int, an option's key as str, None when unknown."""
Source: TypeAlias = Literal["registry", "city_verified", "self_reported"]
"""Who says so: a register (登记), a city that verified it (市州核实), or the enterprise's form (申报)."""

# 10^13 元 in 分, far beyond any enterprise; normalised expressions are proved to fit their integer type up to here.
FACT_LIMIT = 10**15

_TYPES = get_args(FactType)
_SOURCES = get_args(Source)
_KEYS = frozenset({"type", "unit", "title", "yes", "no", "meaning", "options", "as_of", "sources", "age"})
_SELF_REPORTED: tuple[Source, ...] = ("self_reported",)
_AS_THE_FORM = "申报快照所载"


@dataclass(frozen=True, slots=True)
class Age:
    """How old a statement may be: at most so many `days`, or (None) within the year before the assessment's."""

    days: int | None
    basis: str

    def admits(self, as_of: date, on: date) -> bool:
        """Whether a statement as of one day answers for another; never one of a later day."""
        if self.days is None:
            return as_of.year == on.year - 1
        return on - timedelta(days=self.days) <= as_of <= on


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `unit` is that of a count (件, 人); money is written in 元 and held in 分; `options` are a text's.

    `as_of` says which day or period it is about. `sources` may tell it, the one that prevails first; `age` is None
    where the form alone does. `yes` and `no` say of an enterprise that a yes-or-no fact is so, or not so.
    """

    name: str
    type: FactType
    unit: str | None
    title: str
    meaning: str
    options: Mapping[str, str]
    as_of: str = _AS_THE_FORM
    sources: tuple[Source, ...] = _SELF_REPORTED
    age: Age | None = None
    yes: str = ""
    no: str = ""

    @property
    def statable(self) -> bool:
        """Whether anybody but the enterprise may state it."""
        return self.age is not None

    @property
    def is_number(self) -> bool:
        return self.type in ("integer", "money")


def _fact(name: str, table: Mapping[str, object]) -> Fact:
    if unknown := table.keys() - _KEYS:
        raise ValueError(f"facts.toml: [{name}] has unknown keys {sorted(unknown)}")
    if table.get("type") not in _TYPES:
        raise ValueError(f"facts.toml: [{name}] needs a type among {_TYPES}")
    fact = Fact(
        name=name,
        type=cast("FactType", table["type"]),
        unit=cast("str | None", table.get("unit")),
        title=cast("str", table["title"]),
        meaning=cast("str", table["meaning"]),
        options=MappingProxyType(cast("dict[str, str]", table.get("options", {}))),
        as_of=cast("str", table.get("as_of", _AS_THE_FORM)),
        sources=tuple(cast("list[Source]", table.get("sources", _SELF_REPORTED))),
        age=_ages()[cast("str", table["age"])] if "age" in table else None,
        yes=cast("str", table.get("yes", "")),
        no=cast("str", table.get("no", "")),
    )
    if (fact.type == "text") != bool(fact.options) or (fact.type == "integer") != bool(fact.unit):
        raise ValueError(f"facts.toml: [{name}] a text needs options and an integer needs a unit, others neither")
    if {bool(fact.yes), bool(fact.no)} != {fact.type == "boolean"}:
        raise ValueError(f"facts.toml: [{name}] a boolean needs words for yes and no, others have none")
    if not _sources_right(fact):
        raise ValueError(f"facts.toml: [{name}] needs different sources among {_SOURCES} with the form, and an age")
    return fact


def _sources_right(fact: Fact) -> bool:
    """Each once, the form among them, and an age exactly where another one may speak."""
    known = set(fact.sources) <= set(_SOURCES) and len(set(fact.sources)) == len(fact.sources)
    return known and "self_reported" in fact.sources and (len(fact.sources) > 1) == fact.statable


@cache
def _ages() -> Mapping[str, Age]:
    content = tomllib.loads((files(__package__ or "") / "statement_ages.toml").read_text(encoding="utf-8"))
    return {name: _age(name, table) for name, table in content.items()}


def _age(name: str, table: Mapping[str, object]) -> Age:
    days, basis = table.get("days"), table.get("basis")
    if table.keys() - {"days", "period", "basis"} or not isinstance(basis, str):
        raise ValueError(f"statement_ages.toml: [{name}] needs a basis, and days or a period")
    if (type(days) is int and days >= 0) == (table.get("period") == "year_before"):
        raise ValueError(f"statement_ages.toml: [{name}] needs either days or the period year_before")
    return Age(cast("int | None", days), basis)


@cache
def catalogue() -> Mapping[str, Fact]:
    """All facts by name, in the order of facts.toml."""
    content = tomllib.loads((files(__package__ or "") / "facts.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _fact(name, table) for name, table in content.items()})
