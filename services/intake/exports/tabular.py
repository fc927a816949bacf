"""Tables of typed columns, and how each value stands in a cell: as text, number or day, never as a formula."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from shared.reference.province import province

Kind = Literal["text", "code", "integer", "money", "date", "moment", "boolean", "reasons"]
# What a cell may hold; `Decimal` only for money in 元.
Cell = str | int | Decimal | date | datetime | None
Row = Sequence[Any]
Rows = AsyncIterator[Sequence[Row]]

# Excel, WPS and LibreOffice take a cell that begins so for a formula; full-width signs count in East Asian locales.
_FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_BLANKS = re.compile(r"^[\s\u200b-\u200f\u2060\ufeff\u00ad]+")
# XML 1.0 cannot hold these, and no text in them is worth keeping.
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_FEN = Decimal("0.01")
# Excel cuts off what is longer.
MOST_TEXT = 32_767


@dataclass(frozen=True, slots=True)
class Column:
    """A column as people read it; `labels` gives the Chinese word of each stored code."""

    heading: str
    kind: Kind = "text"
    width: int = 14
    labels: Mapping[str, str] | None = None


def cell_of(value: Any, column: Column) -> Cell:
    """The value as the column shows it. An unknown code is shown as it is, a missing value is blank."""
    if value is None:
        return None
    if column.labels is not None:
        return column.labels.get(str(value), clean(str(value)))
    shown: Cell = _SHOWN[column.kind](value)
    return clean(shown) if isinstance(shown, str) else shown


def clean(text: str) -> str:
    """The text with line feeds for line ends and without what XML cannot hold (� in its place)."""
    return _ILLEGAL.sub("�", text.replace("\r\n", "\n").replace("\r", "\n"))[:MOST_TEXT]


def neutral(text: str) -> str:
    """The text for a file without types: an apostrophe first where a program would see a formula."""
    return f"'{text}" if is_formula_like(text) else text


def is_formula_like(text: str) -> bool:
    """Whether a spreadsheet might run the text; blanks before a sign do not always protect."""
    return text[:1] in _FORMULA_STARTS or _BLANKS.sub("", text)[:1] in _FORMULA_STARTS


def _reasons(value: Any) -> str:
    """Violations or reasons of return, one a line: where, and what in Chinese."""
    items = value.get("items", []) if isinstance(value, dict) else value
    return "\n".join(_reason(item) for item in items)


def _reason(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    where = item.get("cell") or item.get("pointer") or item.get("field") or ""
    what = item.get("message_zh") or item.get("reason") or json.dumps(item, ensure_ascii=False)
    return f"{where}：{what}" if where else str(what)


def _local(moment: datetime) -> datetime:
    # People read the clock of the province; a cell knows no zone.
    return moment.astimezone(province().time_zone).replace(tzinfo=None, microsecond=0)


_SHOWN: Mapping[Kind, Callable[[Any], Cell]] = {
    "text": str,
    "code": str,
    "integer": int,
    "money": lambda value: Decimal(value).quantize(_FEN),
    "date": lambda value: value,
    "moment": _local,
    "boolean": lambda value: "是" if value else "否",
    "reasons": _reasons,
}
