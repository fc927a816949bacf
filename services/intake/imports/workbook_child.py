"""The short-lived process that parses an uploaded workbook: bounded memory and time, nothing but standard streams.

Reads the workbook on standard input and answers with one JSON document on standard output.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from io import BytesIO
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook

from services.intake.imports.workbook_confinement import receive
from services.intake.imports.workbook_scan import ScanLimits, SheetMarks, WorkbookRefusedError, scan

# Text that the answer may carry: one shared string can stand in a million cells.
_MAX_TEXT = 60_000_000


def main() -> None:
    """The wishes name `sheets` (title to most rows) beside the limits of this process."""
    wishes, content = receive()
    try:
        answer: dict[str, Any] = {"sheets": _read(content, wishes["sheets"], wishes["max_unpacked_bytes"])}
    except WorkbookRefusedError as refusal:
        answer = {"refused": refusal.code, "cell": refusal.cell}
    sys.stdout.write(json.dumps(answer, ensure_ascii=True))


def _read(content: bytes, sheets: dict[str, int], max_unpacked_bytes: int) -> dict[str, Any]:
    marks = scan(content, sheets, ScanLimits(max_unpacked_bytes))
    workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    found: dict[str, Any] = {}
    text_left = _MAX_TEXT
    for name in workbook.sheet_names:
        key = name.strip()
        if key in sheets and key not in found:
            rows, text = _rows(workbook.get_sheet_by_name(name), key, sheets[key], text_left)
            text_left -= text
            beside = marks.get(name, SheetMarks())
            found[key] = {"rows": rows} | {kind: sorted(noted) for kind, noted in asdict(beside).items()}
    return found


def _rows(sheet: CalamineSheet, name: str, most: int, text_left: int) -> tuple[list[Any], int]:
    """Rows that are not blank as [row number, first column, cells], and the characters they hold."""
    rows: list[Any] = []
    characters = 0
    first_column = sheet.start[1] if sheet.start else 0
    for index, values in enumerate(sheet.iter_rows()):
        cells = [_plain(value) for value in values]
        while cells and cells[-1] is None:
            cells.pop()
        if not cells:
            continue
        rows.append([index + 1, first_column, cells])
        characters += sum(len(cell) for cell in cells if isinstance(cell, str))
        if len(rows) > most:
            raise WorkbookRefusedError("workbook_too_many_rows", cell=f"{name}!A{index + 1}")
        if characters > text_left:
            raise WorkbookRefusedError("workbook_too_large")
    return rows, characters


def _plain(value: object) -> Any:
    """A JSON value; dates become {"date": ISO}, times of day and durations their text."""
    if isinstance(value, str):
        # PostgreSQL cannot store NUL, not even in a message; any other control character is refused by the form.
        return value.replace("\0", "\1") if value and not value.isspace() else None
    if isinstance(value, datetime):
        return {"date": value.date().isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value if isinstance(value, bool | int | float) else str(value)


if __name__ == "__main__":
    main()
