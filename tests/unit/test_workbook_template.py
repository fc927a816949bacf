"""The template that people download: it guides, it protects what must stay, and it never runs anything."""

from __future__ import annotations

import zipfile
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from python_calamine import CalamineWorkbook

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_layout import ENTERPRISES, FIRST_DATA_ROW, SHEETS
from services.intake.imports.workbook_reader import read_workbook
from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import template, write_workbook
from shared.errors import Problem
from shared.reference.divisions import cities
from shared.reference.province import province

NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
TEMPLATE = template()


def sheet_xml(content: bytes, title: str) -> ET.Element:
    names = CalamineWorkbook.from_filelike(BytesIO(content)).sheet_names
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return ET.fromstring(archive.read(f"xl/worksheets/sheet{names.index(title) + 1}.xml"))


def rules(title: str) -> dict[str, ET.Element]:
    """Entry rules by the column they stand on."""
    found = sheet_xml(TEMPLATE, title).findall("m:dataValidations/m:dataValidation", NS)
    return {(rule.get("sqref") or "").split(":")[0].rstrip("0123456789"): rule for rule in found}


def formula(rule: ET.Element) -> str:
    return rule.findtext("m:formula1", "", NS)


def test_the_template_has_every_sheet_and_reads_as_empty() -> None:
    names = CalamineWorkbook.from_filelike(BytesIO(TEMPLATE)).sheet_names
    assert names == ["填报说明", "企业", "资质", "专利", "产品", "产学研合作", "代码表"]
    with pytest.raises(Problem) as caught:
        read_workbook(TEMPLATE)
    assert caught.value.kind.code == "workbook_empty"


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.key)
def test_headings_carry_stars_units_and_a_note_with_the_clause(sheet: object) -> None:
    assert sheet in SHEETS
    for each in SHEETS:
        rows = CalamineWorkbook.from_filelike(BytesIO(TEMPLATE)).get_sheet_by_name(each.title).to_python(False)
        assert rows[FIRST_DATA_ROW - 2][: len(each.columns)] == [column.title for column in each.columns]
        assert str(rows[0][0]) == each.subject
        assert str(rows[1][0]).startswith(province().programme)
    with zipfile.ZipFile(BytesIO(TEMPLATE)) as archive:
        notes = "".join(archive.read(name).decode() for name in archive.namelist() if "comments" in name)
    assert all(column.note.split("（")[0][:12] in notes for column in ENTERPRISES.columns)
    assert "附件第10条" in notes


def test_headings_are_locked_and_cells_to_fill_are_not() -> None:
    book = zipfile.ZipFile(BytesIO(TEMPLATE))
    styles = ET.fromstring(book.read("xl/styles.xml")).findall("m:cellXfs/m:xf", NS)
    unlocked = {
        str(i)
        for i, xf in enumerate(styles)
        if (p := xf.find("m:protection", NS)) is not None and p.get("locked") == "0"
    }
    xml = sheet_xml(TEMPLATE, "企业")
    protection = xml.find("m:sheetProtection", NS)
    assert protection is not None
    assert (protection.get("sheet"), protection.get("password")) == ("1", None)
    # 0 is "not locked": people sort, filter, widen columns and insert rows; the filter has to be there already.
    for permitted in ("sort", "autoFilter", "formatColumns", "insertRows", "deleteRows"):
        assert protection.get(permitted) == "0", permitted
    table_filter = xml.find("m:autoFilter", NS)
    assert table_filter is not None
    assert (table_filter.get("ref") or "").startswith(f"A{FIRST_DATA_ROW - 1}:AH")
    columns = xml.findall("m:cols/m:col", NS)
    # A row can be deleted only where every cell is unlocked, those beyond the table (format 0) too.
    assert {column.get("style") for column in columns} | {"0"} <= unlocked
    head = [cell.get("s") for row in xml.findall("m:sheetData/m:row", NS) for cell in row]
    assert head
    assert not set(head) & unlocked


def test_enumerations_are_drop_downs_and_counties_depend_on_the_city() -> None:
    enterprise = rules("企业")
    assert formula(enterprise["C"]) == f"代码表!$A$3:$A${2 + len(cities())}"
    assert formula(enterprise["D"]).startswith('IF($C5="",代码表!$D$3:$D$')
    assert formula(enterprise["F"]) == '"是,否"'
    patents = rules("专利")
    assert formula(patents["D"]) == '"发明,实用新型,外观设计"'
    assert formula(patents["F"]) == '"有效,审中,终止,宣告无效,期限届满"'
    assert formula(patents["H"]) == '"自研,受让,许可"'
    assert formula(rules("资质")["C"]).startswith("代码表!$J$3:")


def test_text_never_becomes_a_formula_or_a_link() -> None:
    form = invented_forms(5, 1)[0] | {"name": '=HYPERLINK("http://example.org","x")'}
    rows = rows_of([form])
    for number, row in enumerate(rows["patents"]):
        row["product_names"] = ("+1+1", "@SUM(A1)", "-2+3", "http://example.org")[number % 4]
    content = write_workbook(rows)
    with zipfile.ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert not any(b"<f>" in data or b"<hyperlink" in data for name, data in parts.items() if "worksheets" in name)
    read = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("企业").to_python(False)
    assert read[FIRST_DATA_ROW - 1][1] == form["name"]


def test_equal_rows_give_equal_bytes() -> None:
    forms = invented_forms(5, 2)
    content = write_workbook(rows_of(forms))
    assert content == write_workbook(rows_of(forms))
    # Neither the day nor the hour of writing is in it.
    assert b"2024-06-06T00:00:00Z" in zipfile.ZipFile(BytesIO(content)).read("docProps/core.xml")


def test_a_longer_amount_than_excel_keeps_travels_as_text() -> None:
    form = invented_forms(5, 1)[0]
    form["finance"] |= {"revenue_cny": "10000000000000.00", "total_assets_cny": "9999999999999.99"}
    row = rows_of([form])["enterprises"][0]
    assert (row["finance/revenue_cny"], row["finance/total_assets_cny"]) == (1_000_000_000.0, 999_999_999.999999)
    products = [form["products"][0] | {"sales_cny": "9876543210123.45"}]
    assert rows_of([form | {"products": products}])["products"][0]["sales_cny"] == 987_654_321.012345
