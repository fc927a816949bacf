"""A city files in bulk: a workbook filled, rehearsed, mended and imported; lines; and the list taken out again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.forms import HUANGSHI, form, with_changes
from support.lines import NDJSON, UPLOAD, codes, followed, ndjson, results
from support.system import System

from services.intake.exports.application_views import APPLICATION_STATUS
from services.intake.imports.workbook_layout import FIRST_DATA_ROW, SHEETS
from services.intake.imports.workbook_rows import rows_of
from shared.reference.divisions import division

CITY = "420100"
UPLOAD_WORKBOOK = "/v1/cycles/2024-1/applications:importWorkbook"
FORMS = [form(number) for number in (1, 2, 3, 4)]
STAFF, PATENT = "约二十人", "202010000030.0"
MENDED = {STAFF: 20, PATENT: FORMS[2]["patents"][0]["application_no"]}


def _filled(template: bytes) -> bytes:
    """The template as an officer fills it in: two enterprises right, one with words for a number, one with a typo."""
    rows = rows_of(FORMS)
    rows["enterprises"][1]["people/rd_staff"] = STAFF
    next(row for row in rows["patents"] if row["uscc"] == FORMS[2]["uscc"])["application_no"] = PATENT
    workbook = load_workbook(BytesIO(template), rich_text=True)
    for sheet in SHEETS:
        for number, row in enumerate(rows[sheet.key], FIRST_DATA_ROW):
            for place, column in enumerate(sheet.columns, 1):
                if row.get(column.field) is not None:
                    workbook[sheet.title].cell(number, place).value = row[column.field]
    return _saved(workbook)


def _saved(workbook: Any) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _mended(marked: bytes) -> tuple[bytes, list[str]]:
    """The marked workbook with the marked cells put right, and what the marks said in Chinese."""
    workbook = load_workbook(BytesIO(marked), rich_text=True)
    told: list[str] = []
    for sheet in SHEETS:
        for cell in _cells(workbook[sheet.title]):
            if cell.comment is not None:
                told.append(cell.comment.text.partition("\n")[0])
                cell.value = MENDED[str(cell.value)]
    return _saved(workbook), told


def _cells(sheet: Worksheet) -> Iterable[Any]:
    # Not iter_rows: the template is long, and most of its cells were never written.
    return [cell for (row, _), cell in sorted(sheet._cells.items()) if row >= FIRST_DATA_ROW]


class City:
    """The officer of a city who files for its enterprises."""

    def __init__(self, system: System) -> None:
        self.system, self.token = system, system.officer("bulk", "city_officer", CITY)

    async def workbook(self, content: bytes, **params: Any) -> dict[str, Any]:
        files = {"file": ("武汉.xlsx", content)}
        return await self._done("intake", "POST", UPLOAD_WORKBOOK, self.token, files=files, params=params)

    async def lines(self, forms: list[Any], **params: Any) -> dict[str, Any]:
        return await self._done(
            "intake", "POST", UPLOAD, self.token, content=ndjson(forms), headers=NDJSON, params=params
        )

    async def _done(self, *request: Any, **more: Any) -> dict[str, Any]:
        received = await self.system.ok(*request, **more)
        await self.system.drain()
        return await followed(self.system, received["id"], self.token)

    async def applications(self) -> list[dict[str, Any]]:
        """Each of the city's applications with its form, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.system.ok("intake", "GET", "/v1/applications", self.token, params={"limit": 2} | cursor)
            found += [
                await self.system.ok("intake", "GET", f"/v1/applications/{one['id']}", self.token)
                for one in page["items"]
            ]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}


async def test_a_workbook_is_filled_rehearsed_mended_and_imported(system: System) -> None:
    await system.open_cycle()
    city = City(system)
    template = await system.request("intake", "GET", "/v1/workbook-template", city.token)
    filled = _filled(template.content)

    rehearsed = await city.workbook(filled, validate_only=True)
    assert (rehearsed["status"], rehearsed["rows_accepted"], rehearsed["rows_rejected"]) == ("processed", 2, 2)
    assert await city.applications() == []

    done = await city.workbook(filled)
    assert (done["rows_accepted"], done["rows_rejected"]) == (2, 2)
    path = f"/v1/imports/{done['id']}"
    rejected = await system.ok("intake", "GET", f"{path}/rejected-rows", city.token)
    said = await system.ok("intake", "GET", f"/v1/imports/{rehearsed['id']}/rejected-rows", city.token)
    assert rejected == said, "a rehearsal says what the import says"
    assert {row["uscc"] for row in rejected["items"]} == {one["uscc"] for one in FORMS[1:3]}
    cells = [violation["cell"].split("!")[0] for row in rejected["items"] for violation in row["violations"]]
    assert sorted(cells) == ["专利", "企业"]

    marked = await system.request("intake", "GET", f"{path}/marked-workbook", city.token)
    mended, told = _mended(marked.content)
    assert told == ["“约二十”不是有效数字", "专利申请号校验位不符，请核对"]
    again = await city.workbook(mended)
    assert (again["rows_read"], again["rows_accepted"], again["rows_rejected"]) == (2, 2, 0)
    filed = {one["uscc"]: one["form"] for one in await city.applications()}
    assert filed.keys() == {one["uscc"] for one in FORMS}
    for one in FORMS:
        # What is computed in 万元 on paper is exact in 元 here.
        assert filed[one["uscc"]]["finance"]["revenue_cny"] == one["finance"]["revenue_cny"]
        assert filed[one["uscc"]]["people"]["rd_staff"] == one["people"]["rd_staff"]
        numbers = [patent["application_no"] for patent in filed[one["uscc"]]["patents"]]
        assert numbers == [patent["application_no"] for patent in one["patents"]]


async def test_lines_come_in_and_the_list_goes_out_as_it_is(system: System) -> None:
    await system.open_cycle()
    city = City(system)
    elsewhere = form(5, HUANGSHI)
    await system.submit(elsewhere)
    bad = with_changes(FORMS[1], "people", rd_staff=500)
    lines = [FORMS[0], bad, elsewhere, FORMS[2]]

    stopped = await city.lines(lines, mode="all_or_nothing")
    assert (stopped["status"], stopped["problem"]["code"]) == ("stopped", "rows_rejected")
    outcomes = [row["outcome"] for row in await results(system, stopped["id"], city.token)]
    assert outcomes == ["held_back", "rejected", "rejected", "held_back"]
    assert await city.applications() == []

    done = await city.lines(lines)
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("processed", 2, 2)
    rows = await results(system, done["id"], city.token)
    assert [(row["line"], row["uscc"]) for row in rows] == [(n, one["uscc"]) for n, one in enumerate(lines, 1)]
    assert [codes(row) for row in rows if "violations" in row] == [["rd_staff_exceeds_employees"], ["outside_city"]]

    applications = await city.applications()
    assert {one["id"] for one in applications} == {row["application_id"] for row in rows if "application_id" in row}
    await _in_every_state(system, city, applications)
    expected = [_as_exported(one) for one in await city.applications()]
    assert {one["状态"] for one in expected} == {"草稿", "已退回", "已推荐"}
    assert await _exported(system, city, "csv") == expected
    assert await _exported(system, city, "xlsx") == expected


async def _in_every_state(system: System, city: City, applications: list[dict[str, Any]]) -> None:
    """One is returned, one recommended, and one that is only a draft has no figures yet."""
    reasons = {"reasons": [{"field": "/people", "reason": "=1+1 请核对"}]}
    await system.ok("intake", "POST", f"/v1/applications/{applications[0]['id']}:return", city.token, json=reasons)
    await system.recommend(CITY, [applications[1]["id"]])
    who = {name: FORMS[3][name] for name in ("uscc", "name", "registered_division")}
    await system.ok("intake", "POST", "/v1/cycles/2024-1/drafts", system.enterprise(who["uscc"]), json=who)


_MOMENTS = {"提交时间", "补正期限"}


def _as_exported(one: Mapping[str, Any]) -> dict[str, str]:
    """What the file should say of an application, from what the API says of it."""
    content = one["form"] or {}
    finance, people = content.get("finance", {}), content.get("people", {})
    reasons = [f"{reason['field']}：{reason['reason']}" for reason in one["return_reasons"] or ()]
    return {
        "批次": one["cycle"],
        "统一社会信用代码": one["uscc"],
        "企业名称": one["name"],
        "市州": division(one["city_code"]).name,
        "状态": APPLICATION_STATUS[one["status"]],
        "版次": str(one["revision"]),
        "报告年度": str(finance.get("fiscal_year", "")),
        "营业收入（元）": finance.get("revenue_cny", ""),
        "研发投入（元）": finance.get("rd_expense_cny", ""),
        "从业人员（人）": str(people.get("employees", "")),
        "退回原因": "\n".join(reasons),
        "补正逾期": "是" if one["correction_overdue"] else "否",
    }


async def _exported(system: System, city: City, file_format: str) -> list[dict[str, str]]:
    """The rows of the file without its moments, numbers as the API writes them."""
    answer = await system.request(
        "intake", "GET", "/v1/exports/applications", city.token, params={"format": file_format}
    )
    assert answer.status_code == 200, answer.text
    if file_format == "csv":
        rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline="")))
    else:
        (sheet,) = load_workbook(BytesIO(answer.content)).worksheets
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    headings = [str(heading) for heading in rows[0]]
    found = [dict(zip(headings, row, strict=True)) for row in rows[1:]]
    return [{name: _text(name, value) for name, value in row.items() if name not in _MOMENTS} for row in found]


def _text(heading: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    return f"{Decimal(str(value)):.2f}" if heading.endswith("（元）") else str(value)
