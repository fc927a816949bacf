"""Reading workbooks of applications: forms come out as they went in, and every fault is found at its cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.workbooks import HEADINGS, layout_workbook, place, plain_workbook
from xlsxwriter import Workbook

from services.demo.invented_enterprises import invented_forms
from services.intake.applications.schemas import ApplicationForm
from services.intake.imports.workbook_columns import CITY, COUNT
from services.intake.imports.workbook_guard import SheetRow, WorkbookLimits
from services.intake.imports.workbook_layout import DETAILS, FIRST_DATA_ROW
from services.intake.imports.workbook_reader import WorkbookReading, read_workbook
from services.intake.imports.workbook_rows import SheetRows, rows_of
from services.intake.imports.workbook_tables import find_tables
from services.intake.imports.workbook_template import write_workbook
from shared.errors import Problem

# One example is a whole workbook; making it smaller step by step would take minutes.
WITHOUT_SHRINKING = [Phase.explicit, Phase.reuse, Phase.generate]
FORMS = invented_forms(7, 100)
CODE = FORMS[0]["uscc"]
Damage = Callable[[SheetRows], None]


def faults(reading: WorkbookReading) -> set[tuple[str, str]]:
    return {(v.code, v.cell or "") for row in reading.rejections for v in row.violations}


# --- what goes in comes out ---------------------------------------------------------------------------------------


def test_forms_survive_the_way_through_a_workbook() -> None:
    reading = read_workbook(write_workbook(rows_of(FORMS[:6])))
    assert reading.rejections == []
    assert reading.warnings == []
    assert reading.rows_read == 6
    assert [read.form for read in reading.forms] == [ApplicationForm.model_validate(form) for form in FORMS[:6]]
    assert [(read.sheet, read.row, read.key_cell) for read in reading.forms] == [
        ("企业", row, f"企业!A{row}") for row in range(FIRST_DATA_ROW, FIRST_DATA_ROW + 6)
    ]


YUAN = st.integers(0, 10**17).map(lambda fen: f"{fen // 100}.{fen % 100:02d}") | st.none()
PEOPLE = st.integers(0, 10**7) | st.none()
YES_NO = st.booleans() | st.none()
DAYS = st.dates(date(1949, 10, 1), date(2025, 12, 31)).map(date.isoformat) | st.none()
NAMES = st.text("甲乙丙丁（）ＡＢab12=+@'\"<&", min_size=1, max_size=8).filter(
    lambda text: re.search(r"[甲乙丙丁]", text) is not None
)

CODES = st.text("ab12-/=+@", max_size=8).map(lambda text: f"第{text}号")


@st.composite
def forms(draw: st.DrawFn) -> dict[str, Any]:
    employees = draw(PEOPLE)
    staff = None if employees is None else draw(st.integers(0, employees) | st.none())
    form = FORMS[0] | {
        "name": draw(NAMES),
        "established_on": draw(DAYS),
        "legal_person": draw(YES_NO),
        "finance": {
            "fiscal_year": draw(st.integers(1990, 2025) | st.none()),
            "revenue_cny": draw(YUAN.filter(lambda text: text is None or float(text) <= 1e13)),
            "rd_expense_cny": draw(YUAN.filter(lambda text: text is None or float(text) <= 1e13)),
        },
        "people": {"employees": employees, "rd_staff": staff, "rd_leader": draw(NAMES | st.none())},
        "products": draw(st.none() | st.lists(NAMES.map(lambda name: {"name": name}), max_size=3, unique_by=str)),
        "patents": draw(st.sampled_from([None, []])),
        "qualifications": draw(
            st.none()
            | st.lists(st.fixed_dictionaries({"type": st.just("gazelle"), "certificate_no": CODES}), max_size=2)
        ),
        "trademark_nos": draw(st.none() | st.lists(st.from_regex(r"[1-9][0-9]{7}", fullmatch=True), max_size=3)),
    }
    return ApplicationForm.model_validate(form).model_dump(mode="json")


@settings(max_examples=5, phases=WITHOUT_SHRINKING)
@given(st.lists(forms(), min_size=4, max_size=12))
def test_any_forms_survive_the_way_through_a_workbook(drawn: list[dict[str, Any]]) -> None:
    written = [form | {"uscc": FORMS[index]["uscc"]} for index, form in enumerate(drawn)]
    reading = read_workbook(layout_workbook(rows_of(written)))
    assert [read.form.model_dump(mode="json") for read in reading.forms] == written, faults(reading)


# --- one bad enterprise and its neighbours ------------------------------------------------------------------------


@dataclass(frozen=True)
class Scene:
    """What is done to an enterprise's cells, and the faults to be found: code, sheet, field and its own row there."""

    damage: Damage
    faults: Sequence[tuple[str, str, str, int]]


@dataclass
class Scenes:
    """Every scene in one workbook, each on an enterprise of its own, with an untouched neighbour in between."""

    reading: WorkbookReading
    starts: dict[str, dict[str, int]] = field(default_factory=dict)
    codes: dict[str, str | None] = field(default_factory=dict)

    def found(self, name: str) -> set[tuple[str, str]]:
        row = self.starts[name]["enterprises"] + 2
        rejected = [one for one in self.reading.rejections if (one.sheet, one.row) == ("企业", row)]
        return {(v.code, v.cell or "") for one in rejected for v in one.violations}

    def expected(self, name: str) -> set[tuple[str, str]]:
        start = self.starts[name]
        return {(code, place(sheet, field, start[sheet] + row)) for code, sheet, field, row in SCENES[name].faults}


def at(sheet: str, name: str, value: Any, code: str, row: int = 0) -> Scene:
    def damage(rows: SheetRows) -> None:
        rows[sheet][row][name] = value

    return Scene(damage, [(code, sheet, name, row)])


def _wrong_code(rows: SheetRows) -> None:
    for sheet in rows.values():
        for row in sheet:
            code = str(row["uscc"])
            row["uscc"] = code[:-1] + ("0" if code[-1] != "0" else "1")


def _several(rows: SheetRows) -> None:
    rows["enterprises"][0] |= {"people/rd_leader": "x" * 300, "finance/revenue_cny": "约一千万"}
    rows["patents"][1]["application_no"] = "不详"
    rows["products"][0]["is_main"] = "也许"


def _repeated(key: str, change: Damage) -> Damage:
    def damage(rows: SheetRows) -> None:
        rows[key].insert(1, dict(rows[key][0]))
        change(rows)
        rows["enterprises"][0][COUNT + key] = None

    return damage


def _with_zl(rows: SheetRows) -> None:
    rows["patents"][1]["application_no"] = f"zl{rows['patents'][1]['application_no']}"


def _contradicted(rows: SheetRows) -> None:
    rows["patents"][2]["kind"] = "外观设计" if rows["patents"][2]["kind"] != "外观设计" else "发明"


def _hopeless(rows: SheetRows) -> None:
    rows["patents"] = [rows["patents"][0] | {"kind": "其他"} for _ in range(150)]
    rows["enterprises"][0][f"{COUNT}patents"] = None


SCENES: dict[str, Scene] = {
    "code": Scene(_wrong_code, [("uscc_check_digit", "enterprises", "uscc", 0)]),
    "no code": Scene(
        lambda rows: (
            [sheet.clear() for key, sheet in rows.items() if key != "enterprises"]
            and rows["enterprises"][0].update({"uscc": None, **{COUNT + sheet.key: None for sheet in DETAILS}})
        ),
        [("required", "enterprises", "uscc", 0)],
    ),
    "no name": at("enterprises", "name", None, "required"),
    "control character": at("enterprises", "name", "【虚构】\x00有限公司", "control_character"),
    "no county": at("enterprises", "registered_division", None, "required"),
    "county name": at("enterprises", "registered_division", "不存在县", "division_unknown"),
    "county code": at("enterprises", "registered_division", "110101", "division_unknown"),
    "city": at("enterprises", CITY, "邻省某市", "city_unknown"),
    "no such day": at("enterprises", "established_on", "2019-02-30", "not_a_date"),
    "too early": at("enterprises", "established_on", date(1940, 1, 1), "too_small"),
    "industry": at("enterprises", "industry_class", "9999", "industry_class_unknown"),
    "share": at("enterprises", "main_business_share_percent", 101, "too_large"),
    "phone": at("enterprises", "contact_phone", "不便告知", "format"),
    "negative": at("enterprises", "finance/revenue_cny", -0.01, "too_small"),
    "no number": at("enterprises", "finance/rd_expense_cny", "三百万", "not_a_number"),
    "research staff": at("enterprises", "people/rd_staff", 9_999_999, "rd_staff_exceeds_employees"),
    "too many people": at("enterprises", "people/employees", 10_000_001, "too_large"),
    "partly": at("enterprises", "ip_management/has_unit", "部分", "not_a_boolean"),
    "no commitment": at("enterprises", "declarations/truthful", None, "required"),
    "commitment denied": at("enterprises", "declarations/truthful", "否", "truth_commitment_missing"),
    "commitment unreadable": at("enterprises", "declarations/truthful", "部分", "not_a_boolean"),
    "ambiguous promise": at("enterprises", "declarations/no_violation", "无", "absence_ambiguous"),
    "trademarks": at("enterprises", "trademark_nos", "、".join(["12345678"] * 501), "too_many"),
    "long trademark": at("enterprises", "trademark_nos", "1" * 201, "too_long"),
    "lost rows": at("enterprises", f"{COUNT}patents", 99, "detail_count_mismatch"),
    "rows beside zero": at("enterprises", f"{COUNT}patents", 0, "detail_count_mismatch"),
    "qualification": at("qualifications", "type", "五星级企业", "not_an_option"),
    "expired before issued": at("qualifications", "expires_on", date(1999, 1, 1), "expires_before_issue"),
    "patent number": at("patents", "application_no", "202010566088.8", "patent_no_check_digit", 2),
    "no kind": at("patents", "kind", None, "required"),
    "kind": Scene(_contradicted, [("patent_kind_mismatch", "patents", "kind", 2)]),
    "ipc": at("patents", "ipc_main", "光学", "format", 1),
    "granted": at("patents", "granted_on", date(1999, 1, 1), "granted_before_filing"),
    "unknown product": at("patents", "product_names", "没有这种产品", "product_unknown", 1),
    "long name": at("patents", "product_names", "产" * 201, "too_long", 1),
    "sales": at("products", "sales_cny", -1, "too_small"),
    "profit": at("products", "profit_cny", 0.00000001, "too_precise"),
    "several": Scene(
        _several,
        [
            ("too_long", "enterprises", "people/rd_leader", 0),
            ("not_a_number", "enterprises", "finance/revenue_cny", 0),
            ("required", "patents", "application_no", 1),
            ("not_a_boolean", "products", "is_main", 0),
        ],
    ),
    "patent twice": Scene(_repeated("patents", _with_zl), [("duplicate_patent", "patents", "application_no", 1)]),
    "product twice": Scene(_repeated("products", lambda _: None), [("duplicate_product", "products", "name", 1)]),
    "hopeless": Scene(_hopeless, [("not_an_option", "patents", "kind", row) for row in range(100)]),
}


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    rows: SheetRows = rows_of([])
    made = Scenes(WorkbookReading(0))
    for index, (name, scene) in enumerate(SCENES.items()):
        own = rows_of([FORMS[index]])
        scene.damage(own)
        made.starts[name] = {key: len(sheet) for key, sheet in rows.items()}
        made.codes[name] = None if own["enterprises"][0]["uscc"] is None else str(own["enterprises"][0]["uscc"])
        for key, sheet in [*own.items(), *rows_of([FORMS[-1 - index]]).items()]:
            rows[key].extend(sheet)
    made.reading = read_workbook(layout_workbook(rows))
    return made


@pytest.mark.parametrize("name", SCENES)
def test_a_fault_is_found_at_its_cell(scenes: Scenes, name: str) -> None:
    assert scenes.found(name) == scenes.expected(name)


def test_only_the_faulty_are_rejected_and_each_once(scenes: Scenes) -> None:
    reading = scenes.reading
    assert reading.rows_read == 2 * len(SCENES)
    assert [(row.sheet, row.row, row.uscc) for row in reading.rejections] == [
        ("企业", 2 + 2 * index, scenes.codes[name]) for index, name in enumerate(SCENES)
    ]
    assert [read.form.uscc for read in reading.forms] == [FORMS[-1 - index]["uscc"] for index in range(len(SCENES))]


def test_every_fault_is_told_in_both_languages(scenes: Scenes) -> None:
    for row in scenes.reading.rejections:
        assert all(v.message_zh and v.message_en and v.pointer is None for v in row.violations)


def test_doubles_and_strays_are_reported_and_reject_nobody_else() -> None:
    rows = rows_of(FORMS[:3])
    products = len(rows["products"])
    rows["enterprises"].append(rows["enterprises"][0] | {"uscc": f" {CODE.lower()} ", "name": "【虚构】另一名称"})
    rows["products"].append(rows["products"][0] | {"uscc": FORMS[3]["uscc"]})
    rows["products"].append(rows["products"][0] | {"uscc": None})
    reading = read_workbook(layout_workbook(rows))
    assert {(row.sheet, row.row, row.uscc, row.violations[0].code) for row in reading.rejections} == {
        ("企业", 5, CODE, "duplicate_in_workbook"),
        ("产品", products + 2, FORMS[3]["uscc"], "detail_orphan"),
        ("产品", products + 3, None, "required"),
    }
    assert "第 2 行" in reading.rejections[0].violations[0].message_zh
    assert reading.rows_read == 4
    assert [read.form.name for read in reading.forms] == [form["name"] for form in FORMS[:3]]


def test_a_blank_count_means_not_answered_and_zero_means_none() -> None:
    rows = rows_of(FORMS[:2])
    for sheet in DETAILS:
        rows[sheet.key] = []
        for row, count in zip(rows["enterprises"], (None, 0), strict=True):
            row[COUNT + sheet.key] = count
    first, second = (read.form.model_dump() for read in read_workbook(layout_workbook(rows)).forms)
    assert [first[sheet.key] for sheet in DETAILS] == [None] * 4
    assert [second[sheet.key] for sheet in DETAILS] == [[]] * 4


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


COUNTIES: list[tuple[str | None, Any, str]] = [
    (None, "武昌区", "420106"),
    ("武汉", "武昌区", "420106"),
    ("武汉市", 420106, "420106"),
    ("恩施州", "利川市", "422802"),
    ("恩施土家族苗族自治州", "恩施市", "422801"),
    ("荆州市", "监利市", "421088"),
    (None, "仙桃市", "429004"),
    ("神农架林区", None, "429021"),
    ("湖北省天门市", None, "429006"),
    ("宜昌市", "武昌区", "division_city_mismatch"),
    ("宜昌市", "420106", "division_city_mismatch"),
    ("宜昌市", None, "required"),
]


def test_a_county_by_name_by_city_or_by_code() -> None:
    rows = [
        [city, FORMS[index]["uscc"], "【虚构】试验有限公司", county, "是"]
        for index, (city, county, _) in enumerate(COUNTIES)
    ]
    reading = read_workbook(plain_workbook({"企业": [["市州", *HEADINGS], *rows]}))
    outcomes = {read.row: read.form.registered_division for read in reading.forms}
    outcomes |= {row.row: row.violations[0].code for row in reading.rejections}
    assert [outcomes[row + 2] for row in range(len(COUNTIES))] == [expected for _, _, expected in COUNTIES]
    assert {v.cell for row in reading.rejections for v in row.violations} == {"企业!D11", "企业!D12", "企业!D13"}


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


def cells(*rows: list[Any]) -> list[SheetRow]:
    return [SheetRow(number, row) for number, row in enumerate(rows, start=1)]


def refusal(sheets: dict[str, list[SheetRow]]) -> Problem:
    with pytest.raises(Problem) as caught:
        find_tables(sheets)
    return caught.value


@pytest.mark.parametrize("absent", range(len(HEADINGS)))
def test_a_missing_required_heading_refuses_the_file(absent: int) -> None:
    problem = refusal({"企业": cells(["某市申报表"], [*HEADINGS[:absent], *HEADINGS[absent + 1 :]], ROW[:3])})
    assert problem.kind.code == "workbook_headings_missing"
    assert [(v.code, v.cell) for v in problem.violations] == [("heading_missing", "企业!A2")]
    assert HEADINGS[absent] in problem.violations[0].message_zh


def test_a_heading_missing_on_a_detail_sheet_refuses_the_file() -> None:
    patents = cells(["统一社会信用代码", "专利类型"], [CODE, "发明"])
    problem = refusal({"企业": cells(HEADINGS, ROW), "专利": patents})
    assert [v.message_zh for v in problem.violations] == ["缺少表头“专利申请号”"]


def test_a_missing_sheet_and_a_repeated_heading_refuse_the_file() -> None:
    missing = problem_of(plain_workbook({"Sheet1": [HEADINGS, ROW]}))
    assert (missing.kind.code, missing.violations[0].code) == ("workbook_headings_missing", "sheet_missing")
    twice = refusal({"企业": cells([*HEADINGS, "信用代码"], ROW)})
    assert (twice.kind.code, twice.violations[0].cell) == ("workbook_headings_repeated", "企业!E1")


def test_a_workbook_without_rows_is_empty() -> None:
    assert refusal({"企业": cells(HEADINGS)}).kind.code == "workbook_empty"
    assert refusal({"企业": cells(HEADINGS, [None, None, None, None, "写在表外"])}).kind.code == "workbook_empty"
    assert refusal({"企业": [], "专利": []}).kind.code == "workbook_empty"


@pytest.mark.parametrize(("most", "read"), [(9, False), (29, False), (30, True)])
def test_too_many_rows_are_refused(most: int, *, read: bool) -> None:
    content = plain_workbook({"企业": [HEADINGS, *[ROW] * 30]})
    limits = WorkbookLimits(max_enterprises=most)
    if read:
        assert read_workbook(content, limits).rows_read == 30
    else:
        assert problem_of(content, limits).kind.code == "workbook_too_many_rows"
