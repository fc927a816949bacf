"""Where each key and value of a TOML text stands, which tomllib does not keep."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")
_BLANK = re.compile(r"[ \t\r\n]*(?:#[^\n]*[ \t\r\n]*)*")
_ESCAPE = re.compile(r"\\(?:[ \t]*\n[ \t\n]*|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)")


class Positions:
    """Of one text that tomllib has read without complaint. A path goes by keys, and by numbers from 0 in arrays."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._breaks = [found.end() for found in re.finditer("\n", self._text)]
        scanner = _Scanner(self._text)
        scanner.document()
        self._keys, self._values = scanner.keys, scanner.values

    def of_key(self, path: Path) -> tuple[int, int]:
        """Line and column (from 1) of the key or header; of what holds it where it is not written itself."""
        while path and path not in self._keys and path not in self._values:
            path = path[:-1]
        return self._spot(self._keys.get(path, self._values.get(path, 0)))

    def of_value(self, path: Path, character: int | None = None) -> tuple[int, int]:
        """Line and column of the value, or of one character (from 0) of the text that it is."""
        start = self._values.get(path)
        if start is None:
            return self.of_key(path)
        if character is not None and self._text[start] in "\"'":
            sources = _sources(self._text, start)
            start = sources[min(character, len(sources) - 1)]
        return self._spot(start)

    def _spot(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._breaks, offset)
        return line + 1, offset - (self._breaks[line - 1] if line else 0) + 1


class _Scanner:
    """Walks the text once. Names of headers go on in the last table of an array, as TOML has it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._last: dict[Path, int] = {}
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._blank():
            table = self._header() if self._text[self._at] == "[" else self._pair(table)

    def _header(self) -> Path:
        start, repeated = self._at, self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        names = self._dotted()
        self._at = self._text.index("]", self._at) + (2 if repeated else 1)
        path: Path = ()
        for name in names[:-1]:
            path = self._inner((*path, name), start)
        path = (*path, names[-1])
        if repeated:
            self.keys.setdefault(path, start)
            self._last[path] = self._last.get(path, -1) + 1
            path = (*path, self._last[path])
        self.keys[path] = start
        return path

    def _inner(self, path: Path, start: int) -> Path:
        self.keys.setdefault(path, start)
        return (*path, self._last[path]) if path in self._last else path

    def _pair(self, table: Path) -> Path:
        start, path = self._at, table
        for name in self._dotted():
            path = (*path, name)
            self.keys.setdefault(path, start)
        self._at = self._text.index("=", self._at) + 1
        self._blank()
        self._value(path)
        return table

    def _dotted(self) -> list[str]:
        names: list[str] = []
        while True:
            self._blank()
            found = _BARE_KEY.match(self._text, self._at)
            if found is not None:
                names.append(found[0])
                self._at = found.end()
            else:
                names.append(self._quoted())
            self._blank()
            if self._text[self._at] != ".":
                return names
            self._at += 1

    def _quoted(self) -> str:
        """A quoted key as it is written between the quotes: what is escaped there is nobody's key."""
        start = self._at
        self._string()
        return self._text[start + 1 : self._at - 1]

    def _value(self, path: Path) -> None:
        self.values[path] = self._at
        opening = self._text[self._at]
        if opening in "\"'":
            self._string()
        elif opening in "[{":
            self._several(path, "]" if opening == "[" else "}")
        elif (found := _BARE_VALUE.match(self._text, self._at)) is not None:
            self._at = found.end()

    def _several(self, path: Path, closing: str) -> None:
        self._at += 1
        count = 0
        while self._blank() and self._text[self._at] != closing:
            if self._text[self._at] == ",":
                self._at += 1
            elif closing == "]":
                self._value((*path, count))
                count += 1
            else:
                self._pair(path)
        self._at += 1

    def _string(self) -> None:
        found = _STRING.match(self._text, self._at)
        self._at = len(self._text) if found is None else found.end()

    def _blank(self) -> bool:
        """Past spaces, line breaks and comments; whether anything is left."""
        found = _BLANK.match(self._text, self._at)
        self._at = self._at if found is None else found.end()
        return self._at < len(self._text)


def _sources(text: str, start: int) -> list[int]:
    """For each character of the string written at `start` the offset it comes from, and that of the closing quotes."""
    found = _STRING.match(text, start)
    end = len(text) if found is None else found.end()
    quotes = 3 if text[start : start + 3] in ('"""', "'''") else 1
    at, last = start + quotes, end - quotes
    if quotes > 1 and text[at] == "\n":
        at += 1
    sources: list[int] = []
    while at < last:
        escape = _ESCAPE.match(text, at) if text[start] == '"' and text[at] == "\\" else None
        if escape is None or "\n" not in escape[0]:
            sources.append(at)
        at = at + 1 if escape is None else escape.end()
    return [*sources, last]
