"""Workbooks for tests: the layout's own, plain ones with any headings, and damaged ones."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell

from services.demo.invented_enterprises import Expectation, invented_workbook
from services.intake.imports.workbook_layout import SHEETS
from services.intake.imports.workbook_rows import SheetRows

HEADINGS = ["统一社会信用代码", "企业名称", "县（市、区）", "材料真实性承诺"]


def plain_workbook(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    """Cells as given, row by row, without any of the template's furniture. Dates are formatted as dates."""
    stream = BytesIO()
    workbook = Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy/m/d"})
    for name, rows in sheets.items():
        worksheet = workbook.add_worksheet(name)
        for number, row in enumerate(rows):
            worksheet.write_row(number, 0, row)
    workbook.close()
    return stream.getvalue()


def with_part(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part of its zip changed."""
    stream = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename == part else data)
    return stream.getvalue()


def layout_workbook(rows: SheetRows) -> bytes:
    """The layout's headings in row 1 and the rows below, without the template's furniture: quick to make."""
    return plain_workbook(
        {
            sheet.title: [
                [column.title for column in sheet.columns],
                *[[row.get(column.field) for column in sheet.columns] for row in rows.get(sheet.key, ())],
            ]
            for sheet in SHEETS
        }
    )


def place(sheet_key: str, field: str, row: int) -> str:
    """Reference of a cell of `layout_workbook`; `row` counts data rows from 0."""
    sheet = next(sheet for sheet in SHEETS if sheet.key == sheet_key)
    index = [column.field for column in sheet.columns].index(field)
    return f"{sheet.title}!{xl_rowcol_to_cell(row + 1, index)}"


@cache
def awkward_workbook(seed: int) -> tuple[bytes, Expectation]:
    """The smallest of the demo's workbooks that has every awkward case, made once."""
    return invented_workbook(seed=seed, enterprises=40)
