"""Reads a file's TOML tables strictly (each key of its type, none left over) and digests their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, TypeVar, cast

import rfc8785

from services.evaluation.rulebooks.drafts import Draft
from services.evaluation.rulebooks.errors import ExpressionError, FollowingError, RulebookError
from services.evaluation.rulebooks.positions import Path

_Value = TypeVar("_Value")
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_KINDS: Mapping[type, str] = {str: "文字", int: "整数", bool: "true 或 false", date: "日期", float: "小数"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands, for messages. With a `draft` faults are noted there, and told where the value itself is."""

    origin: str
    line: int
    name: str
    zh: str = ""
    path: Path = ()
    draft: Draft | None = None

    def error(
        self, code: str, message: str, zh: str = "", *, key: str | None = None, at: int | None = None
    ) -> RulebookError:
        """A RulebookError about the table, or about its `key`, or about the `at`-th character of that key's text."""
        return self._error(code, message, zh, self._spot(key, at))

    def tell(self, code: str, message: str, zh: str = "", *, key: str | None = None, at: int | None = None) -> None:
        """Notes it and goes on; raises RulebookError where faults are not gathered."""
        self._note(self._error(code, message, zh, self._spot(key, at)))

    def tell_key(self, code: str, message: str, zh: str, key: str) -> None:
        """`tell` about the key as such, not about its value."""
        spot = (self.line, 1) if self.draft is None else self.draft.key((*self.path, key))
        self._note(self._error(code, message, zh, spot))

    def tell_expression(self, error: ExpressionError, key: str) -> None:
        """`tell` all that is wrong with the expression under `key`."""
        for one in (error, *error.others):
            if not isinstance(one, FollowingError):
                self.tell(one.code, one.message, one.zh, key=key, at=one.at)

    def within(self, *path: str | int, name: str, zh: str, line: int | None = None) -> Place:
        """The place of an inner table."""
        return Place(self.origin, self.line if line is None else line, name, zh, (*self.path, *path), self.draft)

    def _error(self, code: str, message: str, zh: str, spot: tuple[int, int]) -> RulebookError:
        line, column = spot
        chinese = f"{self.zh}：{zh}" if self.zh and zh else zh
        return RulebookError(code, f"{self.name}: {message}", self.origin, line, zh=chinese, column=column)

    def _spot(self, key: str | None, at: int | None) -> tuple[int, int]:
        if self.draft is None:
            return self.line, 1
        return self.draft.key(self.path) if key is None else self.draft.value((*self.path, key), at)

    def _note(self, error: RulebookError) -> None:
        if self.draft is None:
            raise error
        self.draft.note(error)


@dataclass(slots=True)
class Table:
    """A table being read; `close` tells the keys nobody asked for and those that are not there.

    Where faults are gathered, what is wrong is told and something empty given instead, so that reading goes on.
    """

    content: Mapping[str, object]
    place: Place
    _read: set[str] = field(default_factory=set[str])
    _absent: list[str] = field(default_factory=list[str])

    def text(self, key: str) -> str:
        """Required, not blank."""
        value = self.optional_text(key)
        self.require(key)
        return value or ""

    def optional_text(self, key: str) -> str | None:
        value = self._typed(key, str)
        if value is not None and not value.strip():
            self.place.tell("missing", f"`{key}` is empty", f"`{key}` 是空的", key=key)
            return None
        return value

    def identifier(self, key: str) -> str:
        """Required; lower case letters, digits and underscores, so that it can name columns and JSON keys."""
        if (value := self.text(key)) and not _KEY.fullmatch(value):
            english = f"`{key}` must match {_KEY.pattern}"
            self.place.tell("malformed", english, f"`{key}` 只能用小写字母开头的字母、数字和下划线", key=key)
        return value

    def choice(self, key: str, options: tuple[str, ...]) -> str:
        if (value := self.text(key)) in options:
            return value
        if value:
            named, (english, chinese) = ", ".join(options), or_rather(nearest_of(value, options))
            self.place.tell(
                "malformed", f"`{key}` must be one of {named}{english}", f"`{key}` 须为 {named} 之一{chinese}", key=key
            )
        return options[0]

    def whole(self, key: str) -> int:
        value = self._typed(key, int)
        self.require(key)
        return value or 0

    def flag(self, key: str) -> bool:
        """False when absent."""
        return self._typed(key, bool) or False

    def optional_date(self, key: str) -> date | None:
        return self._typed(key, date)

    def raw(self, key: str) -> object:
        self._read.add(key)
        return self.content.get(key)

    def require(self, key: str) -> None:
        """Tells that `key` is missing, once it is known whether it is only mistyped."""
        self._read.add(key)
        if key in self.content:
            return
        if self.place.draft is None:
            raise self.place.error("missing", f"`{key}` is missing", f"缺少 `{key}`")
        self._absent.append(key)

    def tables(self, key: str) -> list[Mapping[str, object]]:
        """An array of tables; empty when absent."""
        value: object = self.raw(key) or []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in cast("list[object]", value)):
            self.place.tell("malformed", f"`{key}` must be written [[{key}]]", f"`{key}` 须写成 [[{key}]]", key=key)
            return []
        return cast("list[Mapping[str, object]]", value)

    def inner(self, key: str, name: str, zh: str) -> list[Table]:
        """The tables of an array, each at its own place, which is called by its number."""
        return [
            Table(content, self.place.within(key, at, name=f"{name} {at + 1}", zh=zh.format(at + 1)))
            for at, content in enumerate(self.tables(key))
        ]

    def close(self) -> None:
        mistyped: set[str] = set()
        for key in sorted(self.content.keys() - self._read):
            nearest = nearest_of(key, self._absent) or nearest_of(key, self._read - self.content.keys())
            mistyped.add(nearest or "")
            english, chinese = or_rather(nearest)
            self.place.tell_key("unknown_key", f"unknown key `{key}`{english}", f"没有 `{key}` 这个键{chinese}", key)
        for key in self._absent:
            if key not in mistyped:
                self.place.tell("missing", f"`{key}` is missing", f"缺少 `{key}`")

    def _typed(self, key: str, kind: type[_Value]) -> _Value | None:
        value = self.raw(key)
        # bool is an int and datetime a date to Python, but not to a reader of the file.
        exact = type(value) is kind and not isinstance(value, datetime)
        if value is None or exact:
            return cast("_Value | None", value)
        given = _KINDS.get(type(value), type(value).__name__)
        english = f"`{key}` must be {kind.__name__}, not {type(value).__name__}"
        self.place.tell("malformed", english, f"`{key}` 须为{_KINDS[kind]}，不是{given}", key=key)
        return None


def nearest_of(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most looks like, if one does."""
    return next(iter(get_close_matches(name, sorted(known), 1, 0.6)), None)


def or_rather(nearest: str | None) -> tuple[str, str]:
    """Words that name the nearest known one, in English and Chinese; empty where nothing is near."""
    return (f" (did you mean `{nearest}`?)", f"，最接近的是 `{nearest}`") if nearest else ("", "")


def content_digest(content: Mapping[str, object], place: Place) -> str:
    """SHA-256 (hex) of canonical JSON (RFC 8785): comments, layout and the order of keys do not count."""
    try:
        return hashlib.sha256(rfc8785.dumps(_jsonable(content))).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise place.error(
            "malformed", f"a value has no canonical form: {error}", f"有的值没有规范写法：{error}"
        ) from None


def _jsonable(value: object) -> Any:
    if isinstance(value, Mapping):
        return {key: _jsonable(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_jsonable(item) for item in cast("list[object]", value)]
    return value.isoformat() if isinstance(value, date) else value
