"""Write workbooks of the layout: the empty template to download, and the same filled with rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from io import BytesIO
from itertools import groupby

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.intake.imports.cell_values import CellValue
from services.intake.imports.registered_places import registered_places
from services.intake.imports.workbook_columns import Column, Sheet
from services.intake.imports.workbook_entry_rules import CodeRanges, add_entry_rules, add_warnings
from services.intake.imports.workbook_instructions import add_codes, add_instructions
from services.intake.imports.workbook_layout import CODES_SHEET, ENTERPRISES, FIRST_DATA_ROW, INSTRUCTIONS_SHEET, SHEETS
from services.intake.imports.workbook_styles import NAVY, Styles, group_colours
from shared.reference.province import province

# Counted from 0, as XlsxWriter does.
_FIRST = FIRST_DATA_ROW - 1
_HEADINGS = _FIRST - 1
_LAST = _FIRST + 20_000
_FROZEN_COLUMNS = 2
_PAGES_ACROSS = 2
_HINT = "带 * 为必填 · 金额单位为万元 · 不清楚请留空，不要填 0 · 各栏填法见表头批注和“填报说明”"
# The same rows always give the same bytes; the date is that of the plan, not of the writing.
_CREATED = datetime(2024, 6, 6, tzinfo=UTC)
_PERMITTED = {
    "format_columns": True,
    "format_rows": True,
    "format_cells": True,
    "insert_rows": True,
    "delete_rows": True,
    "sort": True,
    "autofilter": True,
}


def template() -> bytes:
    """The empty workbook for the province in use (.xlsx): locked headings, drop-downs, units and notes."""
    return write_workbook({})


def write_workbook(rows: Mapping[str, Sequence[Mapping[str, CellValue]]]) -> bytes:
    """The template filled with `rows`: by sheet key, each row a mapping from the layout's `field` to a raw cell.

    Text is always written as text, so nothing becomes a formula or a link. Equal rows give equal bytes.
    """
    stream = BytesIO()
    # Rows of a protected sheet can be deleted only where every cell is unlocked, so locked is what must stay.
    workbook = Workbook(stream, {"in_memory": True, "default_format_properties": {"locked": False}})
    workbook.set_properties({"title": province().programme, "created": _CREATED})
    styles = Styles(workbook)
    instructions = workbook.add_worksheet(INSTRUCTIONS_SHEET)
    sheets = [(sheet, workbook.add_worksheet(sheet.title)) for sheet in SHEETS]
    codes = add_codes(workbook.add_worksheet(CODES_SHEET), registered_places().places, styles)
    add_instructions(instructions, styles)
    for sheet, worksheet in sheets:
        _add_sheet(worksheet, sheet, rows.get(sheet.key, ()), codes, styles)
    if rows:
        sheets[0][1].activate()
    workbook.close()
    return stream.getvalue()


def _add_sheet(
    worksheet: Worksheet, sheet: Sheet, rows: Sequence[Mapping[str, CellValue]], codes: CodeRanges, styles: Styles
) -> None:
    formats = [styles.data(column) for column in sheet.columns]
    for index, (column, look) in enumerate(zip(sheet.columns, formats, strict=True)):
        worksheet.set_column(index, index, column.width, look)
    _add_head(worksheet, sheet, styles)
    for number, row in enumerate(rows, start=_FIRST):
        for index, column in enumerate(sheet.columns):
            _write(worksheet, number, index, row.get(column.field), formats[index])
    last = max(_LAST, _FIRST + len(rows))
    # A protected sheet lets people use the filter that is there, not make one.
    worksheet.autofilter(_HEADINGS, 0, last, len(sheet.columns) - 1)
    add_entry_rules(worksheet, sheet, (_FIRST, last), codes)
    add_warnings(worksheet, sheet, (_FIRST, last), styles)
    _arrange(worksheet, sheet)


def _add_head(worksheet: Worksheet, sheet: Sheet, styles: Styles) -> None:
    title, subtitle = styles.title(), styles.subtitle()
    for row, height, look in ((0, 34, title), (1, 20, subtitle), (2, 20, None), (_HEADINGS, 46, None)):
        worksheet.set_row(row, height)
        for index in range(len(sheet.columns) if look else 0):
            worksheet.write_blank(row, index, None, look)
    worksheet.write_string(0, 0, sheet.subject, title)
    worksheet.write_string(1, 0, f"{province().programme} · {_HINT}", subtitle)
    colours = group_colours(sheet.columns)
    for group, members in groupby(enumerate(sheet.columns), key=lambda pair: pair[1].group):
        indexes = [index for index, _ in members]
        _add_band(worksheet, indexes, group, styles.band(colours[group][0]))
    for index, column in enumerate(sheet.columns):
        _add_heading(worksheet, index, column, styles, colours[column.group])


def _add_band(worksheet: Worksheet, indexes: Sequence[int], group: str, look: Format) -> None:
    if len(indexes) == 1:
        worksheet.write_string(_HEADINGS - 1, indexes[0], group, look)
    else:
        worksheet.merge_range(_HEADINGS - 1, indexes[0], _HEADINGS - 1, indexes[-1], group, look)


def _add_heading(worksheet: Worksheet, index: int, column: Column, styles: Styles, colours: tuple[str, str]) -> None:
    look = styles.heading(*colours)
    if column.required:
        star = styles.of(bold=True, font_color="#D0021B")
        rest = styles.of(bold=True, font_color=colours[0])
        worksheet.write_rich_string(_HEADINGS, index, star, "*", rest, column.title.removeprefix("*"), look)
    else:
        worksheet.write_string(_HEADINGS, index, column.title, look)
    required = "（必填）" if column.required else ""
    note = f"{column.heading}{required}\n{column.note}"
    worksheet.write_comment(
        _HEADINGS,
        index,
        note,
        {"font_name": "微软雅黑", "font_size": 9, "color": "#FFFBE6", "width": 230, "height": 92},
    )


def _write(worksheet: Worksheet, row: int, column: int, value: CellValue, look: Format) -> None:
    """Write the cell by its own type; text that looks like a formula or a number stays text."""
    if isinstance(value, str):
        worksheet.write_string(row, column, value, look)
    elif isinstance(value, bool):
        worksheet.write_boolean(row, column, value, look)
    elif isinstance(value, date):
        worksheet.write_datetime(row, column, datetime.combine(value, time()), look)
    elif isinstance(value, int | float):
        worksheet.write_number(row, column, value, look)
    else:
        worksheet.write_blank(row, column, None, look)


def _arrange(worksheet: Worksheet, sheet: Sheet) -> None:
    worksheet.freeze_panes(_FIRST, _FROZEN_COLUMNS)
    worksheet.hide_gridlines(2)
    worksheet.set_tab_color(
        group_colours(sheet.columns)[sheet.columns[-1].group][0] if sheet is not ENTERPRISES else NAVY
    )
    worksheet.set_default_row(19)
    worksheet.protect("", _PERMITTED)
    worksheet.set_landscape()
    worksheet.set_paper(8)  # A3
    worksheet.fit_to_pages(_PAGES_ACROSS if sheet is ENTERPRISES else 1, 0)
    worksheet.repeat_rows(0, _HEADINGS)
    worksheet.repeat_columns(0, _FROZEN_COLUMNS - 1)
    worksheet.set_margins(0.4, 0.4, 0.5, 0.6)
    worksheet.set_footer("&L&A&C第 &P 页，共 &N 页")
