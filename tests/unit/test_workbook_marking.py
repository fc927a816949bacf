"""A rejected workbook comes back as the officer's own, with what needs work marked; mended, it imports cleanly."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet
from support.workbooks import HEADINGS, plain_workbook, with_part

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_layout import FIRST_DATA_ROW
from services.intake.imports.workbook_marking import marked_workbook
from services.intake.imports.workbook_marking_sheet import AUTHOR, COLOUR
from services.intake.imports.workbook_reader import RejectedRowReading, WorkbookReading, read_workbook
from services.intake.imports.workbook_rows import SheetRows, rows_of
from services.intake.imports.workbook_template import write_workbook
from shared.errors import Problem, Violation

FORMS = invented_forms(13, 12)
GOOD_CODE, BAD_NAME, BAD_PATENT, BAD_CODE = (FORMS[index]["uscc"] for index in (0, 3, 6, 9))


def _damaged() -> SheetRows:
    """Twelve enterprises: one without its revenue's meaning, one with a wrong patent, one with a wrong code."""
    rows = rows_of(FORMS)
    rows["enterprises"][3]["finance/revenue_cny"] = "约一千万"
    next(row for row in rows["patents"] if row["uscc"] == BAD_PATENT)["application_no"] = "202010566088.8"
    wrong = BAD_CODE[:-1] + ("0" if BAD_CODE[-1] != "0" else "1")
    for sheet in rows.values():
        for row in sheet:
            if row["uscc"] == BAD_CODE:
                row["uscc"] = wrong
    return rows


CONTENT = write_workbook(_damaged())


def changed(content: bytes, change: Callable[[dict[str, Worksheet]], None]) -> bytes:
    """The workbook after somebody opened it, changed something and saved it."""
    workbook = load_workbook(BytesIO(content), rich_text=True)
    change({sheet.title: sheet for sheet in workbook.worksheets})
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def marked(content: bytes) -> tuple[bytes, WorkbookReading]:
    reading = read_workbook(content)
    return marked_workbook(content, reading.rejections), reading


def comments(content: bytes, author: str | None = AUTHOR) -> dict[str, str]:
    return {
        f"{sheet.title}!{cell.coordinate}": cell.comment.text
        for sheet in load_workbook(BytesIO(content)).worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.comment is not None and author in (None, cell.comment.author)
    }


def column(sheet: Worksheet, heading: str) -> int:
    row = sheet[FIRST_DATA_ROW - 1]
    return next(cell.column for cell in row if str(cell.value).removeprefix("*").startswith(heading))


def mend(sheets: dict[str, Worksheet]) -> None:
    for name, sheet in sheets.items():
        for row in sheet.iter_rows(min_row=FIRST_DATA_ROW):
            for cell in row:
                if cell.comment is None or cell.comment.author != AUTHOR:
                    continue
                if cell.column == 1:
                    cell.value = BAD_CODE
                elif name == "企业":
                    cell.value = 1200.5
                else:
                    cell.value = FORMS[6]["patents"][0]["application_no"]


@pytest.fixture(scope="module")
def first_round() -> tuple[bytes, WorkbookReading]:
    return marked(CONTENT)


def test_only_what_needs_work_stays_with_its_details(first_round: tuple[bytes, WorkbookReading]) -> None:
    content, before = first_round
    assert [row.row for row in before.rejections] == [8, 11, 14]
    after = read_workbook(content)
    assert (after.rows_read, after.forms) == (3, [])
    assert [(row.sheet, row.row) for row in after.rejections] == [("企业", 5), ("企业", 6), ("企业", 7)]
    # The same faults as before, so no detail row was lost on the way.
    told = [[(v.code, v.message_zh) for v in row.violations] for row in before.rejections]
    assert [[(v.code, v.message_zh) for v in row.violations] for row in after.rejections] == told


def test_bad_cells_are_coloured_and_told_in_chinese_first(first_round: tuple[bytes, WorkbookReading]) -> None:
    content, before = first_round
    told = comments(content)
    workbook = load_workbook(BytesIO(content))
    for place, text in told.items():
        name, _, reference = place.rpartition("!")
        assert workbook[name][reference].fill.fgColor.rgb == COLOUR
        chinese, _, english = text.partition("\n")
        assert re.search(r"[\u4e00-\u9fff]", chinese)
        assert english.isascii() or "企业" in english
    revenue = f"企业!{load_workbook(BytesIO(content))['企业'].cell(5, column(workbook['企业'], '营业收入')).coordinate}"
    assert told[revenue].startswith("“约一千万”不是有效数字\nNot a number")
    # Whoever mends a code on 企业 has to mend it in the details too, and is told so there.
    details = sum(len(FORMS[9][key] or ()) for key in ("qualifications", "patents", "products", "collaborations"))
    assert sum("改正后的统一社会信用代码" in text for text in told.values()) == details
    assert len(told) == 3 + details
    assert before.rejections[0].violations[0].message_zh in told[revenue]


def test_the_marked_cells_mended_import_cleanly(first_round: tuple[bytes, WorkbookReading]) -> None:
    reading = read_workbook(changed(first_round[0], mend))
    assert reading.rejections == []
    assert [read.form.uscc for read in reading.forms] == [BAD_NAME, BAD_PATENT, BAD_CODE]
    assert str(reading.forms[0].form.finance.revenue_cny) == "12005000.00"
    assert reading.forms[1].form.model_dump(mode="json") == read_one(FORMS[6])


def read_one(form: dict[str, Any]) -> dict[str, Any]:
    return read_workbook(write_workbook(rows_of([form]))).forms[0].form.model_dump(mode="json")


def test_the_first_sheet_lists_the_marked_cells_with_links(first_round: tuple[bytes, WorkbookReading]) -> None:
    workbook = load_workbook(BytesIO(first_round[0]))
    summary = workbook.worksheets[0]
    assert (summary.title, workbook.active) == ("退回说明", summary)
    assert "3 家企业未采用，共 3 处需要改正" in str(summary["A2"].value)
    assert [sheet.title for sheet in workbook.worksheets if sheet.sheet_view.tabSelected] == ["退回说明"]
    lines = [[cell.value for cell in row[:4]] for row in summary.iter_rows(min_row=10)]
    told = comments(first_round[0])
    places = [tuple(place.split("!")) for place, text in told.items() if "改正后的" not in text]
    assert [(sheet, reference) for _, sheet, reference, _ in lines] == places
    assert summary["C10"].hyperlink.location == f"'企业'!{summary['C10'].value}"


def test_the_rest_of_the_officers_file_stays() -> None:
    def personal(sheets: dict[str, Worksheet]) -> None:
        sheet = sheets["企业"]
        sheet.column_dimensions["B"].width = 51
        sheet["B8"].comment = Comment("请王某核对", "李某")
        sheet["B4"].comment.text += "（内部提示）"
        sheet.row_dimensions[8].height = 40
        sheet.row_dimensions[11].hidden = True
        sheet["AK8"] = "本行已电话联系"
        sheet["AJ8"].hyperlink = "https://example.org/x"
        own = sheet.parent.create_sheet("内部台账")
        own["A1"], own["B2"] = "=SUM(B2:B3)", 7

    content, _ = marked(changed(CONTENT, personal))
    workbook, old = load_workbook(BytesIO(content)), load_workbook(BytesIO(CONTENT))
    assert workbook.sheetnames == ["退回说明", *old.sheetnames, "内部台账"]
    assert workbook["内部台账"]["A1"].value == "=SUM(B2:B3)"
    sheet = workbook["企业"]
    assert (sheet.column_dimensions["B"].width, sheet.column_dimensions["A"].width) == (51, pytest.approx(23, abs=1))
    assert sheet["B5"].comment.text == "请王某核对"
    assert (sheet["AK5"].value, sheet["AJ5"].hyperlink.target) == ("本行已电话联系", "https://example.org/x")
    assert sheet["AJ5"].hyperlink.ref == "AJ5"
    assert sheet.row_dimensions[5].height == 40
    assert not sheet.row_dimensions[6].hidden
    assert sheet["B4"].comment.text.endswith("（内部提示）")
    for name in ("企业", "专利"):
        before, after = old[name], workbook[name]
        assert after.protection.sheet
        assert not after.protection.sort
        assert len(after.data_validations.dataValidation) == len(before.data_validations.dataValidation)
        assert after.merged_cells.ranges == before.merged_cells.ranges
        assert after.freeze_panes == before.freeze_panes
        assert [cell.value for cell in after[4] if cell.value] == [cell.value for cell in before[4]]
        assert after["A5"].number_format == "@"
        assert not after["A5"].protection.locked
        assert after["A4"].protection.locked
        assert after["A4"].fill.fgColor.rgb == before["A4"].fill.fgColor.rgb


def _strings(content: bytes) -> int:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return sum(archive.read(name).count(b"peiyu-mark") for name in archive.namelist() if "sheet" in name)


def test_marks_do_not_pile_up() -> None:
    def note(sheets: dict[str, Worksheet]) -> None:
        sheets["企业"]["L8"].comment = Comment("数据待财务确认", "李某")

    start = changed(CONTENT, note)
    once, _ = marked(start)
    twice, _ = marked(once)
    assert comments(twice, None) == comments(once, None)
    assert load_workbook(BytesIO(twice)).sheetnames == load_workbook(BytesIO(once)).sheetnames
    assert _strings(twice) == _strings(once)
    assert "数据待财务确认" in comments(once)["企业!L5"]

    def half(sheets: dict[str, Worksheet]) -> None:
        sheets["企业"]["L5"] = 1200.5
        sheets["企业"]["B5"] = None

    third, _ = marked(changed(twice, half))
    sheet = load_workbook(BytesIO(third))["企业"]
    assert sheet["L5"].comment.text == "数据待财务确认"
    assert sheet["L5"].fill.fill_type is None
    assert sheet["B5"].comment.text == "必填\nField required"


def test_drop_downs_that_excel_keeps_in_an_extension_stay() -> None:
    """Excel moves lists on another sheet into an extension; openpyxl would drop them without a word."""

    def as_excel(xml: bytes) -> bytes:
        found = re.search(rb'<dataValidation type="list"[^>]*sqref="(C5:C\d+)"[^>]*><formula1>([^<]*)</formula1>', xml)
        assert found
        rest = re.sub(rb'<dataValidation type="list"[^>]*sqref="C5:C\d+".*?</dataValidation>', b"", xml, count=1)
        extension = (
            b'<extLst><ext xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
            b'uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"><x14:dataValidations count="1" '
            b'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"><x14:dataValidation type="list" '
            b'allowBlank="1" showErrorMessage="1"><x14:formula1><xm:f>%b</xm:f></x14:formula1><xm:sqref>%b</xm:sqref>'
            b"</x14:dataValidation></x14:dataValidations></ext></extLst></worksheet>" % (found.group(2), found.group(1))
        )
        return rest.replace(b"</worksheet>", extension)

    content, _ = marked(with_part(CONTENT, "xl/worksheets/sheet2.xml", as_excel))
    rules = {str(rule.sqref): rule for rule in load_workbook(BytesIO(content))["企业"].data_validations.dataValidation}
    (kept,) = [rule for area, rule in rules.items() if area.startswith("C5:")]
    assert kept.formula1.startswith("代码表!$A$3")
    assert (kept.type, kept.allow_blank) == ("list", True)


def test_formulas_become_their_results_and_faulty_ones_stay() -> None:
    def sheet_with_formulas() -> bytes:
        rows = [[*HEADINGS, "营业收入", "研发投入", "利润总额"]]
        rows += [[FORMS[index]["uscc"], FORMS[index]["name"], "武昌区", "是"] for index in range(3)]
        content = plain_workbook({"企业": rows})
        cells = b'<c r="E4"><f>1000*6</f><v>6000</v></c><c r="F4"><f>1/0</f></c><c r="G4" t="str"><f>"="&amp;1</f><v>=1</v></c></row>'
        return with_part(
            content, "xl/worksheets/sheet1.xml", lambda xml: re.sub(rb'(<row r="4".*?)</row>', rb"\g<1>" + cells, xml)
        )

    content, _ = marked(sheet_with_formulas())
    sheet = load_workbook(BytesIO(content))["企业"]
    assert [(sheet[place].value, sheet[place].data_type) for place in ("E2", "F2", "G2")] == [
        (6000, "n"),
        ("=1/0", "f"),
        ("=1", "s"),
    ]


def test_what_was_refused_at_submission_is_marked_at_the_code() -> None:
    content = plain_workbook(
        {"企业": [HEADINGS, *[[form["uscc"], form["name"], "武昌区", "是"] for form in FORMS[:3]]]}
    )
    refused = RejectedRowReading(
        "企业", 3, FORMS[1]["uscc"], [Violation("application_exists", "本批次已有申报", "Exists")]
    )
    once = marked_workbook(content, [refused])
    assert comments(once) == {"企业!A2": "本批次已有申报\nExists"}
    assert [read.form.uscc for read in read_workbook(once).forms] == [FORMS[1]["uscc"]]
    assert read_workbook(once).rows_read == 1


def test_a_second_row_of_an_accepted_enterprise_comes_back_alone() -> None:
    rows = rows_of(FORMS[:2])
    rows["enterprises"].append(rows["enterprises"][0] | {"name": "=cmd()"})
    content, reading = marked(write_workbook(rows))
    assert len(reading.forms) == 2
    workbook = load_workbook(BytesIO(content))
    assert [cell.value for cell in workbook["企业"]["B"][4:6]] == ["=cmd()"]
    assert workbook["企业"]["B5"].data_type == "s"
    assert workbook["专利"]["A5"].value is None


def test_hostile_and_broken_files_are_refused_before_they_are_opened() -> None:
    rejected = read_workbook(CONTENT).rejections
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    part = "xl/worksheets/sheet7.xml"
    for content, code in (
        (with_part(CONTENT, part, lambda xml: xml.replace(b"?>", b"?>" + laughs, 1)), "workbook_unreadable"),
        (with_part(CONTENT, part, lambda xml: ("\n" + xml.decode()).encode("utf-16-le")), "workbook_unreadable"),
        (CONTENT[: len(CONTENT) // 2], "not_a_workbook"),
        (b"", "not_a_workbook"),
        (with_part(CONTENT, "xl/styles.xml", lambda _: b"<styleSheet><fonts><font>"), "workbook_unreadable"),
        (
            with_part(
                CONTENT,
                part,
                lambda xml: xml.replace(
                    b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'
                ),
            ),
            "workbook_out_of_range",
        ),
    ):
        with pytest.raises(Problem) as caught:
            marked_workbook(content, rejected)
        assert caught.value.kind.code == code


def test_a_workbook_that_openpyxl_wrote_comes_back_too() -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "企业"
    sheet.append([*HEADINGS, "成立日期"])
    sheet.append([FORMS[0]["uscc"], FORMS[0]["name"], "武昌区", "是", date(2012, 5, 1)])
    sheet.append([FORMS[1]["uscc"], FORMS[1]["name"], "武昌区", "是", "不知道"])
    stream = BytesIO()
    workbook.save(stream)
    content, _ = marked(stream.getvalue())
    assert list(comments(content)) == ["企业!E2"]
    assert load_workbook(BytesIO(content))["企业"]["A3"].value is None
