"""Readings a source document leaves open, as settings: each with its value, its options and why it was chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import cast

from services.evaluation.rulebooks.tables import Place, Table

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DECIMAL = re.compile(r"\d{1,18}(\.\d{1,9})?")
_LARGEST = 10**18


@dataclass(frozen=True, slots=True)
class Parameter:
    """A reading the source document leaves open, and why it was chosen.

    In expressions `:name` is a yes or no, a number (whole, or a decimal's text such as "0.50"; 元 beside money), or
    one of `options` (key: Chinese). A text without options only tells how something is understood.
    """

    value: str | int | bool
    basis: str
    options: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def number(self) -> Fraction | None:
        """The exact number it stands for; None when it is none."""
        if isinstance(self.value, bool) or self.options:
            return None
        if isinstance(self.value, str) and not _DECIMAL.fullmatch(self.value):
            return None
        return Fraction(self.value)

    @property
    def text(self) -> str:
        """The value as people read it."""
        if isinstance(self.value, bool):
            return "是" if self.value else "否"
        return self.options.get(str(self.value), str(self.value))


def read_parameters(top: Table, lines: Mapping[str, int]) -> Mapping[str, Parameter]:
    """The tables [parameters.<name>], `lines` giving each one's line. Raises RulebookError."""
    content: object = top.raw("parameters") or {}
    if not isinstance(content, dict):
        raise top.place.error("malformed", "`parameters` must be written [parameters.<name>]")
    found: dict[str, Parameter] = {}
    for name, entry in cast("dict[str, object]", content).items():
        place = Place(top.place.origin, lines.get(name, 1), f"parameters.{name}")
        if not _NAME.fullmatch(name) or not isinstance(entry, dict):
            raise place.error("malformed", "must be written [parameters.<name>] with `value` and `basis`")
        found[name] = _parameter(Table(cast("dict[str, object]", entry), place))
    return MappingProxyType(found)


def _parameter(table: Table) -> Parameter:
    value = table.raw("value")
    if not isinstance(value, str | int) or (isinstance(value, str) and not value.strip()):
        raise table.place.error("malformed", "`value` must be a text, a whole number or true/false")
    if isinstance(value, int) and not 0 <= value <= _LARGEST:
        raise table.place.error("malformed", f"`value` must lie between 0 and {_LARGEST}")
    parameter = Parameter(value, table.text("basis"), _options(table))
    if parameter.options and value not in parameter.options:
        raise table.place.error("unknown_option", f"`value` must be one of {', '.join(parameter.options)}")
    table.close()
    return parameter


def _options(table: Table) -> Mapping[str, str]:
    options: object = table.raw("options") or {}
    texts = cast("dict[str, object]", options).values() if isinstance(options, dict) else (None,)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise table.place.error("malformed", "`options` must give each key a text")
    return MappingProxyType(cast("dict[str, str]", options))
