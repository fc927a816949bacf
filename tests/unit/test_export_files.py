"""Whatever text stands in a list, it comes out of the file as that text, and no cell ever runs."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from services.intake.exports.csv_file import csv_chunks
from services.intake.exports.tabular import MOST_TEXT, Column, clean, is_formula_like, neutral
from services.intake.exports.xlsx_file import TableWriter, xlsx_chunks

TEXTS = (
    st.text(max_size=40)
    | st.text(
        "=+-@\t\r\n\"',;|'<>&＝＋－＠ \u00a0\ufeff\u200b_x0D3A1(){}!$￥\x00\x07\x0b\x1f\x7f\ufffe😀长", max_size=12
    )
    | st.sampled_from(
        ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", "_x000D_", "<r><t>x</t></r>", "'=1", "0012", "1e5"]
    )
)
NAMES = (Column("甲"), Column("乙", "code"))


async def batches_of(*batches: Sequence[Sequence[Any]]) -> AsyncIterator[Sequence[Sequence[Any]]]:
    for batch in batches:
        yield batch


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def as_csv(columns: Sequence[Column], *rows: Sequence[Any]) -> list[list[str]]:
    content = await whole(csv_chunks(columns, batches_of(rows)))
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))[1:]


async def as_xlsx(columns: Sequence[Column], *rows: Sequence[Any]) -> bytes:
    return await whole(xlsx_chunks("表", columns, batches_of(rows)))


@settings(max_examples=60)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
async def test_any_text_comes_back_from_csv_and_none_begins_a_formula(rows: list[tuple[str, str]]) -> None:
    read = await as_csv(NAMES, *rows)
    assert read == [[neutral(clean(text)) for text in row] for row in rows]
    for cell in (cell for row in read for cell in row):
        assert not is_formula_like(cell)
        assert cell.lstrip()[:1] not in {"=", "+", "-", "@"} or cell[:1] == "'"


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=5))
@example([("<r><t>x</t></r>", "<r></c></row><row r='9'/></r>")])
async def test_any_text_comes_back_from_xlsx_and_none_is_a_formula(rows: list[tuple[str, str]]) -> None:
    content = await as_xlsx(NAMES, *rows)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert not re.search(rb"<f[ >/]|<hyperlink", sheet)
    table = load_workbook(io.BytesIO(content)).worksheets[0]
    expected = [[clean(text) for text in row] for row in rows]
    cells = [list(row) for row in table.iter_rows(min_row=2, max_row=1 + len(rows), max_col=2)]
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} <= {"s"}
    assert [[shown(cell.value) for cell in row] for row in cells] == [[kept(text) for text in row] for row in expected]
    second = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python(False)
    assert len(second) <= 1 + len(rows)


def kept(text: str) -> str:
    """XlsxWriter's own mark-up is the one text that gets a blank behind it."""
    return f"{text} " if text.startswith("<r>") and text.endswith("</r>") else text


def shown(value: Any) -> str:
    """As Excel shows it: openpyxl leaves the escape of an escape in place."""
    return str(value or "").replace("_x005F_", "_")


async def test_values_keep_their_types_and_codes_their_digits() -> None:
    columns = (
        Column("代码", "code"),
        Column("金额（元）", "money"),
        Column("数", "integer"),
        Column("日期", "date"),
        Column("时刻", "moment"),
        Column("是否", "boolean"),
        Column("状态", labels={"a": "甲"}),
        Column("原因", "reasons"),
    )
    moment = datetime(2024, 6, 6, 16, 30, 15, 999, tzinfo=UTC)
    reasons = {"items": [{"field": "/name", "reason": "=不符"}, {"cell": "企业!A1", "message_zh": "必填"}, "其他"]}
    first = ("914201000000000012", Decimal("-1234567.5"), -5, date(2024, 6, 6), moment, True, "a", reasons)
    second = ("00012", "12345678901234567.89", 10**16, None, None, False, "=new", [])
    rows = await as_csv(columns, first, second)
    assert rows[0] == [
        "914201000000000012",
        "-1234567.50",
        "-5",
        "2024-06-06",
        "2024-06-07 00:30:15",
        "是",
        "甲",
        "/name：=不符\n企业!A1：必填\n其他",
    ]
    assert rows[1] == ["00012", "12345678901234567.89", str(10**16), "", "", "否", "'=new", ""]
    table = load_workbook(io.BytesIO(await as_xlsx(columns, first, second))).worksheets[0]
    assert [cell.value for cell in table[2]][:6] == [
        "914201000000000012",
        -1234567.5,
        -5,
        datetime(2024, 6, 6),  # noqa: DTZ001 - as openpyxl reads a day
        datetime(2024, 6, 7, 0, 30, 15),  # noqa: DTZ001
        "是",
    ]
    assert [cell.number_format for cell in table[2]][:5] == [
        "@",
        "#,##0.00",
        "#,##0",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm:ss",
    ]
    assert [cell.value for cell in table[3]][:4] == ["00012", "12345678901234567.89", "10000000000000000", None]
    assert table["A1"].font.b
    assert (table.freeze_panes, table.auto_filter.ref) == ("A2", "A1:H3")


async def test_a_text_longer_than_a_cell_holds_is_cut_in_both() -> None:
    row = ("长" * (MOST_TEXT + 5), "x")
    assert len((await as_csv(NAMES, row))[0][0]) == MOST_TEXT
    table = load_workbook(io.BytesIO(await as_xlsx(NAMES, row))).worksheets[0]
    assert len(str(table["A2"].value)) == MOST_TEXT


async def test_an_empty_list_is_a_table_with_headings() -> None:
    assert await as_csv(NAMES) == []
    table = load_workbook(io.BytesIO(await as_xlsx(NAMES))).worksheets[0]
    assert [[cell.value for cell in row] for row in table.iter_rows()] == [["甲", "乙"]]


def test_a_list_longer_than_a_sheet_goes_on_with_the_next(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "t.xlsx", "表", NAMES, most_rows=3)
    writer.add([(str(number), "x") for number in range(7)])
    writer.close()
    sheets = load_workbook(tmp_path / "t.xlsx").worksheets
    assert [(sheet.title, sheet.max_row) for sheet in sheets] == [("表", 4), ("表（2）", 4), ("表（3）", 2)]
    assert [sheet["A2"].value for sheet in sheets] == ["0", "3", "6"]


async def test_a_file_that_is_given_up_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def left() -> list[Path]:
        return list(tmp_path.iterdir())

    async def endless() -> AsyncIterator[Sequence[Sequence[Any]]]:
        yield [("a", "b")]
        assert left()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        async with aclosing(xlsx_chunks("表", NAMES, endless())) as chunks:
            await anext(chunks)
    while left():
        pass
