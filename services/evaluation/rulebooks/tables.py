"""Reads a rulebook's TOML tables strictly (each key of its type, none left over) and digests their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar, cast

import rfc8785

from services.evaluation.rulebooks.errors import RulebookError

_Value = TypeVar("_Value")
_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands, for messages."""

    origin: str
    line: int
    name: str

    def error(self, code: str, message: str) -> RulebookError:
        return RulebookError(code, f"{self.name}: {message}", self.origin, self.line)


@dataclass(slots=True)
class Table:
    """A table being read; `close` refuses the keys nobody asked for."""

    content: Mapping[str, object]
    place: Place
    _read: set[str] = field(default_factory=set[str])

    def text(self, key: str) -> str:
        """Required, not blank."""
        if (value := self.optional_text(key)) is None:
            raise self.place.error("missing", f"`{key}` is missing")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self._typed(key, str)
        if value is not None and not value.strip():
            raise self.place.error("missing", f"`{key}` is empty")
        return value

    def identifier(self, key: str) -> str:
        """Required; lower case letters, digits and underscores, so that it can name columns and JSON keys."""
        if not _KEY.fullmatch(value := self.text(key)):
            raise self.place.error("malformed", f"`{key}` must match {_KEY.pattern}")
        return value

    def choice(self, key: str, options: tuple[str, ...]) -> str:
        if (value := self.text(key)) not in options:
            raise self.place.error("malformed", f"`{key}` must be one of {', '.join(options)}")
        return value

    def whole(self, key: str) -> int:
        if (value := self._typed(key, int)) is None:
            raise self.place.error("missing", f"`{key}` is missing")
        return value

    def flag(self, key: str) -> bool:
        """False when absent."""
        return self._typed(key, bool) or False

    def optional_date(self, key: str) -> date | None:
        return self._typed(key, date)

    def raw(self, key: str) -> object:
        self._read.add(key)
        return self.content.get(key)

    def tables(self, key: str) -> list[Mapping[str, object]]:
        """An array of tables; empty when absent."""
        value: object = self.raw(key) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in cast("list[object]", value)):
            raise self.place.error("malformed", f"`{key}` must be written [[{key}]]")
        return cast("list[Mapping[str, object]]", value)

    def close(self) -> None:
        if unknown := sorted(self.content.keys() - self._read):
            raise self.place.error("unknown_key", f"unknown keys: {', '.join(unknown)}")

    def _typed(self, key: str, kind: type[_Value]) -> _Value | None:
        value = self.raw(key)
        # bool is an int and datetime a date to Python, but not to a reader of the file.
        exact = type(value) is kind and not isinstance(value, datetime)
        if value is not None and not exact:
            raise self.place.error("malformed", f"`{key}` must be {kind.__name__}, not {type(value).__name__}")
        return cast("_Value | None", value)


def content_digest(content: Mapping[str, object], place: Place) -> str:
    """SHA-256 (hex) of canonical JSON (RFC 8785): comments, layout and the order of keys do not count."""
    try:
        return hashlib.sha256(rfc8785.dumps(_jsonable(content))).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise place.error("malformed", f"a value has no canonical form: {error}") from None


def _jsonable(value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _jsonable(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in cast("list[object]", value)]
    return value.isoformat() if isinstance(value, date) else value
