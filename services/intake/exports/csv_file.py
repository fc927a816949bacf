"""Write a table as CSV: UTF-8 with a byte order mark, batch by batch as rows arrive."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.intake.exports.tabular import Cell, Column, Row, Rows, cell_of, neutral

# Excel takes a file without it for the code page of the machine.
_BOM = "\ufeff"


async def csv_chunks(columns: Sequence[Column], rows: Rows) -> AsyncGenerator[bytes]:
    """The file in chunks: the headings at once, then one chunk for each batch of rows.

    Every text is quoted, and one that looks like a formula has an apostrophe before it. Numbers and days are plain.
    A program that guesses types may still shorten long codes; the XLSX keeps them.
    """
    yield (_BOM + _lines([[column.heading for column in columns]])).encode()
    async for batch in rows:
        yield _lines([_line(row, columns) for row in batch]).encode()


def _line(row: Row, columns: Sequence[Column]) -> list[Any]:
    return [_shown(cell_of(value, column)) for value, column in zip(row, columns, strict=True)]


def _shown(cell: Cell) -> Any:
    match cell:
        case None:
            return ""
        case str():
            return neutral(cell)
        case datetime():
            return cell.isoformat(" ")
        case date():
            return cell.isoformat()
        case int() | Decimal():
            return cell


def _lines(rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue()
