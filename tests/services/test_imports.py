"""Workbooks over HTTP: good rows come in, bad rows are named by cell, bad files are refused whole."""

from __future__ import annotations

import io
import uuid
import zipfile

import asyncpg
import pytest
from support.forms import form
from support.lines import run_imports
from support.system import System
from support.workbooks import awkward_workbook

from services.intake.imports.workbook_template import template

UPLOAD = "/v1/cycles/2024-1/applications:importWorkbook"


async def _upload(system: System, content: bytes, token: str | None = None) -> dict:
    token = token or system.officer("planner", "province_officer")
    received = await system.ok("intake", "POST", UPLOAD, token, files={"file": ("申报.xlsx", content)})
    assert received["status"] == "received"
    await run_imports(system)
    return await system.ok("intake", "GET", f"/v1/imports/{received['id']}", token)


async def test_good_rows_come_in_and_bad_rows_are_named_by_cell(system: System, owner: asyncpg.Connection) -> None:
    content, expected = awkward_workbook(7)
    await system.open_cycle()
    done = await _upload(system, content)
    assert (done["status"], done["rows_read"]) == ("processed", expected.rows)
    assert (done["rows_accepted"], done["rows_rejected"]) == (expected.good_rows, expected.rejected_rows)
    planner = system.officer("planner", "province_officer")
    page = await system.ok("intake", "GET", f"/v1/imports/{done['id']}/rejected-rows", planner, params={"limit": 500})
    refused = {case.row: case.code for case in expected.cases if case.effect == "rejected"}
    named = {row["row"]: row["violations"] for row in page["items"] if row["sheet"] == "企业"}
    for row, code in refused.items():
        codes = [violation["code"] for violations in named.values() for violation in violations]
        assert code in codes, row
    for row in page["items"]:
        for violation in row["violations"]:
            assert violation["cell"].startswith(f"{row['sheet']}!") or "!" in violation["cell"]
            assert violation["message_zh"]
            assert violation["message_en"]
    stored = await owner.fetchval("SELECT count(*) FROM application_snapshot WHERE channel = 'workbook'")
    assert stored == expected.good_rows


async def test_the_verdicts_on_the_awkward_cases_are_the_expected_ones(system: System) -> None:
    content, expected = awkward_workbook(11)
    await system.open_cycle(assessed_on="2026-11-20")
    await _upload(system, content)
    planner = system.officer("planner", "province_officer")
    page = await system.ok("intake", "GET", "/v1/applications", planner, params={"limit": 500})
    by_city: dict[str, list[str]] = {}
    for one in page["items"]:
        by_city.setdefault(one["city_code"], []).append(one["id"])
    for city, ids in by_city.items():
        await system.recommend(city, ids)
    await system.drain()
    assessments = {one["uscc"]: one["id"] for one in await system.assessments(limit=500)}
    auditor = system.officer("auditor", "auditor")
    checked = 0
    for case in expected.cases:
        if case.effect == "accepted" and case.criteria:
            full = await system.ok("evaluation", "GET", f"/v1/assessments/{assessments[case.uscc]}", auditor)
            verdicts = {criterion["number"]: criterion["verdict"] for criterion in full["criteria"]}
            found = {number: verdicts[number] for number in case.criteria}
            assert found == dict(case.criteria), (case.label, case.name)
            checked += 1
    assert checked >= 15


async def test_an_import_that_runs_twice_changes_nothing(system: System, owner: asyncpg.Connection) -> None:
    content, expected = awkward_workbook(7)
    await system.open_cycle()
    await _upload(system, content)
    again = await _upload(system, content)
    assert (again["rows_accepted"], again["rows_rejected"]) == (0, expected.rows)
    assert await owner.fetchval("SELECT count(*) FROM application") == expected.good_rows
    codes = {
        violation["code"]
        for row in (
            await system.ok(
                "intake",
                "GET",
                f"/v1/imports/{again['id']}/rejected-rows",
                system.officer("planner", "province_officer"),
                params={"limit": 500},
            )
        )["items"]
        for violation in row["violations"]
    }
    assert "application_exists" in codes


async def test_a_city_officers_workbook_holds_the_citys_own_enterprises(
    system: System, owner: asyncpg.Connection
) -> None:
    content, _ = awkward_workbook(7)
    await system.open_cycle()
    wuhan = system.officer("o", "city_officer", "420100")
    done = await _upload(system, content, wuhan)
    cities = {row["city_code"] for row in await owner.fetch("SELECT DISTINCT city_code FROM application")}
    assert cities == {"420100"}
    assert done["rows_accepted"] == await owner.fetchval("SELECT count(*) FROM application")
    elsewhere = system.officer("x", "city_officer", "420200")
    for path in (f"/v1/imports/{done['id']}", f"/v1/imports/{done['id']}/rejected-rows"):
        await system.refused("intake", "GET", path, elsewhere, "not_found", 404)


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", b"0" * 300_000_000)
    return buffer.getvalue()


REFUSED = {
    "nothing": (b"", "not_a_workbook"),
    "text": ("企业,代码\n".encode() * 50, "not_a_workbook"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"0" * 500, "not_a_workbook"),
    "half a workbook": (template()[:3000], "not_a_workbook"),
    "a zip of something else": (_zip_bomb(), "workbook_too_large"),
    "no rows": (template(), "workbook_empty"),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_a_file_that_cannot_be_read_is_refused_whole(
    system: System, owner: asyncpg.Connection, case: str
) -> None:
    content, code = REFUSED[case]
    await system.open_cycle()
    done = await _upload(system, content)
    assert (done["status"], done["problem"]["code"], done["rows_read"]) == ("refused", code, None)
    assert done["problem"]["title_zh"]
    assert await owner.fetchval("SELECT count(*) FROM application") == 0
    assert await owner.fetchval("SELECT processed_at IS NOT NULL FROM outbox_event")


async def test_a_workbook_over_the_limit_is_refused_on_arrival(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    files = {"file": ("big.xlsx", b"\0" * (21 * 1024 * 1024))}
    await system.refused("intake", "POST", UPLOAD, planner, "payload_too_large", 413, files=files)
    await system.refused("intake", "POST", UPLOAD, planner, "validation_failed", 422, json={"no": "file"})
    assert await owner.fetchval("SELECT count(*) FROM application_import") == 0


async def test_the_same_upload_again_is_the_same_import(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    planner, key = system.officer("planner", "province_officer"), {"Idempotency-Key": "k"}
    content = template()
    ids = {
        (await system.ok("intake", "POST", UPLOAD, planner, files={"file": ("a.xlsx", content)}, headers=key))["id"]
        for _ in range(2)
    }
    assert len(ids) == 1
    other = {"file": ("a.xlsx", content + b"x")}
    await system.refused("intake", "POST", UPLOAD, planner, "idempotency_key_reused", 422, files=other, headers=key)
    assert await owner.fetchval("SELECT count(*) FROM application_import") == 1


async def test_the_template_downloads_and_an_unknown_import_is_not_found(system: System) -> None:
    token = system.enterprise(form(1)["uscc"])
    answer = await system.request("intake", "GET", "/v1/workbook-template", token)
    assert answer.status_code == 200
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    planner = system.officer("planner", "province_officer")
    await system.refused("intake", "GET", f"/v1/imports/{uuid.uuid4()}", planner, "not_found", 404)


async def test_columns_that_were_not_read_are_named(system: System) -> None:
    content, _ = awkward_workbook(7)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace("联系电话".encode(), "电话号码".encode()))
    await system.open_cycle()
    done = await _upload(system, out.getvalue())
    assert {"unknown_column", "column_absent"} <= {warning["code"] for warning in done["warnings"]}
    assert any("电话号码" in warning["message_zh"] for warning in done["warnings"])
