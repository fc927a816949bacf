"""Line numbers of a TOML text's table headers, which tomllib does not keep."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# In this order: a header inside a text or a comment is none.
_TOKENS = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
_HEADER = re.compile(r"^[ \t]*\[(\[?)[ \t]*([A-Za-z0-9_.\- \t]+?)[ \t]*\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Header:
    """`name` is dotted, such as "criterion.part"; `repeated` where written in double brackets."""

    name: str
    line: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of one valid TOML text, in order."""

    found: tuple[Header, ...]

    def of(self, name: str) -> list[int]:
        """Lines of the headers [[name]]."""
        return [header.line for header in self.found if header.repeated and header.name == name]

    def within(self, name: str, inner: str) -> list[list[int]]:
        """For each [[name]] the lines of the [[name.inner]] that belong to it."""
        lines: list[list[int]] = []
        for header in self.found:
            if header.repeated and header.name == name:
                lines.append([])
            elif header.repeated and header.name == f"{name}.{inner}" and lines:
                lines[-1].append(header.line)
        return lines

    def named(self, prefix: str) -> dict[str, int]:
        """Lines of the headers [prefix.name], by name."""
        single = (header for header in self.found if not header.repeated)
        return {
            header.name.removeprefix(f"{prefix}."): header.line
            for header in single
            if header.name.startswith(f"{prefix}.")
        }


def headers(text: str) -> Headers:
    """The headers of a text that tomllib has read without complaint."""
    return Headers(tuple(_headers(_TOKENS.sub(_blanked, text))))


def _blanked(token: re.Match[str]) -> str:
    # Line breaks stay, so that lines keep their numbers; the text's place stays occupied.
    return '"' + "\n" * token[0].count("\n") + '"'


def _headers(bare: str) -> Iterator[Header]:
    line, at = 1, 0
    for found in _HEADER.finditer(bare):
        line += bare.count("\n", at, found.start())
        at = found.start()
        yield Header(re.sub(r"[ \t]", "", found[2]), line, bool(found[1]))
