"""Get the rows out of an uploaded workbook without trusting it: parsing happens in a confined child process."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from services.intake.imports import errors
from services.intake.imports.cell_values import CellValue, FormulaError
from services.intake.imports.workbook_layout import ENTERPRISES, SHEETS
from services.intake.imports.workbook_process import run_confined
from shared.errors import ErrorKind, Problem, Violation

_KINDS: dict[str, ErrorKind] = {
    kind.code: kind
    for kind in (
        errors.NOT_A_WORKBOOK,
        errors.WORKBOOK_FORMAT_UNSUPPORTED,
        errors.WORKBOOK_ENCRYPTED,
        errors.WORKBOOK_TOO_LARGE,
        errors.WORKBOOK_TOO_MANY_ROWS,
        errors.WORKBOOK_OUT_OF_RANGE,
        errors.WORKBOOK_UNREADABLE,
    )
}
# Title rows, bands and headings above the data.
_HEAD_ROWS = 10
_MOST_MERGED = 1_000


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """What one workbook may cost: bytes as uploaded and unpacked, rows, and the parser's memory and seconds."""

    max_bytes: int = 20 * 1024 * 1024
    max_unpacked_bytes: int = 200 * 1024 * 1024
    max_enterprises: int = 5_000
    max_detail_rows: int = 99_000
    max_memory_bytes: int = 960 * 1024 * 1024
    max_seconds: int = 30


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row that is not blank; `number` counts from 1 and `cells` from column A, as in the workbook."""

    number: int
    cells: list[CellValue]
    hidden: bool = False


def sheet_rows(content: bytes, limits: WorkbookLimits) -> dict[str, list[SheetRow]]:
    """Rows of the layout's sheets by sheet title; a sheet that the workbook lacks is absent.

    Raises Problem with a kind of `errors` when the workbook is refused or cannot be read, and `unavailable` when
    this machine cannot start another process.
    """
    check_size(content, limits)
    answer = _ask_child(content, limits)
    if "refused" in answer:
        raise refusal(answer["refused"], answer.get("cell"), limits)
    return {title: _decoded(**sheet) for title, sheet in answer["sheets"].items()}


def check_size(content: bytes, limits: WorkbookLimits) -> None:
    """Raise Problem for a file that is empty or over the limit."""
    if len(content) > limits.max_bytes:
        most = limits.max_bytes // (1024 * 1024)
        raise Problem(errors.WORKBOOK_TOO_LARGE, detail_zh=f"不得超过 {most} MB", detail_en=f"At most {most} MiB")
    if not content:
        raise Problem(errors.NOT_A_WORKBOOK, detail_zh="文件为空", detail_en="The file is empty")


def _ask_child(content: bytes, limits: WorkbookLimits) -> dict[str, Any]:
    most = {
        sheet.title: (limits.max_enterprises if sheet is ENTERPRISES else limits.max_detail_rows) + _HEAD_ROWS
        for sheet in SHEETS
    }
    answer = run_confined(
        "services.intake.imports.workbook_child",
        {"sheets": most} | child_limits(limits),
        content,
        max_seconds=limits.max_seconds,
    )
    try:
        return _loaded(answer)
    except ValueError:
        raise Problem(errors.WORKBOOK_UNREADABLE) from None


def _loaded(answer: bytes) -> dict[str, Any]:
    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError:
        # A cell may hold NaN or infinity, which only the slow way knows.
        return json.loads(answer)


def child_limits(limits: WorkbookLimits) -> dict[str, int]:
    """The part of a child's wishes that bounds it."""
    return {
        "max_unpacked_bytes": limits.max_unpacked_bytes,
        "max_memory_bytes": limits.max_memory_bytes,
        "max_seconds": limits.max_seconds,
    }


def refusal(code: str, cell: str | None, limits: WorkbookLimits) -> Problem:
    """The Problem for what a child refused."""
    kind = _KINDS[code]
    if kind is errors.WORKBOOK_TOO_MANY_ROWS:
        most_zh = f"“{ENTERPRISES.title}”最多 {limits.max_enterprises} 行，明细表最多 {limits.max_detail_rows} 行"
        most_en = f"At most {limits.max_enterprises} enterprises and {limits.max_detail_rows} rows of details a sheet"
        return Problem(kind, detail_zh=most_zh, detail_en=most_en)
    if cell:
        return Problem(kind, violations=[Violation(kind.code, kind.title_zh, kind.title_en, cell=cell)])
    return Problem(kind)


def _decoded(
    rows: Iterable[list[Any]], errors: Iterable[str], hidden: Iterable[int], merges: Iterable[str]
) -> list[SheetRow]:
    unseen = set(hidden)
    decoded = {
        number: SheetRow(number, [None] * first_column + [_value(cell) for cell in cells], number in unseen)
        for number, first_column, cells in rows
    }
    for merge in merges:
        _fill_down(decoded, *merge.split(":"))
    for reference in errors:
        # The parser shows an error cell as blank, which would pass for a missing figure.
        column, number = _position(reference)
        row = decoded.setdefault(number, SheetRow(number, []))
        row.cells.extend([None] * (column + 1 - len(row.cells)))
        row.cells[column] = FormulaError()
    return sorted(decoded.values(), key=lambda row: row.number)


def _fill_down(rows: Mapping[int, SheetRow], first: str, last: str) -> None:
    """A text merged over several rows stands for each of them that has something of its own.

    Numbers and days do not: a sum merged over two enterprises belongs to neither.
    """
    (column, top), (_, bottom) = _position(first), _position(last)
    above = rows.get(top)
    text = above.cells[column] if above is not None and column < len(above.cells) else None
    if not isinstance(text, str):
        return
    for number in range(top + 1, min(bottom, top + _MOST_MERGED) + 1):
        row = rows.get(number)
        if row is not None:
            row.cells.extend([None] * (column + 1 - len(row.cells)))
            row.cells[column] = text if row.cells[column] is None else row.cells[column]


def _value(cell: Any) -> CellValue:
    return date.fromisoformat(cell["date"]) if isinstance(cell, dict) else cell


def _position(reference: str) -> tuple[int, int]:
    match = re.fullmatch(r"([A-Z]+)(\d+)", reference)
    letters, digits = match.groups() if match else ("A", "1")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1, int(digits)
