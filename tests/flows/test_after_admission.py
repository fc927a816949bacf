"""A member of the pool afterwards: it reports, something is held against it, it moves and gets another code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.evidence import pdf
from support.forms import HUANGSHI, form, patent_no, uscc
from support.members import HUANGSHI_CITY, WUHAN_CITY, admit, open_period
from support.rounds import pool_members
from support.system import System

from shared.models.reads import standing_incidents

MEMBER, OTHER = form(1), form(2, HUANGSHI)
NEW_CODE = uscc(9, HUANGSHI)
PERIOD, REPORTS, INCIDENTS = "/v1/reporting-periods/2026-H1", "/v1/progress-reports", "/v1/incidents"
LAST_MONTH = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
REPORT: dict[str, Any] = {
    "patents": {
        "valid_count": 2,
        "industrialised_count": 1,
        "valid_application_nos": [patent_no(10), patent_no(11)],
        "industrialised_application_nos": [patent_no(10)],
    },
    "finance": {"revenue_cny": "130000000.00", "rd_expense_cny": "14000000.00"},
    "declarations": {"truthful": True},
}
NOTICE = {
    "title": "行政处罚决定书",
    "issuer": "【虚构】示范市税务局",
    "number": "（虚构）7号",
    "issued_on": "2024-08-01",
}
STEP = {"reason": "经核查属实", "document": NOTICE}
ALLEGATION = {"uscc": MEMBER["uscc"], "kind": "tax_evasion", "occurred_on": "2024-07-20"} | STEP


def _city(system: System, city: str = WUHAN_CITY) -> str:
    return system.officer(f"officer-{city}", "city_officer", city)


async def _begin(system: System, token: str) -> dict[str, Any]:
    return await system.ok("intake", "POST", f"{PERIOD}/reports", token, json={"form": REPORT})


async def _submit(system: System, token: str, report: dict[str, Any], draft: dict[str, Any] | None = None) -> Any:
    path = f"{REPORTS}/{report['id']}"
    if draft is not None:
        match = {"If-Match": f'"{report["version"]}"'}
        report = await system.ok("intake", "PUT", f"{path}/draft", token, json={"form": draft}, headers=match)
    match = {"If-Match": f'"{report["version"]}"'}
    return await system.ok("intake", "POST", f"{path}:submit", token, headers=match)


async def _outstanding(system: System, city: str = WUHAN_CITY) -> list[tuple[str, bool]]:
    page = await system.ok("intake", "GET", f"{PERIOD}/outstanding", _city(system, city))
    return [(one["uscc"], one["returned"]) for one in page["items"]]


@pytest.fixture
async def members(system: System) -> System:
    """Two members of the pool, of two cities, and a period for which they report."""
    await admit(system, MEMBER, OTHER)
    await system.drain()
    await open_period(system)
    return system


async def test_a_member_reports_is_returned_and_accepted(members: System) -> None:
    system, city, token = members, _city(members), members.enterprise(MEMBER["uscc"])
    outsider = system.enterprise(form(3)["uscc"])
    await system.refused("intake", "POST", f"{PERIOD}/reports", outsider, "not_a_member", 403, json={"form": REPORT})
    assert await _outstanding(system) == [(MEMBER["uscc"], False)]
    report = await _submit(system, token, await _begin(system, token))
    assert await _outstanding(system) == []

    path = f"{REPORTS}/{report['id']}"
    reasons = [{"field": "/patents/industrialised_count", "reason": "请附产业化佐证"}]
    await system.ok("intake", "POST", f"{path}:return", city, json={"reasons": reasons})
    assert await _outstanding(system) == [(MEMBER["uscc"], True)]
    returned = await system.ok("intake", "GET", path, token)
    assert (returned["status"], returned["return_reasons"]) == ("returned", reasons)
    corrected = returned["draft"] | {"patents": {"valid_count": 2, "industrialised_count": 2}}
    again = await _submit(system, token, returned, corrected)
    assert (again["status"], again["revision"]) == ("submitted", 2)

    await system.refused("intake", "POST", f"{path}:accept", _city(system, HUANGSHI_CITY), "not_found", 404)
    accepted = await system.ok("intake", "POST", f"{path}:accept", city)
    assert (accepted["status"], accepted["form"]["patents"]["industrialised_count"]) == ("accepted", 2)
    first = await system.ok("intake", "GET", f"{path}/revisions/1", token)
    assert first["form"]["patents"]["industrialised_count"] == 1
    assert await _outstanding(system) == []
    assert await _outstanding(system, HUANGSHI_CITY) == [(OTHER["uscc"], False)]


async def test_an_incident_is_alleged_confirmed_and_cured(members: System) -> None:
    system, city, token = members, _city(members), members.enterprise(MEMBER["uscc"])
    first, second = (system.officer(name, "province_officer") for name in ("first", "second"))
    await system.refused("intake", "POST", INCIDENTS, _city(system, HUANGSHI_CITY), "not_found", 404, json=ALLEGATION)
    path = f"{INCIDENTS}/{(await system.ok('intake', 'POST', INCIDENTS, city, json=ALLEGATION))['id']}"
    await system.refused("intake", "GET", path, token, "not_found", 404)
    assert await _standing(system) == (0, [])
    confirmed = await system.ok("intake", "POST", f"{path}:confirm", first, json=STEP)
    assert (confirmed["counts"], confirmed["kind_title"]) == (True, "偷漏税")
    assert await _standing(system) == (1, [("tax_evasion", "confirmed")])
    assert (await system.ok("intake", "GET", path, token))["status"] == "confirmed"

    cured = await system.ok("intake", "POST", f"{path}:cure", second, json=STEP | {"cured_on": "2024-12-01"})
    assert [(one["act"], one["by"]) for one in cured["steps"]] == [
        ("allege", f"officer-{WUHAN_CITY}"),
        ("confirm", "first"),
        ("cure", "second"),
    ]
    assert await _standing(system) == (0, [("tax_evasion", "cured")])
    assert {one["uscc"] for one in await pool_members(system)} == {MEMBER["uscc"], OTHER["uscc"]}


async def _standing(system: System, token: str | None = None, code: str = MEMBER["uscc"]) -> tuple[int, list[Any]]:
    """As the enterprise reads its own record: how many count, and what there is."""
    token = token or system.enterprise(code)
    record = await system.ok("intake", "GET", f"/v1/enterprises/{code}/conduct-record", token)
    return record["standing"], [(one["kind"], one["status"]) for one in record["incidents"]]


async def test_a_member_that_moved_and_changed_its_code_stays_who_it_is(
    members: System, owner: asyncpg.Connection
) -> None:
    system, before = members, members.enterprise(MEMBER["uscc"])
    evidence = await system.ok(
        "intake",
        "POST",
        f"/v1/enterprises/{MEMBER['uscc']}/attachments",
        before,
        content=pdf(),
        params={"file_name": "佐证.pdf", "purpose": "report"},
    )
    incident = (await system.ok("intake", "POST", INCIDENTS, _city(system), json=ALLEGATION))["id"]
    province = system.officer("second", "province_officer")
    await system.ok("intake", "POST", f"{INCIDENTS}/{incident}:confirm", province, json=STEP)
    (application,) = (await system.ok("intake", "GET", "/v1/applications", before))["items"]
    registry = Registry(system)
    await registry.made(MEMBER["uscc"], "relocate", registered_division=HUANGSHI)
    await registry.made(MEMBER["uscc"], "changeCode", new_code=NEW_CODE, mismatch_confirmed=True)

    after = system.enterprise(NEW_CODE)
    (member,) = [one for one in await pool_members(system) if one["uscc"] == NEW_CODE]
    assert (member["name"], member["city_code"]) == (MEMBER["name"], WUHAN_CITY), "the place that its city was given"
    record = await registry.read(NEW_CODE, after)
    assert [one["division_code"] for one in record["history"]][::2] == [MEMBER["registered_division"], HUANGSHI]
    assert [one["kind"] for one in record["changes"]] == ["relocation", "code_change"]
    assert {(one["code"], one["kind"]) for one in record["codes"]} >= {
        (MEMBER["uscc"], "former"),
        (NEW_CODE, "current"),
    }
    for token in (after, before):
        await _reads_its_history(system, token, application["id"], incident, evidence["id"])
    # What is held against it is held against it, whichever of its codes is asked for.
    async with system.apps["evaluation"].state.database.sessions() as session:
        for code in (MEMBER["uscc"], NEW_CODE):
            found = await standing_incidents(session, [code], datetime.now(UTC).date())
            assert [(str(one.incident_id), one.uscc) for one in found] == [(incident, NEW_CODE)]

    # It owes its report as before, now to the officer of the city that it moved to.
    assert await _outstanding(system) == []
    assert {code for code, _ in await _outstanding(system, HUANGSHI_CITY)} == {NEW_CODE, OTHER["uscc"]}
    report = await _submit(system, after, await _begin(system, after))
    accepted = await system.ok("intake", "POST", f"{REPORTS}/{report['id']}:accept", _city(system, HUANGSHI_CITY))
    assert (accepted["status"], accepted["uscc"]) == ("accepted", NEW_CODE)
    assert await owner.fetchval("SELECT count(*) FROM membership") == 2


async def test_what_is_held_against_a_record_is_held_against_the_one_it_is_merged_into(members: System) -> None:
    system, twin = members, form(3)
    await system.open_cycle("2024-2")
    await system.submit(twin, "2024-2")
    alleged = await system.ok("intake", "POST", INCIDENTS, _city(system), json=ALLEGATION | {"uscc": twin["uscc"]})
    province = system.officer("second", "province_officer")
    await system.ok("intake", "POST", f"{INCIDENTS}/{alleged['id']}:confirm", province, json=STEP)
    assert await _standing(system) == (0, [])
    await Registry(system).made(twin["uscc"], "merge", into=MEMBER["uscc"])
    for code in (MEMBER["uscc"], twin["uscc"]):
        assert await _standing(system, province, code) == (1, [("tax_evasion", "confirmed")])


async def _reads_its_history(system: System, token: str, application: str, incident: str, evidence: str) -> None:
    """What it did and what was found under the former code is still its own to read, by a token of either code."""
    acts = await system.ok("intake", "GET", f"/v1/applications/{application}/history", token)
    assert [one["act"] for one in acts["items"]] == ["submit", "recommend", "pass_on"]
    form_then = await system.ok("intake", "GET", f"/v1/applications/{application}", token)
    assert (form_then["uscc"], form_then["form"]["uscc"]) == (NEW_CODE, MEMBER["uscc"])
    assert await _standing(system, token, NEW_CODE) == (1, [("tax_evasion", "confirmed")])
    assert (await system.ok("intake", "GET", f"{INCIDENTS}/{incident}", token))["uscc"] == NEW_CODE
    assert (await system.ok("intake", "GET", f"/v1/attachments/{evidence}", token))["uscc"] == NEW_CODE
