"""All or nothing, the ceiling on errors, rehearsals: what a file is taken for, in both formats."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from stdnum.cn.uscc import calc_check_digit
from support.enterprises import Registry
from support.forms import HUANGSHI, WUHAN, form, uscc, with_changes
from support.lines import codes, import_lines, ndjson, results, run_imports
from support.system import System
from support.thoroughness import drawn
from support.workbooks import awkward_workbook, layout_workbook

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_reader import read_workbook
from services.intake.imports.workbook_rows import rows_of

WORKBOOK = "/v1/cycles/2024-1/applications:importWorkbook"
COUNTED = ("cycle", "enterprise", "enterprise_version", "application", "application_draft", "application_snapshot")


async def _import_workbook(system: System, content: bytes, **params: Any) -> dict[str, Any]:
    planner = system.officer("planner", "province_officer")
    files = {"file": ("申报.xlsx", content)}
    received = await system.ok("intake", "POST", WORKBOOK, planner, files=files, params=params)
    await run_imports(system)
    return await system.ok("intake", "GET", f"/v1/imports/{received['id']}", planner)


async def _applications(owner: asyncpg.Connection) -> int:
    return await owner.fetchval("SELECT count(*) FROM application") + await owner.fetchval(
        "SELECT count(*) FROM enterprise"
    )


async def test_all_or_nothing_takes_nothing_and_still_names_every_bad_row(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    await system.submit(form(3))
    before = await _applications(owner)
    content = ndjson([form(1), b"{", form(3), form(2)])
    done = await import_lines(system, content, mode="all_or_nothing")
    assert (done["status"], done["problem"]["code"]) == ("stopped", "rows_rejected")
    assert (done["rows_read"], done["rows_accepted"], done["rows_rejected"]) == (4, 0, 2)
    rows = await results(system, done["id"])
    assert [row["outcome"] for row in rows] == ["held_back", "rejected", "rejected", "held_back"]
    assert codes(rows[2]) == ["application_exists"]
    assert await _applications(owner) == before
    good = await import_lines(system, ndjson([form(1), form(2)]), mode="all_or_nothing")
    assert (good["status"], good["rows_accepted"]) == ("processed", 2)


async def test_all_or_nothing_holds_for_workbooks_and_their_details(system: System, owner: asyncpg.Connection) -> None:
    content, expected = awkward_workbook(7)
    await system.open_cycle()
    done = await _import_workbook(system, content, mode="all_or_nothing")
    assert (done["status"], done["rows_accepted"]) == ("stopped", 0)
    assert done["rows_rejected"] == expected.rejected_rows
    rows = await results(system, done["id"])
    assert sum(row["outcome"] == "held_back" for row in rows) == expected.good_rows
    assert sum(row["sheet"] == "企业" for row in rows) == expected.rows
    assert sum(row["sheet"] != "企业" for row in rows) == expected.orphan_rows
    assert await _applications(owner) == 0


async def test_a_plainly_wrong_file_is_stopped_early_with_its_reasons(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    lines = [form(number) if number % 3 == 0 else b"{" for number in range(1, 700)]
    done = await import_lines(system, ndjson(lines))
    assert (done["status"], done["problem"]["code"]) == ("stopped", "error_share_exceeded")
    assert (done["rows_total"], done["rows_read"], done["rows_accepted"]) == (699, 200, 0)
    rows = await results(system, done["id"])
    assert [row["line"] for row in rows] == list(range(1, 201))
    assert {row["outcome"] for row in rows} == {"rejected", "held_back"}
    assert sum(row["outcome"] == "rejected" for row in rows) == done["rows_rejected"] == 134
    assert await _applications(owner) == 0
    patient = await import_lines(system, ndjson(lines), max_error_share="0.7")
    assert (patient["status"], patient["rows_read"], patient["rows_accepted"]) == ("processed", 699, 233)
    planner = system.officer("planner", "province_officer")
    refused = {"content": b"{}\n", "headers": {"Content-Type": "application/x-ndjson"}}
    path = "/v1/cycles/2024-1/applications:import"
    for params in ({"max_error_share": "1.1"}, {"mode": "some"}, {"validate": "true"}):
        await system.refused("intake", "POST", path, planner, "validation_failed", 422, params=params, **refused)


async def test_a_plainly_wrong_workbook_is_stopped_too(system: System, owner: asyncpg.Connection) -> None:
    forms = invented_forms(3, 240)
    rows = rows_of(forms)
    for row in rows["enterprises"][:150]:
        row["name"] = None
    await system.open_cycle()
    done = await _import_workbook(system, layout_workbook(rows))
    assert (done["status"], done["rows_total"], done["rows_read"]) == ("stopped", 240, 200)
    assert (done["rows_accepted"], done["rows_rejected"]) == (0, 150)
    assert len(await results(system, done["id"])) == 200
    assert await _applications(owner) == 0


async def test_an_enterprise_that_has_applied_says_nothing_against_the_file(system: System) -> None:
    await system.open_cycle()
    content = ndjson(invented_forms(5, 220))
    assert (await import_lines(system, content, max_error_share="0"))["rows_accepted"] == 220
    again = await import_lines(system, content, max_error_share="0")
    assert (again["status"], again["rows_rejected"]) == ("processed", 220)


# Rehearsals ---------------------------------------------------------------------------------------------------

KINDS = (
    "good",
    "broken",
    "repeated",
    "exists",
    "returned",
    "elsewhere",
    "wrong",
    "known",
    "draft",
    "withdrawn",
    "recoded",
)


def _later(number: int) -> str:
    """The code that an enterprise has after it moved."""
    body = uscc(number)[:2] + HUANGSHI + uscc(number)[8:17]
    return body + calc_check_digit(body)


def _line(kind: str, number: int) -> Any:
    if kind == "broken":
        return b'{"uscc": "x"'
    if kind == "repeated":
        return form(1000)
    if kind == "wrong":
        return with_changes(form(number), "declarations", truthful=False)
    if kind == "elsewhere":
        return form(number, HUANGSHI) | {"uscc": uscc(number, WUHAN)}
    return form(number)


async def _on_record(system: System, lines: list[tuple[str, int]]) -> None:
    """What some lines presuppose: an application that exists, that was returned, an enterprise of another city."""
    officer = system.officer("o", "city_officer", "420100")
    for kind, number in lines:
        if kind in ("exists", "returned"):
            received = await system.submit(form(number))
            if kind == "returned":
                path = f"/v1/applications/{received['id']}:return"
                reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
                await system.ok("intake", "POST", path, officer, json=reasons)
        elif kind in ("elsewhere", "known", "recoded"):
            await system.submit(form(number), "2024-2")
            if kind == "recoded":
                await Registry(system).made(uscc(number), "changeCode", old_code=uscc(number), new_code=_later(number))
        elif kind == "draft":
            typed = {name: form(number)[name] for name in ("uscc", "name", "registered_division")}
            await system.ok("intake", "POST", "/v1/cycles/2024-1/drafts", system.enterprise(typed["uscc"]), json=typed)
        elif kind == "withdrawn":
            received = await system.submit(form(number))
            path = f"/v1/applications/{received['id']}:withdraw"
            await system.ok("intake", "POST", path, system.enterprise(uscc(number)), json={})


def _verdicts(rows: list[dict[str, Any]]) -> list[Any]:
    return [{name: row.get(name) for name in ("position", "uscc", "outcome", "violations")} for row in rows]


async def _fingerprint(owner: asyncpg.Connection) -> list[Any]:
    """Everything that an import could leave behind, save its own record."""
    return [
        await owner.fetchval(f"SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {table} t")
        for table in COUNTED
    ] + [await owner.fetchval("SELECT count(*) FROM audit_entry WHERE subject_type = 'application'")]


async def _rehearse_and_import(
    system: System, owner: asyncpg.Connection, lines: list[tuple[str, int]], mode: str
) -> None:
    await _on_record(system, lines)
    content = ndjson([_line(kind, number) for kind, number in lines])
    before = await _fingerprint(owner)
    rehearsal = await import_lines(system, content, mode=mode, validate_only="true")
    assert await _fingerprint(owner) == before, "a rehearsal leaves nothing behind"
    real = await import_lines(system, content, mode=mode)
    assert (rehearsal["validate_only"], real["validate_only"]) == (True, False)
    for name in ("status", "rows_read", "rows_accepted", "rows_rejected"):
        assert rehearsal[name] == real[name], name
    first, second = await results(system, rehearsal["id"]), await results(system, real["id"])
    assert _verdicts(first) == _verdicts(second)
    assert len(second) == len(lines)
    assert not any("application_id" in row for row in first)
    accepted = [row for row in second if row["outcome"] == "accepted"]
    assert all(row["application_id"] for row in accepted)
    if real["rows_accepted"]:
        assert await _fingerprint(owner) != before


async def test_a_rehearsal_gives_the_verdicts_of_the_import(system: System, owner: asyncpg.Connection) -> None:
    """Line by line, whatever is mixed, and in both modes."""
    await system.open_cycle()
    await system.open_cycle("2024-2")
    used = iter(range(1, 1000))

    def attempt(kinds: list[str], mode: str) -> None:
        lines = [(kind, next(used)) for kind in kinds]
        asyncio.run_coroutine_threadsafe(_rehearse_and_import(system, owner, lines, mode), loop).result()

    loop = asyncio.get_running_loop()
    mixed = given(
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=8),
        mode=st.sampled_from(["accept_good", "all_or_nothing"]),
    )
    await asyncio.to_thread(hypothesis_settings(max_examples=drawn(8, 100))(mixed(attempt)))


async def test_each_kind_of_line_gets_the_outcome_it_stands_for(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    await system.open_cycle("2024-2")
    lines = [(kind, number) for number, kind in enumerate([*KINDS, "repeated"], start=1)]
    await _rehearse_and_import(system, owner, lines, "accept_good")
    planner = system.officer("planner", "province_officer")
    (newest, *_) = (await system.ok("intake", "GET", "/v1/imports", planner))["items"]
    rows = await results(system, newest["id"])
    found = {f"{kind}-{number}": row["outcome"] if row["outcome"] == "accepted" else codes(row)
             for (kind, number), row in zip(lines, rows, strict=True)}  # fmt: skip
    assert found == {
        "good-1": "accepted",
        "broken-2": ["json_invalid"],
        "repeated-3": "accepted",
        "exists-4": ["application_exists"],
        "returned-5": "accepted",
        "elsewhere-6": ["registered_elsewhere"],
        "wrong-7": ["truth_commitment_missing"],
        "known-8": "accepted",
        "draft-9": "accepted",
        "withdrawn-10": "accepted",
        "recoded-11": ["uscc_superseded"],
        "repeated-12": ["duplicate_in_file"],
    }
    resubmitted = await owner.fetchrow(
        "SELECT a.status, a.revision FROM application a JOIN enterprise e ON e.id = a.enterprise_id WHERE e.uscc = $1",
        form(5)["uscc"],
    )
    assert tuple(resubmitted) == ("submitted", 2)


async def test_a_rehearsed_workbook_gives_the_verdicts_of_the_import(system: System, owner: asyncpg.Connection) -> None:
    content, expected = awkward_workbook(11)
    await system.open_cycle()
    before = await _fingerprint(owner)
    rehearsal = await _import_workbook(system, content, validate_only="true")
    assert await _fingerprint(owner) == before
    assert (rehearsal["rows_accepted"], rehearsal["rows_rejected"]) == (expected.good_rows, expected.rejected_rows)
    real = await _import_workbook(system, content)
    assert _verdicts(await results(system, rehearsal["id"])) == _verdicts(await results(system, real["id"]))
    answer = await system.request(
        "intake", "GET", f"/v1/imports/{real['id']}/marked-workbook", system.officer("planner", "province_officer")
    )
    assert "marked.xlsx" in answer.headers["content-disposition"]
    assert len(read_workbook(answer.content).forms) == 0, "what is taken in has left the workbook"
    path = f"/v1/imports/{rehearsal['id']}/marked-workbook"
    answer = await system.request("intake", "GET", path, system.officer("planner", "province_officer"))
    kept = read_workbook(answer.content)
    assert (kept.rows_read, len(kept.forms)) == (expected.rows, expected.good_rows), "a rehearsal took nothing in"
    told = load_workbook(BytesIO(answer.content))["退回说明"]
    assert str(told["A2"].value).startswith(f"{expected.rejected_rows} 家企业未采用")
    assert f"另有 {expected.good_rows} 家没有发现问题，保留在本文件中" in str(told["A3"].value)
