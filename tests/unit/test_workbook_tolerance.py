"""Workbooks as people really send them, as three programs write them: each is read, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook as OpenpyxlWorkbook
from support.workbooks import HEADINGS, layout_workbook, plain_workbook
from xlsxwriter import Workbook

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_reader import WorkbookReading, read_workbook
from services.intake.imports.workbook_rows import rows_of
from shared.errors import Problem

FORMS = invented_forms(7, 3)
CODES = [form["uscc"] for form in FORMS]
DATA = Path(__file__).parent / "data"
Sheets = dict[str, list[list[Any]]]


def by_openpyxl(sheets: Sheets) -> bytes:
    workbook = OpenpyxlWorkbook()
    for title, rows in sheets.items():
        worksheet = workbook.create_sheet(title)
        for row in rows:
            worksheet.append(row)
    del workbook["Sheet"]
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


WRITERS: dict[str, Callable[[Sheets], bytes]] = {"xlsxwriter": plain_workbook, "openpyxl": by_openpyxl}


@pytest.fixture(params=WRITERS)
def write(request: pytest.FixtureRequest) -> Callable[[Sheets], bytes]:
    return WRITERS[request.param]


def warned(reading: WorkbookReading) -> dict[str, str | None]:
    return {warning.code: warning.cell for warning in reading.warnings if warning.code != "column_absent"}


def row(index: int, *more: Any) -> list[Any]:
    return [CODES[index], f"【虚构】企业{index}", "武昌区", "是", *more]


def test_digits_dates_and_blanks_in_every_costume(write: Callable[[Sheets], bytes]) -> None:
    head = [*HEADINGS, "营业收入", "成立日期", "从业人员"]
    rows = [
        row(0, "１，２００．５", "２０２４年６月６日", "１２０人"),
        row(1, " 1,200.5\u00a0", "2024/6/6", " 120\u00a0"),
        row(2, "1200.5万元", 45449, "120 人"),
    ]
    rows[1][0], rows[1][1], rows[1][2] = f"\u00a0{CODES[1]} \u3000", "【虚构】企业1\u00a0 ", " 武昌区\u3000"
    reading = read_workbook(write({"企业": [head, *rows]}))
    assert reading.rejections == []
    for read in reading.forms:
        form = read.form
        assert str(form.finance.revenue_cny) == "12005000.00"
        assert str(form.established_on) == "2024-06-06"
        assert form.people.employees == 120
    assert [read.form.name for read in reading.forms] == [f"【虚构】企业{index}" for index in range(3)]


def test_money_in_yuan_beside_wan_and_with_its_unit_in_the_cell(write: Callable[[Sheets], bytes]) -> None:
    head = [*HEADINGS, "营业收入（元）", "营业收入（万元）", "研发投入", "利润总额（单位：元）", "资产总额(亿元)"]
    rows = [
        row(0, 3_200_000, 320, "320万元", "3,200,000", "0.032"),
        row(1, None, 320, "3200000元", "￥3,200,000.00", 0.032),
        row(2, "3200000", None, "0.032亿元", "人民币3200000元", "0.032亿"),
    ]
    reading = read_workbook(write({"企业": [head, *rows]}))
    assert reading.rejections == []
    for read in reading.forms:
        finance = read.form.finance
        amounts = {finance.revenue_cny, finance.rd_expense_cny, finance.profit_cny, finance.total_assets_cny}
        assert {str(amount) for amount in amounts} == {"3200000.00"}


def test_two_columns_for_one_amount_must_agree(write: Callable[[Sheets], bytes]) -> None:
    head = [*HEADINGS, "营业收入（元）", "营业收入（万元）"]
    reading = read_workbook(write({"企业": [head, row(0, 3_200_000, 321)]}))
    ((violation,),) = [one.violations for one in reading.rejections]
    assert (violation.code, violation.cell) == ("units_disagree", "企业!E2")
    same = [*HEADINGS, "营业收入", "营业收入（万元）"]
    with pytest.raises(Problem, match="workbook_headings_repeated"):
        read_workbook(write({"企业": [same, row(0, 1, 1)]}))


@pytest.mark.parametrize(
    ("title", "yuan"),
    [
        (["单位：元"], "320.00"),
        (["", "", "（单位：人民币元）"], "320.00"),
        (["金额单位为亿元。"], "32000000000.00"),
        (["填报单位：某市元通公司"], "3200000.00"),
        (["单位：元", "单位：万元"], "3200000.00"),
    ],
)
def test_the_unit_above_the_table_counts_where_a_heading_has_none(title: list[str], yuan: str) -> None:
    rows = [title, [*HEADINGS, "营业收入", "研发投入（万元）"], row(0, 320, 1)]
    (read,) = read_workbook(plain_workbook({"企业": rows})).forms
    assert (str(read.form.finance.revenue_cny), str(read.form.finance.rd_expense_cny)) == (yuan, "10000.00")


def test_titles_above_and_notes_below_are_no_entries(write: Callable[[Sheets], bytes]) -> None:
    rows = [
        ["某市 2025 年度申报汇总表"],
        ["填报单位：（虚构）某市知识产权局", None, None, "日期：2025.3.1"],
        [*HEADINGS[::-1], "营业收入"],
        [*row(0)[::-1], 320],
        [None, None, "小计", None, 320],
        [*row(1)[::-1], 320],
        ["合 计", None, None, None, 640],
        ["注：1.金额单位为万元；2.以营业执照为准"],
        ["填表人：张某（虚构）", None, None, "审核人：李某（虚构）"],
    ]
    reading = read_workbook(write({"企业": rows}))
    assert [read.form.uscc for read in reading.forms] == CODES[:2]
    assert reading.rejections == []
    assert reading.rows_read == 2
    noted = [warning.cell for warning in reading.warnings if warning.code == "note_row"]
    assert noted == ["企业!A5", "企业!A7", "企业!A8", "企业!A9"]


def test_an_entry_is_never_taken_for_a_note(write: Callable[[Sheets], bytes]) -> None:
    rows = [HEADINGS, row(0), [None, "说明书科技（虚构）有限公司", "武昌区", "是"], [CODES[1], "合计", "武昌区", "是"]]
    reading = read_workbook(write({"企业": rows}))
    assert [read.form.name for read in reading.forms] == ["【虚构】企业0", "合计"]
    assert [one.row for one in reading.rejections] == [3]


def _merged() -> bytes:
    """Headings in two rows under merged groups, and codes merged over the rows of one enterprise's patents."""
    stream = BytesIO()
    workbook = Workbook(stream)
    sheet = workbook.add_worksheet("企业")
    sheet.merge_range("A1:F1", "某市申报汇总表")
    for column, heading in enumerate(HEADINGS):
        sheet.merge_range(1, column, 2, column, heading)
    sheet.merge_range("E2:F2", "财务数据（元）")
    sheet.write_row("E3", ["营业收入", "研发投入"])
    sheet.write_row("A4", row(0, 3_200_000, 320_000))
    sheet.write_row("A5", row(1, 3_200_000, 320_000))
    patents = workbook.add_worksheet("专利")
    patents.write_row("A1", ["统一社会信用代码", "专利申请号", "专利类型", "法律状态"])
    numbers = [patent["application_no"] for patent in FORMS[0]["patents"] if patent["kind"] == "invention"][:2]
    patents.merge_range("A2:A3", CODES[0])
    patents.merge_range("D2:D3", "有效")
    patents.write_column("B2", numbers)
    patents.write_column("C2", ["发明", "发明"])
    workbook.close()
    return stream.getvalue()


def test_merged_headings_and_merged_codes() -> None:
    reading = read_workbook(_merged())
    assert reading.rejections == []
    first, second = (read.form for read in reading.forms)
    assert (str(first.finance.revenue_cny), str(second.finance.rd_expense_cny)) == ("3200000.00", "320000.00")
    assert [patent.legal_status for patent in first.patents or ()] == ["valid", "valid"]
    assert warned(reading) == {}


def test_headings_in_two_rows_without_merging(write: Callable[[Sheets], bytes]) -> None:
    rows = [
        ["统一社会信用代码", "企业名称", "基本情况", None, "财务数据（千元）", None],
        [None, None, "县（市、区）", "材料真实性承诺", "营业收入", "研发投入"],
        row(0, 3_200, 320),
    ]
    (read,) = read_workbook(write({"企业": rows})).forms
    assert (read.row, read.form.uscc, str(read.form.finance.revenue_cny)) == (3, CODES[0], "3200000.00")


def test_hidden_and_filtered_rows_are_read_and_named() -> None:
    stream = BytesIO()
    workbook = Workbook(stream)
    sheet = workbook.add_worksheet("企业")
    for number, cells in enumerate([HEADINGS, *(row(index) for index in range(3))]):
        sheet.write_row(number, 0, cells)
    sheet.autofilter("A1:D4")
    sheet.filter_column("B", "x == 【虚构】企业1")
    for number in (1, 3):
        sheet.set_row(number, None, None, {"hidden": True})
    workbook.close()
    reading = read_workbook(stream.getvalue())
    assert [read.form.uscc for read in reading.forms] == CODES
    (warning,) = [one for one in reading.warnings if one.code == "hidden_rows_read"]
    assert warning.cell == "企业!A2"
    assert "2 行被隐藏或筛选（第 2、4 行）" in warning.message_zh


def test_a_file_that_libreoffice_saved_is_read_alike() -> None:
    """`libreoffice.xlsx` is `layout_workbook(rows_of(invented_forms(7, 3)))`, opened and saved by LibreOffice 7.4."""
    reading = read_workbook((DATA / "libreoffice.xlsx").read_bytes())
    original = read_workbook(layout_workbook(rows_of(FORMS)))
    assert reading.rejections == original.rejections == []
    assert [read.form for read in reading.forms] == [read.form for read in original.forms]
