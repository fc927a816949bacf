"""The catalogue of facts: every name, type and unit a rulebook expression may use."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias, cast, get_args

FactType: TypeAlias = Literal["boolean", "integer", "money", "text"]
FactValue: TypeAlias = int | bool | str | None
"""A fact as it is judged: counts and 分 as int, an option's key as str, None when unknown."""

# 10^13 元 in 分, far beyond any enterprise; normalised expressions are proved to fit their integer type up to here.
FACT_LIMIT = 10**15

_TYPES = get_args(FactType)
_KEYS = frozenset({"type", "unit", "title", "meaning", "options"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact. `unit` is that of a count (件, 人); money is written in 元 and held in 分; `options` are a text's."""

    name: str
    type: FactType
    unit: str | None
    title: str
    meaning: str
    options: Mapping[str, str]

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
    )
    if (fact.type == "text") != bool(fact.options) or (fact.type == "integer") != bool(fact.unit):
        raise ValueError(f"facts.toml: [{name}] a text needs options and an integer needs a unit, others neither")
    return fact


@cache
def catalogue() -> Mapping[str, Fact]:
    """All facts by name, in the order of facts.toml."""
    content = tomllib.loads((files(__package__ or "") / "facts.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _fact(name, table) for name, table in content.items()})
