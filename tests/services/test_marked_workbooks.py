"""What comes back of an uploaded workbook: only what needs work, but every row of a file that took nothing in."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from support.enterprises import Registry, other_code
from support.lines import results, run_imports
from support.system import System
from support.workbooks import layout_workbook

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_rows import rows_of

UPLOAD = "/v1/cycles/2024-1/applications:importWorkbook"
FORMS = invented_forms(13, 4)
CODES = [one["uscc"] for one in FORMS]
FIRST = 2  # below the headings
REHEARSAL = {"validate_only": "true"}


def workbook(count: int = 3, *, bad: int | None = None) -> bytes:
    """The first `count` enterprises with their details; the row `bad` lacks its name."""
    rows = rows_of(FORMS[:count])
    if bad is not None:
        rows["enterprises"][bad]["name"] = None
    return layout_workbook(rows)


async def taken(system: System, content: bytes, **params: str) -> dict[str, Any]:
    """The import of the workbook, once it has ended."""
    planner = system.officer("planner", "province_officer")
    files = {"file": ("申报.xlsx", content)}
    received = await system.ok("intake", "POST", UPLOAD, planner, files=files, params=params)
    await run_imports(system)
    return await system.ok("intake", "GET", f"/v1/imports/{received['id']}", planner)


async def marked(system: System, done: Mapping[str, Any]) -> bytes:
    planner = system.officer("planner", "province_officer")
    answer = await system.request("intake", "GET", f"/v1/imports/{done['id']}/marked-workbook", planner)
    assert answer.status_code == 200, answer.text
    return answer.content


def enterprises(content: bytes) -> list[str]:
    sheet = load_workbook(BytesIO(content))["企业"]
    return [str(row[0]) for row in sheet.iter_rows(min_row=FIRST, max_col=1, values_only=True) if row[0]]


def details(content: bytes) -> set[str]:
    sheet = load_workbook(BytesIO(content))["专利"]
    return {str(row[0]) for row in sheet.iter_rows(min_row=FIRST, max_col=1, values_only=True) if row[0]}


def comments(content: bytes) -> dict[str, str]:
    """What is said at cells of the enterprises' rows."""
    rows = load_workbook(BytesIO(content))["企业"].iter_rows(min_row=FIRST)
    return {cell.coordinate: cell.comment.text for row in rows for cell in row if cell.comment}


def advice(content: bytes) -> str:
    return "\n".join(str(cell.value) for (cell,) in load_workbook(BytesIO(content))["退回说明"]["A1:A7"])


def mended(content: bytes, row: int, name: str) -> bytes:
    book = load_workbook(BytesIO(content))
    book["企业"].cell(row, 2).value = name
    out = BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("wishes", [REHEARSAL, {"mode": "all_or_nothing"}], ids=["rehearsal", "all_or_nothing"])
async def test_a_file_that_took_nothing_in_keeps_its_good_rows(system: System, wishes: dict[str, str]) -> None:
    await system.open_cycle()
    tried = await taken(system, workbook(bad=1), **wishes)
    assert tried["rows_rejected"] == 1
    content = await marked(system, tried)
    assert enterprises(content) == CODES[:3]
    assert details(content) == set(CODES[:3])
    assert list(comments(content)) == [f"B{FIRST + 1}"]
    assert "1 家企业未采用" in advice(content)
    assert "本次没有导入任何企业" in advice(content)
    assert "请勿重复填报" not in advice(content)
    done = await taken(system, mended(content, FIRST + 1, FORMS[1]["name"]))
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("processed", 3, 0)


async def test_what_was_taken_in_is_left_out(system: System) -> None:
    await system.open_cycle()
    content = await marked(system, await taken(system, workbook(bad=1)))
    assert enterprises(content) == CODES[1:2]
    assert details(content) == {CODES[1]}
    assert "请勿重复填报" in advice(content)
    done = await taken(system, mended(content, FIRST, FORMS[1]["name"]))
    assert (done["rows_accepted"], done["rows_rejected"]) == (1, 0)


async def test_rows_behind_the_point_where_reading_stopped_are_not_lost(system: System) -> None:
    await system.open_cycle()
    hasty = system.settings["intake"].model_copy(update={"import_error_share_after": 2})
    system.settings["intake"] = hasty
    stopped = await taken(system, workbook(4, bad=1), max_error_share="0.1")
    assert (stopped["status"], stopped["rows_read"]) == ("stopped", 2)
    content = await marked(system, stopped)
    assert enterprises(content) == CODES
    done = await taken(system, mended(content, FIRST + 1, FORMS[1]["name"]), max_error_share="0.1")
    assert (done["status"], done["rows_accepted"]) == ("processed", 4)


@pytest.mark.parametrize("rehearsal", [True, False])
async def test_what_was_refused_at_submission_is_marked_too(system: System, *, rehearsal: bool) -> None:
    await system.open_cycle()
    registry, present = Registry(system), other_code(CODES[2])
    await taken(system, workbook(3))
    await registry.made(CODES[2], "changeCode", old_code=CODES[2], new_code=present)
    again = await taken(system, workbook(4), **(REHEARSAL if rehearsal else {}))
    assert (again["rows_accepted"], again["rows_rejected"]) == (1, 3)
    content = await marked(system, again)
    assert enterprises(content) == (CODES if rehearsal else CODES[:3])
    said = comments(content)
    assert list(said) == [f"A{FIRST + offset}" for offset in range(3)]
    assert present in said[f"A{FIRST + 2}"]
    rejected = [row for row in await results(system, again["id"]) if row["outcome"] == "rejected"]
    assert [row["violations"][0]["code"] for row in rejected] == ["application_exists"] * 2 + ["uscc_superseded"]
    (superseded,) = rejected[2]["violations"]
    assert superseded["message_zh"] == f"该代码已变更或已合并，请使用现行统一社会信用代码：{present}"
    assert superseded["message_en"].endswith(f": {present}")
