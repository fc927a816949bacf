"""A merge carries all that is kept about an enterprise, and undoing it brings exactly that back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.evidence import pdf
from support.forms import form, uscc
from support.members import WUHAN_CITY, admit, open_period
from support.system import System

LOSER, SURVIVOR = uscc(1), uscc(2)
DOCUMENT = {"title": "通报", "issuer": "【虚构】示范局"}
TABLES = ("attachment", "business_notice", "incident", "major_problem", "progress_report")
# What else refers to an enterprise: applications move by themselves, the rest is the record's own history.
OWN = {"application", "enterprise", "enterprise_change", "enterprise_code", "enterprise_version"}
FORM = {"patents": {"valid_count": 1, "industrialised_count": 0}, "declarations": {"truthful": True}}


async def _attach(system: System, code: str, token: str, text: str, **params: str) -> dict[str, Any]:
    path, params = f"/v1/enterprises/{code}/attachments", {"purpose": "incident", "file_name": "通报.pdf"} | params
    return await system.ok("intake", "POST", path, token, content=pdf(text), params=params)


async def _allege(system: System, code: str, token: str, day: str = "2024-07-20", **document: str) -> str:
    body = {
        "uscc": code,
        "kind": "tax_evasion",
        "occurred_on": day,
        "reason": "据通报",
        "document": DOCUMENT | document,
    }
    return (await system.ok("intake", "POST", "/v1/incidents", token, json=body))["id"]


async def _report(system: System, code: str) -> str:
    token = system.enterprise(code)
    path = "/v1/reporting-periods/2026-H1/reports"
    begun = await system.ok("intake", "POST", path, token, json={"form": FORM})
    path, headers = f"/v1/progress-reports/{begun['id']}", {"If-Match": f'"{begun["version"]}"'}
    await system.ok("intake", "POST", f"{path}:submit", token, headers=headers)
    return path


async def _furnish(system: System, code: str, own: str = "") -> dict[str, str]:
    """A report, incident, notice, major problem and evidence, one of it removed; `own` sets evidence apart."""
    keeper, city = system.officer("p", "province_officer"), system.officer("c", "city_officer", WUHAN_CITY)
    evidence = await _attach(system, code, city, f"a{own}")
    removed = await _attach(system, code, city, f"removed{own}")
    await system.ok("intake", "DELETE", f"/v1/attachments/{removed['id']}", city)
    incident = await _allege(system, code, city, attachment_id=evidence["id"])
    confirmed = {"reason": "属实", "document": DOCUMENT}
    await system.ok("intake", "POST", f"/v1/incidents/{incident}:confirm", keeper, json=confirmed)
    notice = {"uscc": code, "kind": "abnormal_operations", "listed_on": "2024-03-01", "source": DOCUMENT}
    await system.ok("intake", "POST", "/v1/business-notices", city, json=notice)
    problem = {"title": "到期", "description": "涉及一家", "severity": "major", "uscc": code}
    filed = await system.ok("intake", "POST", "/v1/major-problems", city, json=problem)
    for act, body in (("acknowledge", None), ("settle", {"answer": "已协调"})):
        await system.ok("intake", "POST", f"/v1/major-problems/{filed['id']}:{act}", keeper, json=body)
    return {"report": await _report(system, code), "incident": incident, "evidence": evidence["id"]}


async def _pair(system: System) -> dict[str, str]:
    """A member with everything, and an enterprise with an application of another cycle."""
    await admit(system, form(1))
    await system.open_cycle("2024-2")
    await system.submit(form(2), "2024-2")
    await open_period(system)
    return await _furnish(system, LOSER)


async def _rows(owner: asyncpg.Connection) -> dict[str, dict[str, Any]]:
    """Every row of what belongs to enterprises, by table and id; the moment of each row included."""
    found = {}
    for table in TABLES:
        rows = [json.loads(row[0]) for row in await owner.fetch(f"SELECT to_jsonb(t) FROM {table} t")]
        found[table] = {row["id"]: row for row in rows}
    return found


async def _whose(owner: asyncpg.Connection) -> dict[str, set[str]]:
    return {
        table: {
            row["uscc"]
            for row in await owner.fetch(
                f"SELECT uscc FROM {table} t JOIN enterprise ON enterprise.id = t.enterprise_id"
            )
        }
        for table in TABLES
    }


async def test_whatever_refers_to_an_enterprise_is_known_here(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE confrelid = 'enterprise'::regclass"
    )
    assert {row["name"] for row in rows} == OWN | set(TABLES)


async def test_a_merge_carries_everything_and_undoing_brings_exactly_that_back(
    system: System, owner: asyncpg.Connection
) -> None:
    made = await _pair(system)
    registry, token, city = Registry(system), system.enterprise(SURVIVOR), system.officer("c", "city_officer", "420100")
    before = await _rows(owner)
    assert {table: len(rows) for table, rows in before.items()} == dict.fromkeys(TABLES, 1) | {"attachment": 2}
    merged = await registry.made(LOSER, "merge", into=SURVIVOR)
    assert await _whose(owner) == {table: {SURVIVOR} for table in TABLES}
    assert {kind: set(ids) for kind, ids in merged["after"]["belongings"].items()} == {
        table: set(rows) for table, rows in before.items()
    }
    assert (await system.ok("intake", "GET", made["report"], token))["uscc"] == SURVIVOR
    record = await system.ok("intake", "GET", f"/v1/enterprises/{SURVIVOR}/conduct-record", token)
    assert (record["standing"], len(record["notices"])) == (1, 1)
    page = await system.ok("intake", "GET", f"/v1/enterprises/{SURVIVOR}/attachments", city)
    assert [one["id"] for one in page["items"]] == [made["evidence"]]
    for reader in (token, city):
        (change,) = (await registry.read(SURVIVOR, reader))["changes"]
        assert change["before"]["belongings"] is None
        assert change["after"]["belongings"] is None

    later = await _allege(system, SURVIVOR, city, "2024-08-01")
    await registry.undone(merged)
    after = await _rows(owner)
    own = after["incident"].pop(later)
    assert after == before
    assert own["enterprise_id"] == str(await owner.fetchval("SELECT id FROM enterprise WHERE uscc = $1", SURVIVOR))
    assert (await system.ok("intake", "GET", made["report"], system.enterprise(LOSER)))["uscc"] == LOSER
    await system.refused("intake", "GET", made["report"], token, "not_found", 404)


async def test_what_both_have_once_is_named_and_nothing_moves(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, form(1), form(2))
    await open_period(system)
    for code in (LOSER, SURVIVOR):
        await _furnish(system, code)
    before = await _rows(owner)
    problem = await Registry(system).refused(LOSER, "merge", "merge_conflict", into=SURVIVOR)
    assert problem["detail"].split("; ") == [
        "applications in: 2024-1",
        "progress reports on: 2026-H1",
        "open incidents: tax_evasion 2024-07-20",
        "overlapping listings: abnormal_operations 2024-03-01",
        "evidence attached to both: 通报.pdf",
    ]
    assert problem["detail_zh"].startswith("均有申报的批次：2024-1；均有报告的报告期：2026-H1；")
    assert await _rows(owner) == before
    assert await owner.fetchval("SELECT count(*) FROM enterprise_change") == 0


async def test_what_was_written_since_is_not_undone_with_the_merge(system: System) -> None:
    made = await _pair(system)
    registry, city = Registry(system), system.officer("c", "city_officer", WUHAN_CITY)
    merged = await registry.made(LOSER, "merge", into=SURVIVOR)
    await _allege(system, SURVIVOR, city, "2024-08-01", attachment_id=made["evidence"])
    await registry.not_undone(merged, "evidence of the other")
    reasons = {"reasons": [{"field": "/finance", "reason": "请补充"}]}
    returned = await system.ok("intake", "POST", f"{made['report']}:return", city, json=reasons)
    headers = {"If-Match": f'"{returned["version"]}"'}
    await system.ok("intake", "POST", f"{made['report']}:submit", system.enterprise(SURVIVOR), headers=headers)
    await registry.not_undone(merged, "submitted since")
    assert (await registry.read(LOSER))["uscc"] == SURVIVOR


async def test_a_merged_record_takes_nothing_more(system: System, owner: asyncpg.Connection) -> None:
    for number, cycle in ((1, "2024-1"), (2, "2024-2")):
        await system.open_cycle(cycle)
        await system.submit(form(number), cycle)
    registry, city = Registry(system), system.officer("c", "city_officer", WUHAN_CITY)
    evidence = (await _attach(system, LOSER, city, "a"))["id"]
    document = DOCUMENT | {"attachment_id": evidence}
    body = {"uscc": LOSER, "kind": "tax_evasion", "reason": "据通报", "document": document}
    race = [
        system.request("intake", "POST", "/v1/incidents", city, json=body | {"occurred_on": f"2024-07-0{day}"})
        for day in range(1, 9)
    ]
    answers = await asyncio.gather(*race[:4], registry.try_(LOSER, "merge", into=SURVIVOR), *race[4:])
    assert answers.pop(4).status_code == 201
    for one in answers:
        assert one.status_code == 201 or one.json()["code"] in {"uscc_superseded", "attachment_not_referable"}, one.text
    assert (
        await owner.fetchval(
            "SELECT count(*) FROM incident JOIN enterprise e ON e.id = enterprise_id WHERE merged_into IS NOT NULL"
        )
        == 0
    )
    # What names the old code from now on is about the enterprise that goes on.
    allegation = body | {"occurred_on": "2024-06-01", "document": DOCUMENT}
    alleged = await system.ok("intake", "POST", "/v1/incidents", city, json=allegation)
    path, params = f"/v1/enterprises/{LOSER}/attachments", {"purpose": "incident", "file_name": "a.pdf"}
    attached = await system.ok("intake", "POST", path, city, content=pdf("b"), params=params)
    problem = {"title": "到期", "description": "涉及一家", "severity": "major", "uscc": LOSER}
    told = await system.ok("intake", "POST", "/v1/major-problems", city, json=problem)
    assert (alleged["uscc"], attached["uscc"], told["uscc"]) == (SURVIVOR, SURVIVOR, SURVIVOR)


async def test_changing_hands_opens_nothing_else(system: System, owner: asyncpg.Connection) -> None:
    await _pair(system)
    service = await asyncpg.connect(system.settings["intake"].database_url.get_secret_value().replace("+asyncpg", ""))
    other = f"enterprise_id = (SELECT id FROM enterprise WHERE uscc = '{SURVIVOR}')"
    for statement, refused in (
        ("UPDATE attachment SET digest = digest", asyncpg.InsufficientPrivilegeError),
        ("UPDATE progress_report SET period_id = period_id", asyncpg.InsufficientPrivilegeError),
        ("UPDATE incident SET kind = kind", asyncpg.InsufficientPrivilegeError),
        ("UPDATE business_notice SET listed_on = listed_on", asyncpg.InsufficientPrivilegeError),
        ("UPDATE major_problem SET city_code = city_code", asyncpg.InsufficientPrivilegeError),
        (f"UPDATE major_problem SET {other}, answer = 'x'", asyncpg.CheckViolationError),
        (f"UPDATE incident SET {other}, confirmed_by = 'x'", asyncpg.CheckViolationError),
        (
            f"UPDATE attachment SET {other}, removed_by = 'x' WHERE removed_at IS NOT NULL",
            asyncpg.RestrictViolationError,
        ),
        ("UPDATE attachment SET removed_by = 'x' WHERE removed_at IS NOT NULL", asyncpg.RestrictViolationError),
    ):
        with pytest.raises(refused):
            await service.execute(statement)
    await service.close()
    with pytest.raises(asyncpg.CheckViolationError, match="may not go settled>settled"):
        await owner.execute("UPDATE major_problem SET answer = 'x'")
