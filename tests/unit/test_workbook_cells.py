"""Cells: what people type is read, what would have to be guessed is refused, and blank is never zero."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.imports.cell_values import CellError, FormulaError, exact, parse_cell
from services.intake.imports.workbook_columns import Column
from services.intake.imports.workbook_layout import SHEETS

COLUMNS = {column.heading: column for sheet in reversed(SHEETS) for column in sheet.columns}


def read(heading: str, value: Any, unit: str | None = None) -> Any:
    return parse_cell(value, COLUMNS[heading], unit)


def refusal(heading: str, value: Any) -> str:
    with pytest.raises(CellError) as caught:
        read(heading, value)
    assert caught.value.message_zh
    return caught.value.code


@pytest.mark.parametrize(
    ("value", "yuan"),
    [
        (1200.5, "12005000.00"),
        (1200.1000000000001, "12001000.00"),
        (0.1 + 0.2, "3000.00"),
        ("1,200.5", "12005000.00"),
        ("１，２００．５", "12005000.00"),
        (" 1200.5 ", "12005000.00"),
        ("1 200.5", "12005000.00"),
        ("¥1,200.5", "12005000.00"),
        ("￥1200.5", "12005000.00"),
        ("1200.5万元", "12005000.00"),
        ("1200.5万", "12005000.00"),
        ("12,005,000 元", "12005000.00"),
        ("0.12亿元", "12000000.00"),
        (0.000001, "0.01"),
        (1234567.123456, "12345671234.56"),
        (-320.5, "-3205000.00"),
        (0, "0.00"),
    ],
)
def test_money_is_wan_unless_the_cell_says_otherwise(value: Any, yuan: str) -> None:
    assert read("利润总额", value) == yuan


def test_money_follows_the_unit_of_its_heading() -> None:
    assert read("营业收入", 12_005_000, "元") == "12005000.00"
    assert read("营业收入", "1200.5万元", "元") == "12005000.00"


@pytest.mark.parametrize("value", [0.0000001, 1234.5678901, "0.005元", 1 / 3])
def test_money_finer_than_one_fen_is_refused(value: Any) -> None:
    assert refusal("营业收入", value) == "too_precise"


@pytest.mark.parametrize(
    "value", ["约1200", "1,20.5", "(1200)", "12e3", "无", True, date(2024, 6, 6), "--1", float("inf")]
)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    assert refusal("营业收入", value) == "not_a_number"


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_every_amount_survives_excels_floating_point(fen: int) -> None:
    wan = Decimal(fen) / 10**6
    assert Decimal(read("利润总额", float(wan))) == wan * 10_000


@given(st.floats(min_value=-1e14, max_value=1e14))
def test_a_number_is_what_fifteen_digits_show(number: float) -> None:
    assert exact(number) == Decimal(f"{number:.15g}")


@pytest.mark.parametrize(
    "heading", ["营业收入", "从业人员", "成立日期", "独立法人", "联系人", "商标注册号", "法律状态"]
)
def test_blank_is_missing_and_never_zero(heading: str) -> None:
    blank = ["", "  ", "\u3000", "/", "-", "—", "－", "N/A", "不详", "\u200b", None]
    assert [read(heading, value) for value in blank] == [None] * len(blank)


@pytest.mark.parametrize(
    "value",
    [
        "2024-06-06",
        "2024/6/6",
        "2024.6.6",
        "2024年6月6日",
        "２０２４年６月６日",
        "20240606",
        20240606.0,
        date(2024, 6, 6),
        " 2024-06-06 00:00:00 ",
        "2024 年 6 月 6 号",
    ],
)
def test_dates_in_the_ways_people_write_them(value: Any) -> None:
    assert read("成立日期", value) == "2024-06-06"


@pytest.mark.parametrize("value", ["2023-02-30", "20231301", "24/6/6", "2024-06", "六月", 4544, 12.5, True, "6/6/2024"])
def test_impossible_and_ambiguous_dates_are_refused(value: Any) -> None:
    assert refusal("成立日期", value) == "not_a_date"


@pytest.mark.parametrize("value", [45449, 45449.0, "45449", "４５４４９", " 45449 "])
def test_a_bare_serial_is_the_day_it_can_only_be(value: Any) -> None:
    assert read("成立日期", value) == "2024-06-06"


@pytest.mark.parametrize("value", ["是", "√", "✓", "有", "Y", "yes", "TRUE", True, 1.0, " 是 ", "Ｙ"])
def test_yes(value: Any) -> None:
    assert read("独立法人", value) is True


@pytest.mark.parametrize("value", ["否", "×", "无", "N", "no", False, 0, "没有"])
def test_no(value: Any) -> None:
    assert read("独立法人", value) is False


@pytest.mark.parametrize("value", ["x", "部分", 2, "是/否"])
def test_neither_yes_nor_no(value: Any) -> None:
    assert refusal("独立法人", value) == "not_a_boolean"


def test_have_and_have_not_are_ambiguous_under_a_promise_of_absence() -> None:
    assert refusal("无重大事故承诺", "无") == "absence_ambiguous"
    assert refusal("无重大事故承诺", "有") == "absence_ambiguous"
    assert read("无重大事故承诺", "√") is True
    assert read("无重大事故承诺", "否") is False


@pytest.mark.parametrize(
    ("heading", "value", "expected"),
    [
        ("统一社会信用代码", " ９１４２０１００ＭＡ４ＫＡＢＣＤ１Ｘ ", "91420100MA4KABCD1X"),
        ("统一社会信用代码", "91420100 ma4kabcd1x", "91420100MA4KABCD1X"),
        ("专利申请号", 202010566088.9, "202010566088.9"),
        ("专利申请号", 201510958772.0, "201510958772.0"),
        ("专利申请号", "ZL 2020 1 0566088.9", "ZL202010566088.9"),
        ("证书/公告号", 12345678.0, "12345678"),
        ("证书/公告号", "无", None),
        ("主营业务行业小类", 3976.0, "3976"),
        ("主营业务行业小类", 111.0, "0111"),
        ("主营业务行业小类", "C3976 光电子器件制造", "3976"),
        ("主分类号", "h01l  21/336", "H01L 21/336"),
        ("联系电话", 13800000000.0, "13800000000"),
        ("联系电话", "０００－１２３４５６７８", "000-12345678"),
        ("企业名称", " 【虚构】云帆（光电）\n有限公司 ", "【虚构】云帆（光电） 有限公司"),
        ("科研带头人", "无", None),
        ("从业人员", "1,200 人", 1200),
        ("从业人员", 60.0, 60),
        ("报告年度", "2025年度", 2025),
        ("主营业务收入占比", 85.5, "85.5"),
        ("主营业务收入占比", "85.50％", "85.50"),
        ("主营业务收入占比", "0.5%", "0.5"),
        ("商标注册号", "12345678、23456789；34567890 45678901", ["12345678", "23456789", "34567890", "45678901"]),
        ("商标注册号", 12345678.0, ["12345678"]),
        ("商标注册号", "无", []),
        ("关联产品", "压力传感器、气体传感模组;阀", ["压力传感器", "气体传感模组", "阀"]),
        ("专利类型", "发明专利", "invention"),
        ("法律状态", "期限届满", "expired"),
        ("来源", "自主研发", "own_rd"),
        ("资格类型", "国家高新技术企业", "high_tech"),
        ("资格类型", '专精特新"小巨人"企业', "little_giant_national"),
        ("资格类型", "湖北省专精特新中小企业", "sme_specialised"),
    ],
)
def test_codes_names_and_choices(heading: str, value: Any, expected: Any) -> None:
    assert read(heading, value) == expected


@pytest.mark.parametrize(
    ("heading", "value", "code"),
    [
        ("证书/公告号", 1.23456789012345678e17, "digits_lost"),
        ("证书/公告号", date(2024, 6, 1), "date_in_text"),
        ("从业人员", 25.5, "not_an_integer"),
        ("从业人员", "若干", "not_a_number"),
        ("主营业务收入占比", 0.855, "percent_ambiguous"),
        ("主营业务收入占比", "1", "percent_ambiguous"),
        ("法律状态", "失效", "not_an_option"),
        ("资格类型", "五星级企业", "not_an_option"),
        ("营业收入", FormulaError(), "formula_error"),
        ("企业名称", FormulaError(), "formula_error"),
    ],
)
def test_what_cannot_be_read_without_guessing(heading: str, value: Any, code: str) -> None:
    assert refusal(heading, value) == code


@given(
    st.sampled_from([column for sheet in SHEETS for column in sheet.columns]),
    st.one_of(st.text(max_size=40), st.floats(), st.booleans(), st.dates(), st.integers().map(float), st.none()),
)
def test_any_cell_gives_a_value_or_a_reason(column: Column, value: Any) -> None:
    reason: CellError | None = None
    try:
        parse_cell(value, column)
    except CellError as error:
        reason = error
    assert reason is None or (reason.code and reason.message_zh and reason.message_en)
