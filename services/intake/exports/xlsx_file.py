"""Write a table as XLSX in constant memory: rows go to a temporary file as they arrive, and the file is then sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.intake.exports.tabular import Cell, Column, Row, Rows, cell_of

MOST_ROWS = 1_048_575
_CHUNK = 256 * 1024
# Excel keeps fifteen significant digits; longer amounts stay exact as text.
_EXACT = 10**15
_NUMBER_FORMATS = {
    "integer": "#,##0",
    "money": "#,##0.00",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
}
# Points; a row cannot be higher than 409.
_LINE, _MOST_HIGH = 15, 400
_CENTRED = {"date", "moment", "boolean"}


class TableWriter:
    """One workbook of one table; a table longer than a sheet goes on with the next. Used by one thread at a time."""

    def __init__(self, path: Path, title: str, columns: Sequence[Column], most_rows: int = MOST_ROWS) -> None:
        self._workbook = Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)})
        self._title, self._columns, self._most_rows = title, columns, most_rows
        self._formats = [self._format(column) for column in columns]
        self._heading = self._look(bold=True, font_color="#FFFFFF", bg_color="#17375E", align="center", text_wrap=True)
        self._sheet, self._rows = self._add_sheet(), 0

    def add(self, batch: Sequence[Row]) -> None:
        """Write the rows below the last."""
        for row in batch:
            if self._rows == self._most_rows:
                self._finish_sheet()
                self._sheet, self._rows = self._add_sheet(), 0
            self._rows += 1
            cells = [cell_of(value, column) for value, column in zip(row, self._columns, strict=True)]
            lines = max((cell.count("\n") for cell in cells if isinstance(cell, str)), default=0) + 1
            if lines > 1:
                self._sheet.set_row(self._rows, min(lines * _LINE, _MOST_HIGH))
            for index, cell in enumerate(cells):
                _write(self._sheet, self._rows, index, cell, self._formats[index])

    def close(self) -> None:
        """Complete the file."""
        self._finish_sheet()
        self._workbook.close()

    def abandon(self) -> None:
        """Let go of the files below an incomplete workbook; nothing to do for a complete one."""
        for sheet in self._workbook.worksheets():
            if sheet.row_data_fh is not None:
                sheet.row_data_fh.close()

    def _add_sheet(self) -> Worksheet:
        number = len(self._workbook.worksheets()) + 1
        sheet = self._workbook.add_worksheet(self._title if number == 1 else f"{self._title}（{number}）")
        for index, column in enumerate(self._columns):
            sheet.set_column(index, index, column.width, self._formats[index])
        sheet.set_row(0, 26)
        for index, column in enumerate(self._columns):
            sheet.write_string(0, index, column.heading, self._heading)
        sheet.freeze_panes(1, 0)
        sheet.hide_gridlines(2)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(8)  # A3
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&C第 &P 页，共 &N 页")
        return sheet

    def _finish_sheet(self) -> None:
        self._sheet.autofilter(0, 0, self._rows, len(self._columns) - 1)

    def _format(self, column: Column) -> Format:
        align = "right" if column.kind in {"integer", "money"} else "center" if column.kind in _CENTRED else "left"
        return self._look(
            num_format=_NUMBER_FORMATS.get(column.kind, "@"),
            align=align,
            text_wrap=column.kind == "reasons",
            indent=1 if align == "left" else 0,
            bottom=1,
            bottom_color="#D5DCE4",
        )

    def _look(self, **properties: object) -> Format:
        return self._workbook.add_format({"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"} | properties)


def _write(sheet: Worksheet, row: int, column: int, cell: Cell, look: Format) -> None:
    match cell:
        case None:
            pass
        case str():
            sheet.write_string(row, column, _never_markup(cell), look)
        case datetime():
            sheet.write_datetime(row, column, cell, look)
        case date():
            sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), look)  # noqa: DTZ001 - a day
        case int() | Decimal() if abs(cell) * (100 if isinstance(cell, Decimal) else 1) < _EXACT:
            sheet.write_number(row, column, float(cell), look)
        case int() | Decimal():
            sheet.write_string(row, column, str(cell) if isinstance(cell, int) else f"{cell:f}", look)


def _never_markup(text: str) -> str:
    """In this mode XlsxWriter takes a text in <r>…</r> for its own rich text and would not escape it."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


async def xlsx_chunks(title: str, columns: Sequence[Column], rows: Rows) -> AsyncGenerator[bytes]:
    """The file in chunks. It is complete before the first of them: a zip has its directory at its end."""
    folder = TemporaryDirectory(prefix="peiyu-export-")
    path = Path(folder.name) / "table.xlsx"
    loop = asyncio.get_running_loop()
    # One thread for all of it, one step after the other: the service goes on answering, and what is cleared away
    # at the end is never in use, even where nobody waits for the end any more.
    with _LeavingExecutor(1, thread_name_prefix="export") as thread:
        writer = await loop.run_in_executor(thread, TableWriter, path, title, columns)
        try:
            async for batch in rows:
                await loop.run_in_executor(thread, writer.add, batch)
            await loop.run_in_executor(thread, writer.close)
            with path.open("rb") as stream:
                while chunk := await loop.run_in_executor(thread, stream.read, _CHUNK):
                    yield chunk
        finally:
            thread.submit(writer.abandon)
            thread.submit(folder.cleanup)


class _LeavingExecutor(ThreadPoolExecutor):
    """Does what was submitted and ends by itself; nobody waits for it."""

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=False)
