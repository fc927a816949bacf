"""Canonical JSON (RFC 8785) and its SHA-256: what is digested, signed and compared byte for byte."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical_text(value: Any) -> str:
    """RFC 8785 text of JSON built from strings, whole numbers, booleans, null, lists and objects with ASCII keys.

    For such values orjson's sorted, compact output is the canonical one, at many times the speed of a general
    implementation; a property test compares the two. Floats raise TypeError: money and shares are
    strings or whole numbers here.
    """
    _refuse_floats(value)
    return canonical_text_without_floats(value)


def canonical_text_without_floats(value: Any) -> str:
    """`canonical_text` for a value whose type rules floats out, such as the dump of a model that declares none."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("canonical JSON holds no floats; write a string or a whole number")
    if isinstance(value, dict):
        for member in value.values():
            _refuse_floats(member)
    elif isinstance(value, list | tuple):
        for member in value:
            _refuse_floats(member)


def sha256_hex(text: str) -> str:
    """Lower-case hex SHA-256 of the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
