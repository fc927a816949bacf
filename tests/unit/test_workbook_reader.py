"""Reading workbooks of applications: forms come out as they went in, and every fault is found at its cell."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.workbooks import HEADINGS, plain_workbook
from xlsxwriter import Workbook

from services.demo.invented_enterprises import invented_forms
from services.intake.applications.schemas import ApplicationForm
from services.intake.imports.workbook_columns import CITY, COUNT
from services.intake.imports.workbook_guard import WorkbookLimits
from services.intake.imports.workbook_layout import DETAILS, ENTERPRISES, FIRST_DATA_ROW, SHEETS
from services.intake.imports.workbook_reader import WorkbookReading, read_workbook
from services.intake.imports.workbook_rows import SheetRows, rows_of
from services.intake.imports.workbook_template import write_workbook
from shared.errors import Problem

FORMS = invented_forms(7, 4)
CODE = FORMS[0]["uscc"]
FIRST = FIRST_DATA_ROW


def reading_of(rows: SheetRows) -> WorkbookReading:
    return read_workbook(write_workbook(rows))


def damaged(*damages: Callable[[SheetRows], None], count: int = 2) -> WorkbookReading:
    rows = rows_of(FORMS[:count])
    for damage in damages:
        damage(rows)
    return reading_of(rows)


def cell(sheet: str, field: str, value: Any, row: int = 0) -> Callable[[SheetRows], None]:
    def damage(rows: SheetRows) -> None:
        rows[sheet][row][field] = value

    return damage


def faults(reading: WorkbookReading) -> set[tuple[str, str]]:
    return {(v.code, v.cell or "") for row in reading.rejections for v in row.violations}


def place(sheet_key: str, field: str, row: int = 0) -> str:
    sheet = next(sheet for sheet in SHEETS if sheet.key == sheet_key)
    index = [column.field for column in sheet.columns].index(field)
    letters = string.ascii_uppercase
    column = letters[index] if index < 26 else "A" + letters[index - 26]
    return f"{sheet.title}!{column}{FIRST + row}"


# --- what goes in comes out ---------------------------------------------------------------------------------------


def test_forms_survive_the_way_through_a_workbook() -> None:
    reading = reading_of(rows_of(FORMS))
    assert reading.rejections == []
    assert reading.warnings == []
    assert reading.rows_read == len(FORMS)
    assert [read.form for read in reading.forms] == [ApplicationForm.model_validate(form) for form in FORMS]
    assert [(read.sheet, read.row, read.key_cell) for read in reading.forms] == [
        ("企业", FIRST + index, f"企业!A{FIRST + index}") for index in range(len(FORMS))
    ]


YUAN = st.integers(0, 10**17).map(lambda fen: f"{fen // 100}.{fen % 100:02d}") | st.none()
PEOPLE = st.integers(0, 10**7) | st.none()
YES_NO = st.booleans() | st.none()
DAYS = st.dates(date(1949, 10, 1), date(2100, 12, 31)).map(date.isoformat) | st.none()
NAMES = st.text("甲乙丙丁（）ＡＢab12=+@'\"<&", min_size=1, max_size=8).filter(
    lambda text: re.search(r"[甲乙丙丁]", text) is not None
)


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    employees = draw(PEOPLE)
    staff = None if employees is None else draw(st.integers(0, employees) | st.none())
    form = FORMS[0] | {
        "name": draw(NAMES),
        "established_on": draw(DAYS),
        "legal_person": draw(YES_NO),
        "finance": {
            "fiscal_year": draw(st.integers(1990, 2100) | st.none()),
            "revenue_cny": draw(YUAN.filter(lambda text: text is None or float(text) <= 1e13)),
            "rd_expense_cny": draw(YUAN.filter(lambda text: text is None or float(text) <= 1e13)),
        },
        "people": {"employees": employees, "rd_staff": staff, "rd_leader": draw(NAMES | st.none())},
        "products": draw(st.none() | st.lists(NAMES.map(lambda name: {"name": name}), max_size=3, unique_by=str)),
        "patents": draw(st.sampled_from([None, []])),
        "qualifications": draw(
            st.none()
            | st.lists(st.fixed_dictionaries({"type": st.just("gazelle"), "certificate_no": NAMES}), max_size=2)
        ),
        "trademark_nos": draw(st.none() | st.lists(st.from_regex(r"[1-9]\d{7}", fullmatch=True), max_size=3)),
    }
    return ApplicationForm.model_validate(form).model_dump(mode="json")


@settings(max_examples=12)
@given(forms())
def test_any_form_survives_the_way_through_a_workbook(form: dict[str, Any]) -> None:
    reading = reading_of(rows_of([form]))
    assert [(read.form.model_dump(mode="json")) for read in reading.forms] == [form], faults(reading)


# --- one bad row and its neighbours -------------------------------------------------------------------------------

BAD_CELLS: list[tuple[str, str, Any, str]] = [
    ("enterprises", "uscc", CODE[:-1] + ("0" if CODE[-1] != "0" else "1"), "uscc_check_digit"),
    ("enterprises", "name", None, "required"),
    ("enterprises", "registered_division", None, "required"),
    ("enterprises", "registered_division", "不存在县", "division_unknown"),
    ("enterprises", "registered_division", "110101", "division_unknown"),
    ("enterprises", CITY, "邻省某市", "city_unknown"),
    ("enterprises", "established_on", "2019-02-30", "not_a_date"),
    ("enterprises", "established_on", date(1940, 1, 1), "too_small"),
    ("enterprises", "industry_class", "9999", "industry_class_unknown"),
    ("enterprises", "main_business_share_percent", 101, "too_large"),
    ("enterprises", "contact_phone", "不便告知", "format"),
    ("enterprises", "finance/revenue_cny", -0.01, "too_small"),
    ("enterprises", "finance/rd_expense_cny", "三百万", "not_a_number"),
    ("enterprises", "people/rd_staff", 9_999_999, "rd_staff_exceeds_employees"),
    ("enterprises", "people/employees", 10_000_001, "too_large"),
    ("enterprises", "ip_management/has_unit", "部分", "not_a_boolean"),
    ("enterprises", "declarations/truthful", None, "required"),
    ("enterprises", "declarations/truthful", "否", "truth_commitment_missing"),
    ("enterprises", "declarations/no_violation", "无", "absence_ambiguous"),
    ("enterprises", "trademark_nos", "、".join(["12345678"] * 501), "too_many"),
    ("enterprises", f"{COUNT}patents", 99, "detail_count_mismatch"),
    ("enterprises", f"{COUNT}patents", 0, "detail_count_mismatch"),
    ("qualifications", "type", "五星级企业", "not_an_option"),
    ("qualifications", "expires_on", date(1999, 1, 1), "expires_before_issue"),
    ("patents", "application_no", "202010566088.8", "patent_no_check_digit"),
    ("patents", "kind", None, "required"),
    ("patents", "ipc_main", "光学", "format"),
    ("patents", "granted_on", date(1999, 1, 1), "granted_before_filing"),
    ("patents", "product_names", "没有这种产品", "product_unknown"),
    ("products", "name", "产" * 201, "too_long"),
    ("products", "sales_cny", -1, "too_small"),
    ("products", "profit_cny", 0.00000001, "too_precise"),
]


@pytest.mark.parametrize(("sheet", "field", "value", "code"), BAD_CELLS)
def test_a_bad_cell_rejects_its_enterprise_and_no_other(sheet: str, field: str, value: Any, code: str) -> None:
    reading = damaged(cell(sheet, field, value))
    assert (code, place(sheet, field)) in faults(reading)
    assert [(row.sheet, row.row) for row in reading.rejections if row.sheet == "企业"] == [("企业", FIRST)]
    assert [read.form.uscc for read in reading.forms] == [FORMS[1]["uscc"]]
    assert all(v.message_zh and v.message_en for row in reading.rejections for v in row.violations)


def test_a_patent_whose_kind_contradicts_its_number_is_found_at_the_kind() -> None:
    other = "外观设计" if FORMS[0]["patents"][2]["kind"] != "design" else "发明"
    assert faults(damaged(cell("patents", "kind", other, row=2))) == {
        ("patent_kind_mismatch", place("patents", "kind", 2))
    }


def test_several_faults_of_one_enterprise_are_reported_together() -> None:
    reading = damaged(
        cell("enterprises", "people/rd_leader", "x" * 300),
        cell("enterprises", "finance/revenue_cny", "约一千万"),
        cell("patents", "application_no", "不详", row=1),
        cell("products", "is_main", "也许"),
    )
    assert faults(reading) == {
        ("too_long", place("enterprises", "people/rd_leader")),
        ("not_a_number", place("enterprises", "finance/revenue_cny")),
        ("required", place("patents", "application_no", 1)),
        ("not_a_boolean", place("products", "is_main")),
    }
    assert len(reading.rejections) == 1


def test_repeated_patents_and_products_are_found_at_the_repetition() -> None:
    def repeat(rows: SheetRows) -> None:
        rows["patents"].insert(1, rows["patents"][0] | {"application_no": f"zl{rows['patents'][0]['application_no']}"})
        rows["enterprises"][0][f"{COUNT}patents"] = None

    assert faults(damaged(repeat)) == {("duplicate_patent", place("patents", "application_no", 1))}

    def again(rows: SheetRows) -> None:
        rows["products"].insert(1, dict(rows["products"][0]))
        rows["enterprises"][0][f"{COUNT}products"] = None

    assert faults(damaged(again)) == {("duplicate_product", place("products", "name", 1))}


def test_the_same_enterprise_twice_keeps_the_first_row() -> None:
    def twice(rows: SheetRows) -> None:
        rows["enterprises"].append(rows["enterprises"][0] | {"uscc": f" {CODE.lower()} ", "name": "【虚构】另一名称"})

    reading = damaged(twice)
    assert [(row.row, row.uscc, [(v.code, v.cell) for v in row.violations]) for row in reading.rejections] == [
        (FIRST + 2, CODE, [("duplicate_in_workbook", f"企业!A{FIRST + 2}")])
    ]
    assert f"第 {FIRST} 行" in reading.rejections[0].violations[0].message_zh
    assert reading.rows_read == 3
    assert reading.forms[0].form.name == FORMS[0]["name"]


def test_detail_rows_without_an_enterprise_are_reported_and_reject_nobody() -> None:
    def stray(rows: SheetRows) -> None:
        rows["products"].append(rows["products"][0] | {"uscc": FORMS[3]["uscc"]})
        rows["products"].append(rows["products"][0] | {"uscc": None})

    reading = damaged(stray)
    last = sum(len(form["products"]) for form in FORMS[:2])
    assert [(row.sheet, row.row, row.uscc) for row in reading.rejections] == [
        ("产品", FIRST + last + 1, None),
        ("产品", FIRST + last, FORMS[3]["uscc"]),
    ]
    assert [row.violations[0].code for row in reading.rejections] == ["required", "detail_orphan"]
    assert len(reading.forms) == reading.rows_read == 2


def test_a_wrong_code_takes_its_details_along() -> None:
    wrong = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")

    def misspell(rows: SheetRows) -> None:
        for sheet in rows.values():
            for row in sheet:
                row["uscc"] = wrong if row["uscc"] == CODE else row["uscc"]

    assert faults(damaged(misspell)) == {("uscc_check_digit", place("enterprises", "uscc"))}


@pytest.mark.parametrize("key", [sheet.key for sheet in DETAILS])
def test_a_blank_count_means_not_answered_and_zero_means_none(key: str) -> None:
    def clear(rows: SheetRows) -> None:
        rows[key] = []
        for patent in rows["patents"]:
            patent["product_names"] = None
        for row, count in zip(rows["enterprises"], (None, 0), strict=True):
            row[COUNT + key] = count

    first, second = (read.form.model_dump() for read in damaged(clear).forms)
    assert first[key] is None
    assert second[key] == []


def test_the_faults_of_one_row_are_listed_up_to_a_hundred() -> None:
    def spoil(rows: SheetRows) -> None:
        rows["patents"] = [rows["patents"][0] | {"kind": "其他"} for _ in range(150)]
        rows["enterprises"][0][f"{COUNT}patents"] = None

    assert len(damaged(spoil, count=1).rejections[0].violations) == 100


# --- the sheet as people keep it ----------------------------------------------------------------------------------

ROW = [CODE, "【虚构】试验有限公司", "420106", "是"]


def one_form(rows: list[list[Any]], **sheets: list[list[Any]]) -> dict[str, Any]:
    reading = read_workbook(plain_workbook({"企业": rows, **sheets}))
    assert reading.rejections == []
    (read,) = reading.forms
    return read.form.model_dump(mode="json")


def test_four_headings_are_enough_and_the_rest_is_missing() -> None:
    form = one_form([HEADINGS, ROW])
    assert form["finance"]["revenue_cny"] is None
    assert form["patents"] is None
    assert form["ip_management"] == {"has_policy": None, "has_unit": None, "has_budget": None}


def test_titles_above_other_orders_aliases_and_units_in_headings() -> None:
    rows = [
        ["2025 年度申报汇总表"],
        [],
        ["填报单位：", "某市知识产权局"],
        ["序号", "营业收入（元）", " 材料真实性\n承诺", "*企业名称", "社会信用代码", "注册地", "研发投入(单位：万元)"],
        [1, 12_005_000, "√", "【虚构】试验有限公司", CODE, "湖北省武汉市武昌区", "300万"],
        [None, None, None, None, None, None, None],
    ]
    form = one_form(rows)
    assert form["finance"]["revenue_cny"] == "12005000.00"
    assert form["finance"]["rd_expense_cny"] == "3000000.00"
    assert form["registered_division"] == "420106"


@pytest.mark.parametrize(
    ("city", "county", "code"),
    [
        (None, "武昌区", "420106"),
        ("武汉", "武昌区", "420106"),
        ("恩施州", "利川市", "422802"),
        ("恩施土家族苗族自治州", "恩施市", "422801"),
        ("荆州市", "监利市", "421088"),
        (None, "仙桃市", "429004"),
        ("神农架林区", None, "429021"),
        ("湖北省天门市", None, "429006"),
        ("武汉市", 420106, "420106"),
    ],
)
def test_a_county_by_name_by_city_or_by_code(city: str | None, county: Any, code: str) -> None:
    rows = [["市州", *HEADINGS], [city, CODE, "【虚构】试验有限公司", county, "是"]]
    assert one_form(rows)["registered_division"] == code


@pytest.mark.parametrize("county", ["武昌区", "420106"])
def test_a_county_of_another_city_is_not_guessed_away(county: str) -> None:
    rows = [["市州", *HEADINGS], ["宜昌市", CODE, "【虚构】试验有限公司", county, "是"]]
    reading = read_workbook(plain_workbook({"企业": rows}))
    assert faults(reading) == {("division_city_mismatch", "企业!D2")}


def test_own_columns_are_ignored_and_named_and_absent_ones_too() -> None:
    reading = read_workbook(plain_workbook({"企业": [[*HEADINGS, "备注"], [*ROW, "随便写"]]}))
    assert ("unknown_column", "企业!E1") in {(warning.code, warning.cell) for warning in reading.warnings}
    assert {"column_absent"} < {warning.code for warning in reading.warnings}
    assert any("研发投入" in warning.message_zh for warning in reading.warnings)
    assert len(reading.forms) == 1


def test_linked_products_match_whatever_their_width() -> None:
    products = [["统一社会信用代码", "产品名称"], [CODE, "光纤阵列（A型）"]]
    patents = [
        ["统一社会信用代码", "专利申请号", "专利类型", "关联产品"],
        [CODE, 202010566088.9, "发明", "光纤阵列(a型)"],
    ]
    form = one_form([HEADINGS, ROW], 产品=products, 专利=patents)
    assert form["patents"][0]["product_names"] == ["光纤阵列（A型）"]


def test_a_formula_error_is_not_a_missing_figure() -> None:
    content = _with_formula_error()
    assert faults(read_workbook(content)) == {("formula_error", "企业!E2")}


def _with_formula_error() -> bytes:
    from io import BytesIO  # noqa: PLC0415 - only here

    stream = BytesIO()
    workbook = Workbook(stream)
    worksheet = workbook.add_worksheet("企业")
    worksheet.write_row(0, 0, [*HEADINGS, "营业收入"])
    worksheet.write_row(1, 0, ROW)
    worksheet.write_formula(1, 4, "=1/0", None, "#DIV/0!")
    worksheet.set_row(1, None, None, {"hidden": True})
    workbook.close()
    return stream.getvalue()


# --- the whole is refused -----------------------------------------------------------------------------------------


def problem_of(content: bytes, limits: WorkbookLimits | None = None) -> Problem:
    with pytest.raises(Problem) as caught:
        read_workbook(content, limits or WorkbookLimits())
    return caught.value


@pytest.mark.parametrize("absent", range(len(HEADINGS)))
def test_a_missing_required_heading_refuses_the_file(absent: int) -> None:
    headings = [*HEADINGS[:absent], *HEADINGS[absent + 1 :]]
    problem = problem_of(plain_workbook({"企业": [headings, ROW[:3]]}))
    assert problem.kind.code == "workbook_headings_missing"
    assert [(v.code, v.cell) for v in problem.violations] == [("heading_missing", "企业!A1")]
    assert HEADINGS[absent] in problem.violations[0].message_zh


def test_missing_sheets_headings_twice_and_no_rows() -> None:
    missing = problem_of(plain_workbook({"Sheet1": [HEADINGS, ROW]}))
    assert (missing.kind.code, missing.violations[0].code) == ("workbook_headings_missing", "sheet_missing")
    detail = problem_of(
        plain_workbook({"企业": [HEADINGS, ROW], "专利": [["统一社会信用代码", "专利类型"], [CODE, "发明"]]})
    )
    assert [v.message_zh for v in detail.violations] == ["缺少表头“专利申请号”"]
    twice = problem_of(plain_workbook({"企业": [[*HEADINGS, "信用代码"], ROW]}))
    assert (twice.kind.code, twice.violations[0].cell) == ("workbook_headings_repeated", "企业!E1")
    assert problem_of(plain_workbook({"企业": [HEADINGS]})).kind.code == "workbook_empty"
    assert problem_of(plain_workbook({"企业": []})).kind.code == "workbook_empty"


def test_too_many_rows_are_refused() -> None:
    content = plain_workbook({"企业": [HEADINGS, *[ROW] * 30]})
    assert problem_of(content, WorkbookLimits(max_enterprises=29)).kind.code == "workbook_too_many_rows"
    assert problem_of(content, WorkbookLimits(max_enterprises=9)).kind.code == "workbook_too_many_rows"
    assert read_workbook(content, WorkbookLimits(max_enterprises=30)).rows_read == 30


def test_control_characters_are_refused_where_they_stand() -> None:
    reading = damaged(cell("enterprises", "name", "【虚构】\x00有限公司"))
    assert faults(reading) == {("control_character", place("enterprises", "name"))}
    assert ENTERPRISES.title in place("enterprises", "name")
