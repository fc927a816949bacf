"""Withdrawing: until the cycle's selection is decided, and never at the same moment."""

from __future__ import annotations

import asyncio

import asyncpg
from support.forms import form, with_changes
from support.system import System

from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import write_workbook

PLANS = "/v1/selection-plans"
BODY = {"cycle": "2024-1", "pool": "cultivation"}
APPLY = "/v1/cycles/2024-1/applications"
CITY = "420100"


async def _candidates(system: System, count: int) -> list[str]:
    await system.open_cycle()
    ids = [(await system.submit(form(number)))["id"] for number in range(1, count + 1)]
    await system.recommend(CITY, ids)
    await system.drain()
    for one in await system.assessments():
        await system.settle(one["id"])
    return ids


async def _approved(system: System) -> str:
    plan = await system.ok("evaluation", "POST", PLANS, system.officer("planner", "province_officer"), json=BODY)
    approver = system.officer("approver", "province_officer")
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:approve", approver)
    return f"{PLANS}/{plan['id']}"


def _withdraw(system: System, id_: str, number: int):
    token = system.enterprise(form(number)["uscc"])
    return system.request("intake", "POST", f"/v1/applications/{id_}:withdraw", token, json={})


def _commit(system: System, plan: str):
    return system.request("evaluation", "POST", f"{plan}:commit", system.officer("planner", "province_officer"))


async def _until_blocked(owner: asyncpg.Connection, connections: int) -> None:
    """Returns once so many connections of this database wait for a lock."""
    waiting = """
        SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE NOT granted AND datname = current_database()
    """
    async with asyncio.timeout(10):
        while await owner.fetchval(waiting) < connections:
            pass


async def test_a_withdrawal_waits_for_a_commit_under_way_and_is_refused(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    ids = await _candidates(system, 2)
    plan = await _approved(system)
    # The commit is held up in its middle, after the candidates are frozen, by somebody who holds the pool's row.
    holder = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM pool FOR UPDATE")
    committing = asyncio.create_task(_commit(system, plan))
    await _until_blocked(owner, 1)
    withdrawing = asyncio.create_task(_withdraw(system, ids[0], 1))
    await _until_blocked(owner, 2)
    assert not withdrawing.done()
    await transaction.rollback()
    await holder.close()
    assert (await committing).status_code == 200
    answer = await withdrawing
    assert (answer.status_code, answer.json()["code"]) == (409, "already_selected")
    assert await owner.fetchval("SELECT count(*) FROM application WHERE status = 'passed_on'") == 2
    # As final for the province as for the enterprise.
    reasons = {"reasons": [{"field": "", "reason": "请核对"}]}
    officer = system.officer("p", "province_officer")
    path = f"/v1/applications/{ids[1]}:reopen"
    await system.refused("intake", "POST", path, officer, "already_selected", 409, json=reasons)


async def test_a_commit_waits_for_a_withdrawal_under_way_and_is_stale(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    ids = await _candidates(system, 2)
    plan = await _approved(system)
    holder = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("SELECT FROM application WHERE id = $1 FOR UPDATE", ids[0])
    withdrawing = asyncio.create_task(_withdraw(system, ids[0], 1))
    await _until_blocked(owner, 1)
    committing = asyncio.create_task(_commit(system, plan))
    await _until_blocked(owner, 2)
    assert not committing.done()
    await transaction.rollback()
    await holder.close()
    assert (await withdrawing).status_code == 204
    answer = await committing
    assert (answer.status_code, answer.json()["code"]) == (409, "plan_stale")
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0
    # A new plan has the other one only.
    await system.ok("evaluation", "POST", f"{await _approved(system)}:commit", system.officer("q", "province_officer"))
    assert await owner.fetchval("SELECT array_agg(uscc) FROM membership") == [form(2)["uscc"]]


async def test_of_racing_withdrawals_and_commit_nobody_ends_up_both(system: System, owner: asyncpg.Connection) -> None:
    ids = await _candidates(system, 4)
    plan = await _approved(system)
    race = [_commit(system, plan), *(_withdraw(system, id_, number) for number, id_ in enumerate(ids, 1))]
    commit, *withdrawals = await asyncio.gather(*race)
    withdrawn = sum(answer.status_code == 204 for answer in withdrawals)
    assert (commit.status_code == 200) == (withdrawn == 0)
    assert {answer.status_code for answer in withdrawals} <= {204, 409}
    both = """
        SELECT count(*) FROM membership JOIN enterprise USING (uscc)
        JOIN application ON enterprise_id = enterprise.id WHERE status = 'withdrawn'
    """
    assert await owner.fetchval(both) == 0


async def test_what_was_withdrawn_or_sent_back_is_no_candidate(system: System) -> None:
    ids = await _candidates(system, 3)
    officer = system.officer("planner", "province_officer")
    frozen = await system.ok("evaluation", "POST", PLANS, officer, json=BODY)
    assert (await _withdraw(system, ids[0], 1)).status_code == 204
    reasons = {"reasons": [{"field": "/finance", "reason": "请核对"}]}
    await system.ok("intake", "POST", f"/v1/applications/{ids[1]}:reopen", officer, json=reasons)
    approver = system.officer("approver", "province_officer")
    await system.refused("evaluation", "POST", f"{PLANS}/{frozen['id']}:approve", approver, "plan_stale", 409)
    plan = await system.ok("evaluation", "POST", f"{PLANS}?validate_only=true", officer, json=BODY)
    assert plan["summary"]["eligible"] == 1
    # Corrected and recommended again it is one only once its new revision is judged.
    await system.submit(with_changes(form(2), "finance", rd_expense_cny="13000000.00"))
    await system.recommend(CITY, [ids[1]])
    plan = await system.ok("evaluation", "POST", f"{PLANS}?validate_only=true", officer, json=BODY)
    assert plan["summary"]["eligible"] == 1
    await system.drain()
    # What a reviewer found rests on other sections and holds for the new revision too.
    assert await system.assessments(overall="unknown") == []
    plan = await system.ok("evaluation", "POST", f"{PLANS}?validate_only=true", officer, json=BODY)
    assert plan["summary"]["eligible"] == 2


async def test_an_officer_says_why_and_who_withdrew_applies_again_once(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    id_ = (await system.submit(form(1)))["id"]
    city, path = system.officer("o", "city_officer", CITY), f"/v1/applications/{id_}:withdraw"
    await system.recommend(CITY, [id_])
    await system.refused("intake", "POST", path, city, "reason_required", 422, json={})
    province_officer = system.officer("p", "province_officer")
    await system.refused("intake", "POST", path, province_officer, "forbidden", 403, json={"reason": "代撤"})
    for _ in range(2):
        await system.ok("intake", "POST", path, city, json={"reason": "企业来函申请撤回"})
    token = system.enterprise(form(1)["uscc"])
    shown = await system.ok("intake", "GET", f"/v1/applications/{id_}", token)
    assert (shown["status"], shown["status_reason"]) == ("withdrawn", "企业来函申请撤回")
    assert {one["confirmed_revision"] for one in shown["sections"]} == {None}
    await system.refused("intake", "POST", path, token, "application_status", 409, json={})

    changed = form(1, name="【虚构】改名有限公司", products=[], patents=[])
    race = [system.request("intake", "POST", APPLY, token, json=changed) for _ in range(8)]
    answers = await asyncio.gather(*race)
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    (won,) = (answer.json() for answer in answers if answer.status_code == 201)
    assert (won["id"], won["revision"]) == (id_, 2)
    assert await owner.fetchval("SELECT count(*) FROM application") == 1
    history = await system.ok("intake", "GET", f"/v1/applications/{id_}/history", token)
    assert [one["act"] for one in history["items"]] == ["submit", "recommend", "withdraw", "reapply"]

    assert (await _withdraw(system, id_, 1)).status_code == 204
    await owner.execute("UPDATE cycle SET closes_at = now()")
    await system.refused("intake", "POST", APPLY, token, "outside_application_window", 409, json=changed)


async def test_a_workbook_submits_drafts_and_corrections_by_the_same_rules(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    who = {name: form(1)[name] for name in ("uscc", "name", "registered_division")}
    await system.ok("intake", "POST", "/v1/cycles/2024-1/drafts", token, json=who)
    ids = [(await system.submit(form(number)))["id"] for number in (2, 3, 4)]
    assert (await _withdraw(system, ids[0], 2)).status_code == 204
    reasons = {"reasons": [{"field": "/people", "reason": "请核对"}]}
    city = system.officer("o", "city_officer", CITY)
    for id_ in ids[1:]:
        await system.ok("intake", "POST", f"/v1/applications/{id_}:return", city, json=reasons)
    forms = [
        form(1),
        form(2),
        with_changes(form(3), "people", rd_staff=21),
        with_changes(form(4), "finance", revenue_cny="1.00"),
    ]
    files = {"file": ("a.xlsx", write_workbook(rows_of(forms)))}
    received = await system.ok("intake", "POST", f"{APPLY}:importWorkbook", city, files=files)
    await system.drain()
    done = await system.ok("intake", "GET", f"/v1/imports/{received['id']}", city)
    rejected = await system.ok("intake", "GET", f"/v1/imports/{received['id']}/rejected-rows", city)
    told = [(row["uscc"], row["violations"][0]["code"]) for row in rejected["items"]]
    assert told == [(form(4)["uscc"], "section_not_reopened")]
    assert (done["rows_accepted"], done["rows_rejected"]) == (3, 1)
    revisions = await owner.fetch(
        "SELECT uscc, status, revision FROM application JOIN enterprise ON enterprise.id = enterprise_id ORDER BY uscc"
    )
    assert [tuple(row)[1:] for row in revisions] == [
        ("submitted", 1),
        ("submitted", 2),
        ("submitted", 2),
        ("returned", 1),
    ]
    assert await owner.fetchval("SELECT count(*) FROM application_draft") == 0
