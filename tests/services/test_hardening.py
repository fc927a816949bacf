"""What an attacker or bad luck tried once: each stays mended."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from support.forms import form, patent, with_changes
from support.system import System

from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import write_workbook
from shared.security.actor import ROLE_SCOPES, Actor

PATH = "/v1/cycles/2024-1/applications"
UPLOAD = f"{PATH}:importWorkbook"


async def test_a_flood_of_wrong_secrets_leaves_others_served(system: System) -> None:
    planner = system.officer("planner", "province_officer")
    wrong = {"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "x"}
    flood = [asyncio.create_task(system.clients["intake"].post("/oauth/token", data=wrong)) for _ in range(60)]
    async with asyncio.timeout(10):
        served = await system.request("intake", "GET", "/v1/cycles", planner)
    assert served.status_code == 200
    assert not all(task.done() for task in flood), "the flood was still on when the other request was served"
    statuses = {(await task).status_code for task in flood}
    assert statuses == {401, 503}


async def test_a_date_of_five_thousand_digits_rejects_its_row_only(system: System) -> None:
    rows = rows_of([form(1), form(2)])
    rows["enterprises"][0] = {**rows["enterprises"][0], "established_on": "9" * 5000}
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    files = {"file": ("a.xlsx", write_workbook(rows))}
    received = await system.ok("intake", "POST", UPLOAD, planner, files=files)
    await system.drain()
    done = await system.ok("intake", "GET", f"/v1/imports/{received['id']}", planner)
    assert (done["status"], done["rows_accepted"], done["rows_rejected"]) == ("processed", 1, 1)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (form(1, patents=[patent(1) | {"application_no": "２02010566088.1"}]), "patent_no_format"),
        (form(1, established_on=1704067200), "not_a_date"),
        (form(1, established_on="1704067200"), "not_a_date"),
        (with_changes(form(1), "finance", revenue_cny="1e3"), "not_a_number"),
        (with_changes(form(1), "finance", revenue_cny="１２３"), "not_a_number"),
        (with_changes(form(1), "finance", revenue_cny="1_000"), "not_a_number"),
    ],
)
async def test_other_spellings_are_refused_over_http(system: System, bad: dict, code: str) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    problem = await system.refused("intake", "POST", PATH, token, "validation_failed", 422, json=bad)
    assert [one["code"] for one in problem["violations"]] == [code]


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_cycle_at_the_end_of_time_is_refused(system: System, moment: str) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    (cycle,) = await system.ok("intake", "GET", "/v1/cycles", planner)
    body = {name: value for name, value in cycle.items() if name != "id"} | {"code": "x"}
    for changes in ({"opens_at": moment}, {"closes_at": moment}, {"assessed_on": 0}, {"assessed_on": "0001-01-01"}):
        await system.refused("intake", "POST", "/v1/cycles", planner, "validation_failed", 422, json=body | changes)
    assert len(await system.ok("intake", "GET", "/v1/cycles", planner)) == 1


async def test_two_officers_of_one_name_do_not_share_answers(system: System) -> None:
    await system.open_cycle()
    content, key = write_workbook(rows_of([form(1)])), {"Idempotency-Key": "monday"}
    ids = set()
    for city in ("420100", "420200"):
        token = system.officer("zhang", "city_officer", city)
        files = {"file": ("a.xlsx", content)}
        ids.add((await system.ok("intake", "POST", UPLOAD, token, files=files, headers=key))["id"])
    assert len(ids) == 2


@pytest.mark.parametrize("role", ["city_officer", "enterprise"])
async def test_a_token_without_the_reach_of_its_role_is_refused(system: System, role: str) -> None:
    token = system._authority.issue(Actor("x", role, ROLE_SCOPES[role]), timedelta(hours=1))
    await system.refused("intake", "GET", "/v1/applications", token, "unauthenticated", 401)


async def test_a_trailing_slash_does_not_redirect_to_the_callers_host(system: System) -> None:
    planner = system.officer("planner", "province_officer")
    await system.refused(
        "intake", "GET", "/v1/cycles/", planner, "not_found", 404, headers={"Host": "elsewhere.example"}
    )


async def test_history_cannot_be_emptied_and_receipts_not_rewritten(
    owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    for table in ("application_snapshot", "audit_entry", "edition"):
        with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
            await owner.execute(f"TRUNCATE {table} CASCADE")
    evaluation = await asyncpg.connect(database_urls["evaluation"].replace("+asyncpg", ""))
    for statement in ("UPDATE assessment SET receipt = ''", "UPDATE pool SET cap = 9999", "DELETE FROM membership"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await evaluation.execute(statement)
    await evaluation.close()


async def test_a_deadlock_is_answered_try_again(system: System, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"
    )
    await system.open_cycle()
    received = await system.submit(form(1))
    await owner.execute("CREATE TRIGGER d BEFORE UPDATE ON application FOR EACH ROW EXECUTE FUNCTION deadlock()")
    city = system.officer("o", "city_officer", "420100")
    body = {"application_ids": [received["id"]]}
    answer = await system.request("intake", "POST", "/v1/applications:recommend", city, json=body)
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "unavailable", "2")
