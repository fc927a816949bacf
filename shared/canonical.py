"""Canonical JSON (RFC 8785) and its SHA-256: what is digested, signed and compared byte for byte."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_text(value: Any) -> str:
    """RFC 8785 text of JSON built from strings, whole numbers, booleans, null, lists and objects with ASCII keys.

    For such values the standard library's sorted, compact output is the canonical one, at many times the speed
    of a general implementation; a property test compares the two. Floats raise TypeError: money and shares are
    strings or whole numbers here.
    """
    _refuse_floats(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical JSON holds no floats; write a string or a whole number")
    if isinstance(value, dict):
        for member in value.values():  # pyright: ignore[reportUnknownVariableType]
            _refuse_floats(member)
    elif isinstance(value, list):
        for member in value:  # pyright: ignore[reportUnknownVariableType]
            _refuse_floats(member)


def sha256_hex(text: str) -> str:
    """Lower-case hex SHA-256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
