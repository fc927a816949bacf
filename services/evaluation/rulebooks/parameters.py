"""Readings a source document leaves open, as settings: each with its value, its options and why it was chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import cast

from services.evaluation.rulebooks.tables import Table, nearest_of, or_rather

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


def read_parameters(top: Table, lines: Mapping[str, int] | None = None) -> Mapping[str, Parameter]:
    """The tables [parameters.<name>] that are sound; `lines` gives each one's line where `top` gathers no faults.

    Raises RulebookError at the first fault, or tells all of them where `top` gathers faults.
    """
    content: object = top.raw("parameters") or {}
    if not isinstance(content, dict):
        top.place.tell(
            "malformed",
            "`parameters` must be written [parameters.<name>]",
            "设定须写成 [parameters.名称]",
            key="parameters",
        )
        content = {}
    found: dict[str, Parameter] = {}
    for name, entry in cast("dict[str, object]", content).items():
        line = (lines or {}).get(name, 1)
        place = top.place.within("parameters", name, name=f"parameters.{name}", zh=f"设定“{name}”", line=line)
        if not _NAME.fullmatch(name) or not isinstance(entry, dict):
            place.tell(
                "malformed",
                "must be written [parameters.<name>] with `value` and `basis`",
                "须写成 [parameters.名称]，并有 `value` 和 `basis`；名称用小写字母、数字和下划线",
            )
        elif (parameter := _parameter(Table(cast("dict[str, object]", entry), place))) is not None:
            found[name] = parameter
    return MappingProxyType(found)


def _parameter(table: Table) -> Parameter | None:
    """None where its value is of no use; what else is wrong is told and changes no meaning."""
    value, place, options = table.raw("value"), table.place, _options(table)
    basis = table.text("basis")
    table.require("value")
    table.close()
    if not isinstance(value, str | int) or (isinstance(value, str) and not value.strip()):
        if value is not None:
            place.tell(
                "malformed",
                "`value` must be a text, a whole number or true/false",
                "`value` 须为文字、整数或 true/false（小数写成加引号的文字）",
                key="value",
            )
        return None
    if isinstance(value, int) and not 0 <= value <= _LARGEST:
        english, chinese = f"`value` must lie between 0 and {_LARGEST}", f"`value` 须在 0 与 {_LARGEST} 之间"
        place.tell("malformed", english, chinese, key="value")
        return None
    if options is None:
        return None
    if options and value not in options:
        named, near = ", ".join(options), or_rather(nearest_of(str(value), options))
        place.tell(
            "unknown_option",
            f"`value` must be one of {named}{near[0]}",
            f"`value` 须为 {named} 之一{near[1]}",
            key="value",
        )
        return None
    return Parameter(value, basis, options)


def _options(table: Table) -> Mapping[str, str] | None:
    """None where they are malformed."""
    options: object = table.raw("options") or {}
    texts = cast("dict[str, object]", options).values() if isinstance(options, dict) else (None,)
    if not all(isinstance(text, str) and text.strip() for text in texts):
        table.place.tell(
            "malformed", "`options` must give each key a text", "`options` 须给每个取值写明文字", key="options"
        )
        return None
    return MappingProxyType(cast("dict[str, str]", options))
