"""Canonical JSON (RFC 8785) and its SHA-256: what is digested, signed and compared byte for byte."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

# What a float looks like where a number may stand. A string can look so, too: then every value is looked at.
_FLOAT = re.compile(r"[:,\[]-?\d+[.eE]|^-?\d+[.eE]")


def canonical_text(value: Any) -> str:
    """RFC 8785 text of JSON built from strings, whole numbers, booleans, null, lists and objects with ASCII keys.

    For such values the standard library's sorted, compact output is the canonical one, at many times the speed
    of a general implementation; a property test compares the two. Floats raise TypeError: money and shares are
    strings or whole numbers here.
    """
    text = canonical_text_without_floats(value)
    if _FLOAT.search(text):
        _refuse_floats(value)
    return text


def canonical_text_without_floats(value: Any) -> str:
    """`canonical_text` for a value whose type rules floats out, such as the dump of a model that declares none."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


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
