"""What may follow what: the tables in Python, the triggers in the database, and random acts over HTTP, all alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from support.forms import form
from support.members import WUHAN_CITY, admit, on_record, open_period
from support.system import System

from services.intake.incidents.transitions import TRANSITIONS
from services.intake.reports.transitions import MAJOR_PROBLEM_TRANSITIONS, REPORT_TRANSITIONS

MEMBER = form(1)
DOCUMENT = {"title": "通报", "issuer": "【虚构】示范局"}
STEP = {"reason": "经核查", "document": DOCUMENT}
RANDOMLY = hypothesis_settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])

# What the other constraints ask of a row in each status, so that only the transition itself can be refused.
_BLANK = "return_reasons = NULL, decided_by = NULL, decided_at = NULL"
ROWS: dict[str, dict[str, str]] = {
    "progress_report": {
        "draft": f"revision = 0, draft = '{{}}', {_BLANK}",
        "submitted": f"revision = 1, draft = NULL, {_BLANK}",
        "returned": "revision = 1, draft = '{}', return_reasons = '{}', decided_by = 'o', decided_at = now()",
        "accepted": "revision = 1, draft = NULL, return_reasons = NULL, decided_by = 'o', decided_at = now()",
    },
    "major_problem": {
        "reported": "acknowledged_by = NULL, acknowledged_at = NULL, answer = NULL, settled_by = NULL, settled_at = NULL",
        "acknowledged": "acknowledged_by = 'p', acknowledged_at = now(), answer = NULL, settled_by = NULL, settled_at = NULL",
        "settled": "acknowledged_by = 'p', acknowledged_at = now(), answer = 'x', settled_by = 'p', settled_at = now()",
    },
    "incident": {
        "alleged": "confirmed_by = NULL, confirmed_at = NULL, cured_on = NULL, cured_at = NULL",
        "confirmed": "confirmed_by = 'second', confirmed_at = now(), cured_on = NULL, cured_at = NULL",
        "dismissed": "confirmed_by = NULL, confirmed_at = NULL, cured_on = NULL, cured_at = NULL",
        "cured": "confirmed_by = 'second', confirmed_at = now(), cured_on = current_date, cured_at = now()",
    },
}
TABLES: dict[str, Mapping[tuple[Any, Any], Any]] = {
    "progress_report": REPORT_TRANSITIONS,
    "major_problem": MAJOR_PROBLEM_TRANSITIONS,
    "incident": TRANSITIONS,
}


async def _begin_report(system: System, period: str) -> dict[str, Any]:
    path = f"/v1/reporting-periods/{period}/reports"
    body = {"form": {"declarations": {"truthful": True}}}
    return await system.ok("intake", "POST", path, system.enterprise(MEMBER["uscc"]), json=body)


async def _allege(system: System, day: date) -> dict[str, Any]:
    body = {"uscc": MEMBER["uscc"], "kind": "other_violation", "occurred_on": day.isoformat()} | STEP
    first = system.officer("first", "province_officer")
    return await system.ok("intake", "POST", "/v1/incidents", first, json=body)


async def _refusal(owner: asyncpg.Connection, statement: str) -> str | None:
    """The constraint that refuses the statement, if any; nothing of it stays."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(statement)
    except asyncpg.CheckViolationError as error:
        return error.constraint_name
    else:
        return None
    finally:
        await transaction.rollback()


async def _nothing_is_born_beyond_its_first_status(owner: asyncpg.Connection) -> None:
    ids = await owner.fetchrow("SELECT enterprise.id AS e, reporting_period.id AS p FROM enterprise, reporting_period")
    assert ids
    born = {
        "progress_report": "(id, period_id, enterprise_id, status, revision, version) VALUES "
        f"(gen_random_uuid(), '{ids['p']}', '{ids['e']}', 'submitted', 1, 1)",
        "incident": "(id, enterprise_id, kind, occurred_on, reported_on, status, alleged_by) VALUES "
        f"(gen_random_uuid(), '{ids['e']}', 'tax_evasion', '2024-01-01', '2024-01-01', 'dismissed', 'x')",
        "major_problem": "(id, city_code, severity, title, description, status, reported_by, acknowledged_by, "
        "acknowledged_at) VALUES (gen_random_uuid(), '420100', 'major', 'x', 'x', 'acknowledged', 'x', 'x', now())",
    }
    for table, values in born.items():
        with pytest.raises(asyncpg.CheckViolationError, match=f"{table} may not go >"):
            await owner.execute(f"INSERT INTO {table} {values}")


async def test_the_triggers_allow_what_the_tables_say_and_no_more(system: System, owner: asyncpg.Connection) -> None:
    await admit(system, MEMBER)
    await open_period(system)
    await _nothing_is_born_beyond_its_first_status(owner)
    await _begin_report(system, "2026-H1")
    await _allege(system, date(2024, 7, 1))
    city = system.officer("c", "city_officer", WUHAN_CITY)
    problem = {"title": "甲", "description": "乙", "severity": "major"}
    await system.ok("intake", "POST", "/v1/major-problems", city, json=problem)
    for table, rows in ROWS.items():
        allowed = {(before, after) for (before, _), after in TABLES[table].items()}
        for before, values in rows.items():
            await owner.execute("SET session_replication_role = replica")  # the triggers sleep
            await owner.execute(f"UPDATE {table} SET status = '{before}', {values}")
            await owner.execute("SET session_replication_role = origin")
            for after, changed in rows.items():
                update = f"UPDATE {table} SET status = '{after}', {changed}"
                expected = None if (before, after) in allowed else f"{table}_transitions"
                assert await _refusal(owner, update) == expected, (table, before, after)


DAYS = count()
# Written down a second time on purpose: the model does not share its table with the code.
INCIDENT_MODEL = {"alleged": {"confirm": "confirmed", "dismiss": "dismissed"}, "confirmed": {"cure": "cured"}}
REPORT_MODEL = {
    "draft": {"save": "draft", "submit": "submitted"},
    "submitted": {"return": "returned", "accept": "accepted"},
    "returned": {"save": "returned", "submit": "submitted"},
    "accepted": {"reopen": "returned"},
}


@RANDOMLY
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["confirm", "dismiss", "cure"]), st.sampled_from(["first", "second", "third"])),
        max_size=6,
    )
)
async def test_random_acts_on_an_incident_follow_the_model(system: System, acts: list[tuple[str, str]]) -> None:
    number = next(DAYS)
    if not (await system.request("intake", "GET", "/v1/cycles", system.officer("a", "auditor"))).json():
        await on_record(system, MEMBER)
    incident = await _allege(system, date(2020, 1, 1) + timedelta(days=number))
    path, status, taken = f"/v1/incidents/{incident['id']}", "alleged", ["allege"]
    for act, who in acts:
        token = system.officer(who, "province_officer")
        answer = await system.request("intake", "POST", f"{path}:{act}", token, json=STEP)
        following = INCIDENT_MODEL.get(status, {}).get(act)
        if following is None:
            assert (answer.status_code, answer.json()["code"]) == (409, "incident_status")
        elif (act, who) == ("confirm", "first"):
            assert (answer.status_code, answer.json()["code"]) == (403, "second_person_required")
        else:
            status = following
            taken.append(act)
            assert (answer.status_code, answer.json()["status"]) == (200, status)
    shown = await system.ok("intake", "GET", path, system.officer("a", "auditor"))
    assert [step["act"] for step in shown["steps"]] == taken
    assert (shown["status"], shown["counts"]) == (status, status == "confirmed")


@RANDOMLY
@given(acts=st.lists(st.sampled_from(["save", "submit", "return", "accept", "reopen"]), max_size=8))
async def test_random_acts_on_a_report_follow_the_model(
    system: System, owner: asyncpg.Connection, acts: list[str]
) -> None:
    if not await owner.fetchval("SELECT count(*) FROM membership"):
        await admit(system, MEMBER)
    period = f"P{next(DAYS)}"
    await open_period(system, period)
    report = await _begin_report(system, period)
    status, version, submissions = "draft", report["version"], 0
    for act in acts:
        answer = await _act(system, report["id"], act, version)
        following = REPORT_MODEL[status].get(act)
        if following is None:
            hidden = status == "draft" and act in {"return", "accept", "reopen"}
            expected = (404, "not_found") if hidden else (409, "report_status")
            assert (answer.status_code, answer.json()["code"]) == expected, (status, act)
            continue
        status, version = following, answer.json()["version"]
        submissions += act == "submit"
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    shown = await system.ok("intake", "GET", f"/v1/progress-reports/{report['id']}", _enterprise(system))
    assert (shown["status"], shown["revision"], shown["version"]) == (status, submissions, version)
    snapshots = "SELECT count(*) FROM progress_report_snapshot WHERE report_id = $1"
    assert await owner.fetchval(snapshots, report["id"]) == submissions


def _enterprise(system: System) -> str:
    return system.enterprise(MEMBER["uscc"])


async def _act(system: System, report_id: str, act: str, version: int) -> Any:
    path, headers = f"/v1/progress-reports/{report_id}", {"If-Match": f'"{version}"'}
    reasons = {"reasons": [{"field": "/patents", "reason": "请核对"}]}
    form_body = {"form": {"narrative": "甲", "declarations": {"truthful": True}}}
    city = system.officer("c", "city_officer", WUHAN_CITY)
    match act:
        case "save":
            return await system.request(
                "intake", "PUT", f"{path}/draft", _enterprise(system), json=form_body, headers=headers
            )
        case "submit":
            return await system.request("intake", "POST", f"{path}:submit", _enterprise(system), headers=headers)
        case "reopen":
            province = system.officer("p", "province_officer")
            return await system.request("intake", "POST", f"{path}:reopen", province, json=reasons)
        case _:
            return await system.request("intake", "POST", f"{path}:{act}", city, json=reasons)
