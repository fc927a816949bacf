"""Appeals: an enterprise that was left out has its judgement opened again, or is told why not."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from support.forms import HUANGSHI, form, with_changes
from support.notices import REASON, Clock, Notices, uscc_of
from support.rounds import PLANS, pool_members
from support.system import System

APPEAL = {"grounds": "科研带头人材料未被采信，现补充聘用合同", "document": "（虚构）复核申请1号"}
BOTH = {"420100": 1}


async def _left_out(notices: Notices) -> tuple[str, str, str, str]:
    """One enterprise on the notice; another does not convince the reviewer. Plan, number, application, assessment."""
    system = notices.system
    await notices.judged(form(1))
    received = await system.submit(form(2))
    await system.recommend("420100", [received["id"]])
    await system.drain()
    (judged,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(2)]
    await system.settle(judged["id"], met=False)
    plan, notice = await notices.published()
    return plan, notice["number"], received["id"], judged["id"]


def _appeal(system: System, application: str, uscc: str, **changes: object):
    path = f"/v1/applications/{application}/appeals"
    return system.request("evaluation", "POST", path, system.enterprise(uscc), json=APPEAL | changes)


async def test_an_accepted_appeal_opens_the_judgement_again_and_makes_the_plan_stale(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    plan, number, application, assessment = await _left_out(notices)
    answer = await _appeal(system, application, uscc_of(2))
    assert answer.status_code == 201, answer.text
    appeal = answer.json()
    assert (appeal["status"], appeal["assessment_id"], appeal["notice"]) == ("open", assessment, number)
    decided = await notices.accept(appeal)
    path = f"/v1/appeals/{appeal['id']}:accept"
    assert await system.ok("evaluation", "POST", path, notices.judge, json=REASON) == decided

    (reopened,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(2)]
    assert (reopened["id"], reopened["overall"]) == (decided["reopened_as"], "unknown")
    before, after = [
        await system.ok("evaluation", "GET", f"/v1/assessments/{one}", system.officer("auditor", "auditor"))
        for one in (assessment, reopened["id"])
    ]
    assert before["receipt_digest"] == after["receipt_digest"]
    # What was found stays on record, with the judgement that it belonged to.
    found = [[p["finding"] is not None for c in one["criteria"] for p in c["parts"]] for one in (before, after)]
    assert (any(found[0]), any(found[1])) == (True, False)
    path = f"/v1/assessments/{assessment}/findings"
    body = {"findings": [{"part": "2.qualification", "met": True, "reason": "另有看法"}]}
    token = system.officer("reviewer-a", "reviewer")
    await system.refused("evaluation", "POST", path, token, "assessment_superseded", 409, json=body)

    await notices.end(number)
    await system.refused("evaluation", "POST", f"{PLANS}/{plan}:commit", notices.planner, "plan_stale", 409)
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0
    assert (await system.settle(reopened["id"], reviewer="reviewer-b"))["overall"] == "met"
    later, notice = await notices.published()
    await notices.end(notice["number"])
    await notices.commit(later)
    assert {one["uscc"] for one in await pool_members(system)} == {uscc_of(1), uscc_of(2)}


async def test_an_appeal_after_the_commit_changes_no_membership(system: System) -> None:
    notices = Notices(system)
    plan, number, application, _ = await _left_out(notices)
    await notices.end(number)
    await notices.commit(plan)
    appeal = (await _appeal(system, application, uscc_of(2))).json()
    await notices.accept(appeal)
    assert (await notices.commit(plan))["status"] == "committed"
    assert [one["uscc"] for one in await pool_members(system)] == [uscc_of(1)]


async def test_whoever_judged_or_planned_does_not_decide_and_a_rejection_has_reasons(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    _, _, application, assessment = await _left_out(notices)
    appeal = (await _appeal(system, application, uscc_of(2))).json()
    for act in ("accept", "reject"):
        path = f"/v1/appeals/{appeal['id']}:{act}"
        for name in ("reviewer-a", "planner", "approver"):
            same = system.officer(name, "reviewer")
            await system.refused("evaluation", "POST", path, same, "decided_by_another", 403, json=REASON)
    for name in ("reviewer-a", "planner", "approver"):
        with pytest.raises(asyncpg.CheckViolationError, match="ck_appeal_decided_by_another"):
            await owner.execute(
                "UPDATE appeal SET status = 'rejected', decided_by = $1, decided_at = now(), decision_reason = 'x'",
                name,
            )
    path = f"/v1/appeals/{appeal['id']}:reject"
    await system.refused("evaluation", "POST", path, notices.judge, "validation_failed", 422, json={})
    await notices.judge_declares("appeals", appeal["id"])
    await system.ok("evaluation", "POST", path, notices.judge, json=REASON)
    accept = f"/v1/appeals/{appeal['id']}:accept"
    await system.refused("evaluation", "POST", accept, notices.judge, "decided_already", 409, json=REASON)
    (current,) = [one for one in await system.assessments() if one["uscc"] == uscc_of(2)]
    assert (current["id"], current["overall"]) == (assessment, "not_met")
    # The enterprise reads the reasons, and no officer's name.
    own = f"/v1/applications/{application}/appeals"
    (told,) = (await system.ok("evaluation", "GET", own, system.enterprise(uscc_of(2))))["items"]
    assert (told["status"], told["decision_reason"], told["decided_by"]) == ("rejected", REASON["reason"], None)
    # Rejected once, it may still state something new while appeals are taken.
    assert (await _appeal(system, application, uscc_of(2))).status_code == 201
    codes = await owner.fetch(
        "SELECT detail->>'code' FROM audit_entry WHERE action LIKE 'appeal.%.refused' ORDER BY id"
    )
    assert [row[0] for row in codes] == ["decided_by_another"] * 6 + ["decided_already"]


async def test_appeals_are_for_those_left_out_themselves_and_in_time(strict: Notices, clock: Clock) -> None:
    system = strict.system
    await strict.judged(form(1), form(2), form(100, HUANGSHI), quotas=BOTH)
    out = strict.applications[uscc_of(2)]
    early = await _appeal(system, out, uscc_of(2))
    assert (early.status_code, early.json()["code"]) == (409, "appeal_window_closed")
    clock.put("2025-09-26 09:00")
    _, notice = await strict.published()
    assert notice["appeals_until"] == "2025-10-10"
    listed = await _appeal(system, strict.applications[uscc_of(1)], uscc_of(1))
    assert (listed.status_code, listed.json()["code"]) == (409, "not_left_out")
    for stranger in (uscc_of(1), uscc_of(50)):
        foreign = await _appeal(system, out, stranger)
        assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    bare = await _appeal(system, out, uscc_of(2), document=None)
    assert (bare.status_code, bare.json()["violations"][0]["code"]) == (422, "evidence_missing")
    strange = await _appeal(system, out, uscc_of(2), attachment_ids=["018f0000-0000-7000-8000-000000000000"])
    assert (strange.status_code, strange.json()["code"]) == (422, "evidence_not_found")
    clock.put("2025-10-11 00:00")
    late = await _appeal(system, out, uscc_of(2))
    assert (late.status_code, late.json()["code"]) == (409, "appeal_window_closed")
    clock.put("2025-10-10 23:59:59")
    answers = await asyncio.gather(*(_appeal(system, out, uscc_of(2)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"appeal_open"}
    city, elsewhere = system.officer("w", "city_officer", "420100"), system.officer("h", "city_officer", "420200")
    assert len((await system.ok("evaluation", "GET", "/v1/appeals?status=open", city))["items"]) == 1
    assert (await system.ok("evaluation", "GET", "/v1/appeals", elsewhere))["items"] == []
    assert "officer" not in json.dumps(await system.ok("evaluation", "GET", "/v1/appeals", city))


async def test_an_appeal_overtaken_by_a_new_judgement_is_not_accepted(
    system: System, owner: asyncpg.Connection
) -> None:
    notices = Notices(system)
    _, _, application, _ = await _left_out(notices)
    appeal = (await _appeal(system, application, uscc_of(2))).json()
    officer = system.officer("p", "province_officer")
    reasons = {"reasons": [{"field": "/finance", "reason": "请核对"}]}
    await system.ok("intake", "POST", f"/v1/applications/{application}:reopen", officer, json=reasons)
    await system.submit(with_changes(form(2), "finance", rd_expense_cny="13000000.00"))
    await system.recommend("420100", [application])
    await system.drain()
    path = f"/v1/appeals/{appeal['id']}:accept"
    await notices.judge_declares("appeals", appeal["id"])
    await system.refused("evaluation", "POST", path, notices.judge, "assessment_superseded", 409, json=REASON)
    assert await owner.fetchval("SELECT status FROM appeal") == "open"
