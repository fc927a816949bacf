"""Where a receipt and its replay part: the first difference, in the order of canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

DifferenceCode = Literal["value_differs", "bytes_differ"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`pointer` is RFC 6901; `stored` and `replayed` are JSON texts, None where that side has nothing there.

    `bytes_differ`: the same content, written otherwise (spaces, order of keys, escapes).
    """

    code: DifferenceCode
    pointer: str
    stored: str | None
    replayed: str | None


def first_difference(stored: str, replayed: str) -> Difference | None:
    """None for texts equal to the byte. Raises ValueError where one of them is no JSON."""
    if stored == replayed:
        return None
    found = _first(json.loads(stored), json.loads(replayed), "")
    return found or Difference("bytes_differ", "", None, None)


def _first(stored: Any, replayed: Any, pointer: str) -> Difference | None:
    if isinstance(stored, dict) and isinstance(replayed, dict):
        return _first_member(cast("dict[str, Any]", stored), cast("dict[str, Any]", replayed), pointer)
    # true is 1 and 1.0 is 1 to Python, but not in JSON text.
    ours, theirs = _text(stored), _text(replayed)
    return None if ours == theirs else Difference("value_differs", pointer, ours, theirs)


def _first_member(stored: Mapping[str, Any], replayed: Mapping[str, Any], pointer: str) -> Difference | None:
    for key in sorted({*stored, *replayed}):
        place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if key in stored and key in replayed:
            if found := _first(stored[key], replayed[key], place):
                return found
        else:
            ours, theirs = (_text(side[key]) if key in side else None for side in (stored, replayed))
            return Difference("value_differs", place, ours, theirs)
    return None


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
