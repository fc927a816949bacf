"""The first sheet of a marked workbook: what came back, what to do, and a list of the marked cells with links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from services.intake.imports.workbook_marking_sheet import COLOUR, printable

SUMMARY_SHEET = "退回说明"
# Further cells are found by their colour.
_MOST_LISTED = 2_000
_WIDTHS = (6, 12, 9, 24, 62, 62)
_HEADINGS = ("序号", "工作表", "单元格", "统一社会信用代码", "需要改正的内容", "What needs mending")
_FONT, _NAVY, _RULE = "微软雅黑", "FF17375E", "FFD5DCE4"
_PLAIN = Font(name=_FONT, size=10)
# Below the title, six lines, a blank one and the headings.
_FIRST_LINE = 10
# About as many Chinese characters as a line of the column of reasons holds.
_LINE = 30


def add_summary(workbook: Workbook, plan: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    """Put the sheet 退回说明 first, in place of an earlier one. `titles` name the sheets as this workbook does."""
    for title in list(workbook.sheetnames):
        if title == SUMMARY_SHEET:
            del workbook[title]
    worksheet = workbook.create_sheet(SUMMARY_SHEET, 0)
    for each in workbook.worksheets:
        # Sheets that are selected together are edited together.
        each.sheet_view.tabSelected = each is worksheet
    workbook.active = 0
    marks = list(_marks(plan, titles))
    _add_head(worksheet, plan, len(marks))
    for number, (title, mark) in enumerate(marks[:_MOST_LISTED], start=1):
        _add_line(worksheet, number, title, mark)
    _arrange(worksheet)


def _marks(plan: Mapping[str, Any], titles: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for title, sheet in plan["sheets"].items():
        for mark in sheet["marks"].values():
            if not mark["follows"]:
                yield titles[title], mark


def _add_head(worksheet: Worksheet, plan: Mapping[str, Any], marks: int) -> None:
    strays = f"，另有 {plan['strays']} 行明细未采用" if plan["strays"] else ""
    listed = f"（下表列出前 {_MOST_LISTED} 处）" if marks > _MOST_LISTED else ""
    others = f"{plan['untouched']} good ones are kept" if plan["untouched"] else "accepted ones are left out"
    grey = Font(name=_FONT, size=10, color="FF6B7785")
    lines = (
        ("退回说明：请改正标色的单元格后重新上传", Font(name=_FONT, size=16, bold=True, color=_NAVY)),
        (f"{plan['enterprises']} 家企业未采用{strays}，共 {marks} 处需要改正{listed}。", _PLAIN),
        (_the_others(plan["untouched"]), _PLAIN),
        ("需要改正的单元格标为红色并附批注；点击下表的单元格编号可直接跳转。", _PLAIN),
        ("改正后保存为 .xlsx，直接上传本文件即可；标色、批注和本页不必清除。", _PLAIN),
        ("原因中提到的行号是原文件的行号；公式已换成其最后结果。", grey),
        (f"{plan['enterprises']} enterprises not accepted, {marks} cells to mend; {others}.", grey),
    )
    for row, (text, look) in enumerate(lines, start=1):
        cell = worksheet.cell(row, 1)
        _write_text(cell, text)
        cell.font = look
        cell.alignment = Alignment(vertical="center")
        worksheet.row_dimensions[row].height = 30 if row == 1 else 19
    for column, heading in enumerate(_HEADINGS, start=1):
        cell = worksheet.cell(_FIRST_LINE - 1, column, heading)
        cell.font = Font(name=_FONT, size=10, bold=True, color="FFFFFFFF")
        cell.fill = PatternFill("solid", fgColor=_NAVY)
        cell.alignment = Alignment(horizontal="center", vertical="center")
    worksheet.row_dimensions[_FIRST_LINE - 1].height = 22


def _the_others(untouched: int) -> str:
    if untouched:
        return f"本次没有存入任何申报；另有 {untouched} 家没有发现问题，保留在本文件中，改正后一并上传即可。"
    return "已采用的企业不在本文件中，请勿重复填报。"


def _add_line(worksheet: Worksheet, number: int, title: str, mark: Mapping[str, Any]) -> None:
    row = _FIRST_LINE - 1 + number
    texts = (
        str(number),
        title,
        mark["moved"],
        mark["code"][:40],
        "\n".join(mark["texts_zh"]),
        "\n".join(mark["texts_en"]),
    )
    for column, text in enumerate(texts, start=1):
        cell = worksheet.cell(row, column)
        _write_text(cell, text)
        cell.font = _PLAIN
        side = "left" if column > 3 else "center"
        cell.alignment = Alignment(vertical="center", wrap_text=column > 4, horizontal=side)
        cell.border = Border(bottom=Side("thin", color=_RULE))
    link = worksheet.cell(row, 3)
    quoted = title.replace("'", "''")
    link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{quoted}'!{mark['moved']}", display=mark["moved"])
    link.font = Font(name=_FONT, size=10, color="FF1F5C99", underline="single")
    link.fill = PatternFill("solid", fgColor=COLOUR)
    worksheet.row_dimensions[row].height = 18 * sum(1 + len(text) // _LINE for text in mark["texts_zh"])


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """As text, whatever it begins with: messages quote what people typed."""
    if isinstance(cell, Cell):
        cell.value = printable(text)
        cell.data_type = "s"


def _arrange(worksheet: Worksheet) -> None:
    for letter, width in zip("ABCDEF", _WIDTHS, strict=True):
        worksheet.column_dimensions[letter].width = width
    worksheet.sheet_view.showGridLines = False
    worksheet.sheet_properties.tabColor = "FFC0392B"
    worksheet.freeze_panes = f"A{_FIRST_LINE}"
    worksheet.page_setup.orientation = "landscape"
    worksheet.page_setup.paperSize = 9
    worksheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    worksheet.page_setup.fitToHeight = 0
