"""How a signed value stands in a cell of CSV or XLSX and is read back exactly; checks that tell which cell was altered."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from shared.canonical import canonical_text
from shared.reference.programmes import FIELDS

LABELS: Mapping[str, str] = {
    **FIELDS,
    "check": "校验",
    "programme": "名单代码",
    "title": "名单名称",
    "kind": "类别",
    "serial": "期号",
    "issued_at": "发布时间",
    "expires_at": "失效时间",
    "previous_digest": "上一期摘要",
    "count": "条数",
    "columns": "栏目",
    "column_digests": "各栏摘要",
    "digest": "摘要 SHA-256",
    "signature": "签名 JWS",
}
# What a head shows first; anything else follows by name.
_ORDER = ("programme", "title", "serial", "issued_at", "expires_at", "count", "previous_digest")
_TEXTS = frozenset({"programme", "title", "kind", "issued_at", "expires_at"})
# A program would run it, or (XLSX) take it for markup or an escaped character; an apostrophe of its own is one more.
_GUARDED = re.compile(r"['<\s=+\-@＝＋－＠\u200b-\u200f\u2060\ufeff\u00ad]|.*_x[0-9A-Fa-f]{4}_", re.DOTALL)
_CHECK_LENGTH = 16


def guarded(text: str) -> str:
    """The text for a cell: an apostrophe first where a spreadsheet would take it for something else than text."""
    return f"'{text}" if _GUARDED.match(text) else text


def unguarded(cell: str) -> str:
    """The text that `guarded` made the cell of."""
    return cell.removeprefix("'")


def head_order(head: Mapping[str, Any]) -> list[str]:
    """The names of a head in the order in which files show them."""
    return [name for name in _ORDER if name in head] + sorted(name for name in head if name not in _ORDER)


def head_cell(name: str, value: Any) -> str:
    """A value of the head as text: itself, or canonical JSON where it is none."""
    return value if name in _TEXTS else canonical_text(value)


def head_value(name: str, cell: str) -> Any:
    """The value that `head_cell` made the cell of; the cell itself where somebody broke it."""
    if name in _TEXTS:
        return cell
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return cell if isinstance(value, float) else value


def entry_check(entry: Mapping[str, Any]) -> str:
    """Sixteen hex digits that any other entry would not have: they find an altered row, and prove nothing."""
    return _check(dict(entry))


def head_check(name: str, value: Any) -> str:
    """As `entry_check`, for one value of the head."""
    return _check([name, value])


def _check(value: Any) -> str:
    return hashlib.sha256(canonical_text(value).encode()).hexdigest()[:_CHECK_LENGTH]
