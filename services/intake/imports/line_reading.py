"""Read the lines of an NDJSON file: each is a form or is rejected with every reason; nothing a line says can fail.

Rules of a line beyond JSON's own: no member twice (two readers could see two values), UTF-8 without a byte order mark.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
from pydantic import ValidationError

from services.intake.applications.schemas import ApplicationForm
from services.intake.imports.file_rows import FileRow, Place, good_row
from shared.errors import Violation
from shared.identifiers import IdentifierError, parse_uscc
from shared.security.actor import Actor
from shared.validation import json_pointer, violations_of_model

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A hostile or hopeless line has its first hundred faults listed, and beyond a number they are not even named.
_MOST_VIOLATIONS = 100
_MOST_FAULTS = 20_000
_SHOWN_CODE = 40

_LINE_FAULTS = {
    "blank_line": ("空行", "The line is blank"),
    "byte_order_mark": ("行首有字节顺序标记（BOM）", "The line begins with a byte order mark"),
    "line_too_long": ("该行过长", "The line is too long"),
    "invalid_utf8": ("不是有效的 UTF-8 文本", "Not valid UTF-8"),
    "json_invalid": ("不是有效的 JSON", "Not valid JSON"),
    "duplicate_key": ("同一字段出现两次", "A member appears twice"),
    "too_many_faults": ("错误过多，未逐一列出", "Too many faults to name each"),
}


def read_lines(content: bytes, first_line: int, actor: Actor, max_line_bytes: int) -> list[FileRow]:
    """The rows of a chunk of whole lines that begins with line `first_line`; CPU-bound.

    A mark at the very beginning of the file is not held against its first line.
    """
    if first_line == 1:
        content = content.removeprefix(BYTE_ORDER_MARK)
    lines = content.split(b"\n")
    if not lines[-1] and len(lines) > 1:
        lines.pop()
    return [_read(line, Place(number), actor, max_line_bytes) for number, line in enumerate(lines, first_line)]


def _read(line: bytes, place: Place, actor: Actor, max_line_bytes: int) -> FileRow:
    fault = _fault_of_bytes(line, max_line_bytes)
    if fault:
        return FileRow(place, None, violations=(_violation(fault),))
    try:
        document: Any = orjson.loads(line)
        repeated = _repeated_members(line, document)
    except (ValueError, TypeError, RecursionError):
        return FileRow(place, None, violations=(_violation("json_invalid"),))
    if repeated:
        violations = tuple(_violation("duplicate_key", one) for one in repeated)
        return FileRow(place, _code_of(document), violations=violations)
    try:
        return good_row(place, ApplicationForm.model_validate_json(line), actor)
    except ValidationError as error:
        return FileRow(place, _code_of(document), violations=_violations(error))


def _fault_of_bytes(line: bytes, max_line_bytes: int) -> str | None:
    if len(line) > max_line_bytes:
        return "line_too_long"
    if line.startswith(BYTE_ORDER_MARK):
        return "byte_order_mark"
    if not line.strip():
        return "blank_line"
    try:
        line.decode()
    except UnicodeDecodeError:
        return "invalid_utf8"
    return None


def _violation(code: str, pointer: str = "") -> Violation:
    chinese, english = _LINE_FAULTS[code]
    return Violation(code, chinese, english, pointer=pointer)


def _violations(error: ValidationError) -> tuple[Violation, ...]:
    if error.error_count() > _MOST_FAULTS:
        return (_violation("too_many_faults"),)
    return tuple(violations_of_model(error)[:_MOST_VIOLATIONS])


def _code_of(document: Any) -> str | None:
    """The enterprise's code as far as the line has one, to be shown and compared."""
    value = document.get("uscc") if isinstance(document, dict) else None
    if not isinstance(value, str):
        return None
    try:
        return parse_uscc(value)
    except IdentifierError:
        return value[:_SHOWN_CODE]


def _repeated_members(line: bytes, document: Any) -> list[str]:
    """Pointers of members that stand twice in an object.

    Parsing keeps the last of them, so a line that holds no more colons than its members and texts do has none; the
    slow way is for lines that have more, or that spell colons in another way.
    """
    if line.count(b":") == orjson.dumps(document).count(b":") and b"\\u003" not in line:
        return []
    pairs = json.loads(line, object_pairs_hook=_Members)
    return list(dict.fromkeys(json_pointer(location) for location in _twice(pairs, ())))[:_MOST_VIOLATIONS]


class _Members(list[tuple[str, Any]]):
    """An object's members as they stand, repeated ones too."""


def _twice(value: Any, location: tuple[int | str, ...]) -> Iterator[tuple[int | str, ...]]:
    if isinstance(value, _Members):
        seen: set[str] = set()
        for name, member in value:
            if name in seen:
                yield (*location, name)
            seen.add(name)
            yield from _twice(member, (*location, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _twice(item, (*location, index))
