"""Objections and appeals are decided by reviewers of another city who declared first; an upheld objection lasts."""

from __future__ import annotations

import uuid
from typing import Any

import asyncpg
import pytest
from support.forms import form
from support.notices import REASON, Notices, uscc_of
from support.rounds import PLANS, frozen_plan, pool_members
from support.system import System

CONFLICT = {"conflict": True, "reason": "与企业有关联"}
NO_CONFLICT = {"conflict": False}
HIDDEN = ("grounds", "document", "evidence", "decision_reason")
APPEAL = {"grounds": "产品确由专利转化，附检测报告", "document": "（虚构）复核申请2号"}


async def _objection(notices: Notices) -> tuple[str, dict[str, Any]]:
    await notices.judged(form(1), form(2))
    _, notice = await notices.published()
    return notice["number"], await notices.object(notice["number"], uscc_of(1))


async def _appeal(notices: Notices) -> dict[str, Any]:
    """Of an enterprise that the quota left out."""
    await notices.judged(form(1), form(2), quotas={"420100": 1})
    await notices.published()
    path = f"/v1/applications/{notices.applications[uscc_of(2)]}/appeals"
    return await notices.system.ok("evaluation", "POST", path, notices.system.enterprise(uscc_of(2)), json=APPEAL)


async def _refused_in_database(owner: asyncpg.Connection, table: str, of: str, status: str, who: str, bar: str) -> None:
    statement = (
        f"UPDATE {table} SET status = $3, decided_by = $1, decided_at = now(), decision_reason = 'x' WHERE id = $2"
    )
    with pytest.raises(asyncpg.CheckViolationError, match=bar):
        await owner.execute(statement, who, uuid.UUID(of), status)


@pytest.mark.parametrize("kind", ["objections", "appeals"])
async def test_whoever_is_barred_neither_sees_nor_decides(system: System, owner: asyncpg.Connection, kind: str) -> None:
    notices = Notices(system)
    if kind == "objections":
        _, case = await _objection(notices)
        acts, table, status = ("uphold", "dismiss"), "objection", "dismissed"
    else:
        case, acts, table, status = await _appeal(notices), ("accept", "reject"), "appeal", "rejected"
    path = f"/v1/{kind}/{case['id']}"
    await system.register_reviewer("of-the-city", home="420100")
    await system.register_reviewer("in-conflict")
    await system.register_reviewer("undeclared")
    await system.ok("evaluation", "POST", f"{path}:declare", system.officer("in-conflict", "reviewer"), json=CONFLICT)
    for name, code in {
        "of-the-city": "own_city",
        "in-conflict": "conflict_of_interest",
        "unregistered": "not_a_reviewer",
        "undeclared": "declaration_missing",
    }.items():
        token = system.officer(name, "reviewer")
        for act in acts:
            await system.refused("evaluation", "POST", f"{path}:{act}", token, code, 403, json=REASON)
        if code != "declaration_missing":
            await system.refused("evaluation", "POST", f"{path}:declare", token, code, 403, json=NO_CONFLICT)
        await _refused_in_database(owner, table, case["id"], status, name, code)
        if kind == "objections":
            await system.refused("evaluation", "GET", f"{path}/objector", token, code, 403)
    assert await owner.fetchval(f"SELECT status FROM {table}") == "open"
    # Whoever judged it does not decide, however the name is written; nor is a declaration asked of them.
    for name in ("reviewer-a", "Ｒeviewer-A "):
        token = system.officer(name, "reviewer")
        for act in (*acts, "declare"):
            body = NO_CONFLICT if act == "declare" else REASON
            await system.refused("evaluation", "POST", f"{path}:{act}", token, "decided_by_another", 403, json=body)
        await _refused_in_database(owner, table, case["id"], status, name, "decided_by_another")
    refused = "SELECT count(*) FROM audit_entry WHERE action LIKE $1 AND subject_id = $2"
    assert await owner.fetchval(refused, f"{table}.%.refused", uuid.UUID(case["id"])) == 4 * 2 + 3 + 2 * 3


async def test_what_is_decided_on_is_shown_only_after_declaring(system: System) -> None:
    notices = Notices(system)
    number, objection = await _objection(notices)
    token = system.officer("judge", "reviewer")

    async def seen() -> list[dict[str, Any]]:
        pages = [
            await system.ok("evaluation", "GET", f"/v1/notices/{number}/{page}", token)
            for page in ("objections", "entries")
        ]
        return [pages[0]["items"][0], next(one for one in pages[1]["items"] if one["objections"])["objections"][0]]

    for shown in await seen():
        assert (shown["declared"], [shown[one] for one in HIDDEN]) == (False, [None] * 4)
    declared = await notices.judge_declares("objections", objection["id"])
    assert declared == {**objection, "declared": True}
    assert await seen() == [declared, declared]
    in_conflict = await notices.judge_declares("objections", objection["id"], "in-conflict", conflict=True)
    assert (in_conflict["declared"], [in_conflict[one] for one in HIDDEN]) == (False, [None] * 4)
    # The office that recorded it sees it as ever.
    (recorded,) = (await system.ok("evaluation", "GET", f"/v1/notices/{number}/objections", notices.planner))["items"]
    assert recorded == objection


async def test_declaring_on_an_objection_opens_the_case_that_it_is_about(system: System) -> None:
    notices = Notices(system)
    _, objection = await _objection(notices)
    (assessment,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(1)]
    path, token = f"/v1/assessments/{assessment['id']}", system.officer("judge", "reviewer")
    await system.register_reviewer("judge")
    await system.refused("evaluation", "GET", path, token, "declaration_missing", 403)
    await notices.judge_declares("objections", objection["id"])
    assert (await system.ok("evaluation", "GET", path, token))["uscc"] == uscc_of(1)
    await notices.decide(objection, "dismiss")
    late = f"/v1/objections/{objection['id']}:declare"
    await system.register_reviewer("late")
    other = system.officer("late", "reviewer")
    await system.refused("evaluation", "POST", late, other, "decided_already", 409, json=NO_CONFLICT)


async def test_an_upheld_objection_keeps_the_application_out_of_later_plans_too(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    number, objection = await _objection(notices)
    await notices.decide(objection, "uphold")
    later = await frozen_plan(system)
    assert (later["summary"]["admitted"], later["summary"]["out_objection"]) == (1, 1)
    entries = (await system.ok("evaluation", "GET", f"{PLANS}/{later['id']}/entries", notices.planner))["items"]
    (out,) = [one for one in entries if one["uscc"] == uscc_of(1)]
    assert (out["reason"], out["admitted"]) == ("objection", False)
    assert "异议" in out["reason_zh"]
    # Nor does the database let it in by another way.
    with pytest.raises(asyncpg.CheckViolationError, match="ck_membership_not_objected"):
        await owner.execute(
            "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id) "
            "SELECT gen_random_uuid(), pool_code, $1, '420100', tstzrange(now(), NULL), id FROM selection_plan "
            "WHERE id = $2",
            uscc_of(1),
            uuid.UUID(later["id"]),
        )
    # It was on the notice, and is out now: it may appeal, and is a candidate again once its judgement is.
    path = f"/v1/applications/{notices.applications[uscc_of(1)]}/appeals"
    appeal = await system.ok("evaluation", "POST", path, system.enterprise(uscc_of(1)), json=APPEAL)
    await notices.judge_declares("appeals", appeal["id"], "judge-2")
    accept = f"/v1/appeals/{appeal['id']}:accept"
    reopened = await system.ok("evaluation", "POST", accept, system.officer("judge-2", "reviewer"), json=REASON)
    await system.settle(reopened["reopened_as"], reviewer="reviewer-b")
    plan, notice = await notices.published()
    assert notice["number"] != number
    await notices.end(notice["number"])
    await notices.commit(plan)
    assert {one["uscc"] for one in await pool_members(system)} == {uscc_of(1), uscc_of(2)}


async def test_an_objection_upheld_after_the_next_plan_was_made_strikes_its_entry_there(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    _, objection = await _objection(notices)
    plan, notice = await notices.published()
    assert await notices.states(notice["number"]) == {uscc_of(1): "held", uscc_of(2): "listed"}
    await notices.end(notice["number"])
    await notices.commit(plan)
    assert await owner.fetchrow("SELECT live, kept FROM pool") == (1, 1)
    await notices.decide(objection, "uphold")
    assert await owner.fetchrow("SELECT live, kept FROM pool") == (1, 0)
    await notices.commit(plan)
    assert {one["uscc"] for one in await pool_members(system)} == {uscc_of(2)}
    assert await notices.states(notice["number"]) == {uscc_of(1): "struck", uscc_of(2): "admitted"}
