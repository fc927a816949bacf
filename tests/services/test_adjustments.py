"""Dynamic adjustment over HTTP: graduations, ends, credits and replacements in one plan, committed once."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date
from typing import Any

import asyncpg
import pytest
from support.forms import HUANGSHI, form
from support.notices import Clock, uscc_of
from support.pool_history import ADJUSTMENTS, POOL, History, moment, products, refused, report
from support.system import System

from services.evaluation.adjustment.stall_radar import remind_stalled

GROWN = products((2023, "10000000.00", "1000000.00"), (2024, "13000000.00", "1300000.00"))
NEW = [*GROWN, *products((2024, "1.00", "1.00"), recognised=2024, name="新产品")]
WUHAN_FORMS = [form(number) for number in range(1, 5)]


@pytest.fixture
def history(system: System, clock: Clock) -> History:
    return History(system, clock)


async def _year(history: History, *forms: dict[str, Any], **cycle: Any) -> None:
    """Members since mid-2024, and a report period on what came after."""
    history.put("2024-07-01")
    await history.admitted("2024-1", *forms, **cycle)
    history.put("2025-03-03")
    await history.period("2024-H2", "2024-07-01", "2024-12-31")


async def test_a_graduate_leaves_mints_two_credits_and_a_replacement_spends_one(
    history: History, owner: asyncpg.Connection
) -> None:
    await _year(history, form(1), form(2))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    await history.reported("2024-H2", form(2), report(1, 2, GROWN))
    await history.passed_over("2025-1", form(3), form(4), form(100, HUANGSHI))
    plan = await history.plan(cycle="2025-1", spend={"420100": 1})
    told = plan["summary"]
    assert [told[one] for one in ("members", "graduate", "stay", "admit", "not_spent", "no_credit")] == [
        2,
        1,
        1,
        1,
        1,
        1,
    ]
    assert [told[one] for one in ("live_before", "live_after")] == [2, 2]
    assert plan["credits"] == [{"city_code": "420100", "before": 0, "expired": 0, "minted": 2, "spent": 1, "after": 1}]
    actions = await history.actions(plan)
    assert (actions[uscc_of(1)], actions[uscc_of(2)]) == ("graduate", "stay")
    assert sorted(actions[one["uscc"]] for one in (form(3), form(4))) == ["admit", "not_spent"]
    assert actions[uscc_of(100, HUANGSHI)] == "no_credit"

    await history.system.refused(
        "evaluation", "POST", f"{ADJUSTMENTS}/{plan['id']}:commit", history.planner, "adjustment_status", 409
    )
    for name in ("planner", " Planner"):
        same = history.system.officer(name, "province_officer")
        path = f"{ADJUSTMENTS}/{plan['id']}:approve"
        await history.system.refused("evaluation", "POST", path, same, "second_person_required", 403)
    await history.approve(plan)
    answers = await asyncio.gather(*(history.try_commit(plan) for _ in range(6)))
    assert {one.status_code for one in answers} == {200}
    (admitted,) = [uscc for uscc, action in actions.items() if action == "admit"]
    assert await history.members() == {uscc_of(2), admitted}
    assert await history.credits() == {"420100": 1}
    assert await owner.fetchval("SELECT live FROM pool") == 2
    kinds = await owner.fetch("SELECT kind, credits FROM replacement_credit_entry ORDER BY id")
    assert [tuple(one) for one in kinds] == [("minted", 2), ("spent", -1)]
    follow_ons = await history.system.ok("evaluation", "GET", f"/v1/pools/{POOL}/follow-ons", history.planner)
    assert [(one["uscc"], one["track"]) for one in follow_ons["items"]] == [(uscc_of(1), None)]
    # The list that banks pull follows the pool.
    await history.system.drain()
    entries = await owner.fetchval("SELECT entry_count FROM edition ORDER BY serial DESC LIMIT 1")
    assert entries == 2


async def test_a_receipt_is_as_stored_and_explained(history: History) -> None:
    await _year(history, form(1))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    plan = await history.plan()
    path = f"{ADJUSTMENTS}/{plan['id']}/entries"
    (entry,) = (await history.system.ok("evaluation", "GET", path, history.planner))["items"]
    assert (entry["action"], entry["reason_code"], entry["missing_for_graduation"]) == (
        "graduate",
        "graduation_met",
        [],
    )
    by_code = {one["code"]: one for one in entry["reasons"]}
    assert (by_code["rate_improved"]["holds"], by_code["rate_improved"]["clause"]) == (True, "二(六)12(1)")
    receipt = await history.system.request("evaluation", "GET", f"{path}/{uscc_of(1)}/receipt", history.planner)
    assert hashlib.sha256(receipt.content).hexdigest() == entry["receipt_digest"]
    member = receipt.json()["member"]
    assert (member["baseline_industrialised"], member["baseline_valid"], member["latest_industrialised"]) == (1, 2, 2)


async def test_what_changed_since_makes_a_plan_stale_and_a_second_plan_excludes_the_first(history: History) -> None:
    await _year(history, form(1), form(2))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    first, second = await history.plan(), await history.plan()
    for plan in (first, second):
        await history.approve(plan)
    await history.incident(form(2), "tax_evasion", date(2025, 1, 1))
    assert refused(await history.try_commit(first)) == (409, "plan_stale")
    third = await history.plan()
    assert (await history.actions(third))[uscc_of(2)] == "exit"
    fourth = await history.plan()
    for plan in (third, fourth):
        await history.approve(plan)
    answers = await asyncio.gather(history.try_commit(third), history.try_commit(fourth))
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert await history.members() == set()
    # An exit mints nothing.
    assert await history.credits() == {"420100": 2}


async def test_an_end_after_notice_waits_for_the_reply_and_a_second_persons_decision(
    history: History, owner: asyncpg.Connection
) -> None:
    await _year(history, form(1), form(2), form(3))
    for one in (form(1), form(2)):
        await history.incident(one, "data_falsification", date(2025, 1, 10))
    done = await history.adjusted()
    assert await history.actions(done) == {uscc_of(1): "give_notice", uscc_of(2): "give_notice", uscc_of(3): "unknown"}
    assert len(await history.members()) == 3
    system, own = history.system, history.system.enterprise(uscc_of(1))
    (notice,) = (await system.ok("evaluation", "GET", "/v1/exit-notices", own))["items"]
    # Ten working days from 3 March 2025.
    assert (notice["reply_until"], notice["working_days_left"], notice["sent_by"]) == ("2025-03-17", 10, None)
    path = f"/v1/exit-notices/{notice['id']}"
    stranger = system.enterprise(uscc_of(3))
    await system.refused("evaluation", "GET", path, stranger, "not_found", 404)
    reply = {"reply": "系统计数口径差异，附审计报告"}
    await system.refused("evaluation", "POST", f"{path}:reply", stranger, "not_found", 404, json=reply)
    for _ in range(2):
        await system.ok("evaluation", "POST", f"{path}:reply", own, json=reply)
    await system.refused("evaluation", "POST", f"{path}:reply", own, "replied_already", 409, json={"reply": "另有说法"})
    waiting = await history.plan()
    assert set((await history.actions(waiting)).values()) == {"await_decision", "unknown"}
    end, keep = {"decision": "end", "reason": "陈述理由不成立"}, {"decision": "keep", "reason": "差异已说明"}
    await system.refused(
        "evaluation", "POST", f"{path}:decide", history.planner, "second_person_required", 403, json=keep
    )
    await system.refused("evaluation", "POST", f"{path}:decide", history.approver, "reply_window_open", 409, json=end)
    await system.ok("evaluation", "POST", f"{path}:decide", history.approver, json=keep)
    history.put("2025-03-18")
    (other,) = (await system.ok("evaluation", "GET", "/v1/exit-notices?undecided=true", history.planner))["items"]
    late = f"/v1/exit-notices/{other['id']}"
    token = system.enterprise(uscc_of(2))
    await system.refused("evaluation", "POST", f"{late}:reply", token, "reply_window_closed", 409, json=reply)
    with pytest.raises(asyncpg.CheckViolationError, match="second_person"):
        await owner.execute(
            "UPDATE exit_notice SET decision = 'end', decided_by = ' PLANNER', decided_at = '2025-03-18 02:00Z', "
            "decision_reason = 'x' WHERE decision IS NULL"
        )
    await system.ok("evaluation", "POST", f"{late}:decide", history.approver, json=end)
    done = await history.adjusted()
    assert await history.actions(done) == {uscc_of(1): "kept", uscc_of(2): "exit", uscc_of(3): "unknown"}
    assert await history.members() == {uscc_of(1), uscc_of(3)}
    episodes = await system.ok("evaluation", "GET", f"/v1/enterprises/{uscc_of(2)}/memberships", token)
    (episode,) = episodes["episodes"]
    assert (episode["since"], episode["until"], episode["ended_reason"]) == (
        "2024-07-01",
        "2025-03-18",
        "data_falsification",
    )


async def test_two_years_without_progress_end_a_stay_after_notice(history: History) -> None:
    await _year(history, form(1), form(2))
    for one in (form(1), form(2)):
        await history.reported("2024-H2", one, report(1, 2))
    history.put("2025-08-01")
    await history.period("2025-H1", "2025-01-01", "2025-06-30")
    await history.reported("2025-H1", form(1), report(1, 2))
    await history.reported("2025-H1", form(2), report(2, 2))
    (radar,) = (await history.system.ok("evaluation", "GET", f"/v1/pools/{POOL}/radar", history.planner))["items"]
    assert (radar["uscc"], radar["months"], radar["term_ends_on"]) == (uscc_of(1), 12, "2026-07-01")
    assert radar["advice"]
    history.put("2026-08-03")
    await history.period("2025-H2", "2025-07-01", "2026-06-30")
    await history.period("2026-H1", "2026-07-01", "2026-07-31")
    for period in ("2025-H2", "2026-H1"):
        await history.reported(period, form(1), report(1, 2))
    plan = await history.plan()
    # The other made progress in 2025; what it reports of later is not on record.
    assert await history.actions(plan) == {uscc_of(1): "give_notice", uscc_of(2): "stay"}


async def test_holds_are_respected_named_and_lifted_by_people_only(history: History, owner: asyncpg.Connection) -> None:
    await _year(history, form(1), form(2))
    for one in (form(1), form(2)):
        await history.reported("2024-H2", one, report(2, 2, NEW))
    system, path = history.system, f"/v1/pools/{POOL}/holds"
    body = {"uscc": uscc_of(1), "kind": "graduation", "reason": "复核申请处理中"}
    for wrong in ({**body, "reason": " "}, {name: value for name, value in body.items() if name != "reason"}):
        await system.refused("evaluation", "POST", path, history.planner, "validation_failed", 422, json=wrong)
    nobody = body | {"uscc": uscc_of(50)}
    await system.refused("evaluation", "POST", path, history.planner, "not_found", 404, json=nobody)
    frozen = await history.plan()
    await history.approve(frozen)
    hold = await system.ok("evaluation", "POST", path, history.planner, json=body)
    await system.refused("evaluation", "POST", path, history.planner, "hold_exists", 409, json=body)
    assert refused(await history.try_commit(frozen)) == (409, "plan_stale")
    plan = await history.adjusted()
    assert await history.actions(plan) == {uscc_of(1): "held", uscc_of(2): "graduate"}
    assert [(one["uscc"], one["reason"]) for one in plan["holds"]] == [(uscc_of(1), "复核申请处理中")]
    # Nor does the database let a held member go.
    with pytest.raises(asyncpg.CheckViolationError, match=r"ck_membership_(backed_by_plan|not_held)"):
        await owner.execute(
            "UPDATE membership SET during = tstzrange(lower(during), now()), ended_reason = 'graduated', "
            "ended_by_plan = (SELECT id FROM adjustment_plan WHERE status = 'committed'), known_from = now() "
            "WHERE upper_inf(during)"
        )
    city = system.officer("c", "city_officer", "420200")
    assert (await system.ok("evaluation", "GET", path, city))["items"] == []
    lift = {"reason": "复核完毕"}
    for _ in range(2):
        await system.ok("evaluation", "POST", f"/v1/holds/{hold['id']}:lift", history.planner, json=lift)
    done = await history.adjusted()
    assert await history.actions(done) == {uscc_of(1): "graduate"}
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("DELETE FROM pool_hold")


async def test_a_plan_is_for_today_and_credits_are_a_citys_own(history: History, owner: asyncpg.Connection) -> None:
    await _year(history, form(1))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    await history.passed_over("2025-1", form(2), form(100, HUANGSHI))
    system = history.system
    for day, code in (("2025-03-02", "day_past"), ("2025-03-04", "day_to_come")):
        body = {"pool": POOL, "on": day}
        await system.refused("evaluation", "POST", ADJUSTMENTS, history.planner, code, 422, json=body)
    # Wuhan's graduate gives Huangshi nothing to spend.
    for spend in ({"420200": 1}, {"420100": 3}):
        body = {"pool": POOL, "cycle": "2025-1", "spend": spend}
        await system.refused("evaluation", "POST", ADJUSTMENTS, history.planner, "credits_lacking", 409, json=body)
    for spend in ({"420100": -1}, {"x": 1}, {"420100": 1.5}):
        body = {"pool": POOL, "spend": spend}
        await system.refused("evaluation", "POST", ADJUSTMENTS, history.planner, "validation_failed", 422, json=body)
    await system.refused("evaluation", "POST", ADJUSTMENTS, history.planner, "pool_not_found", 404, json={"pool": "x"})
    before = await history.plan(cycle="2025-1")
    assert await owner.fetchval("SELECT count(*) FROM adjustment_plan") == 1
    only = await system.request(
        "evaluation",
        "POST",
        f"{ADJUSTMENTS}?validate_only=true",
        history.planner,
        json={"pool": POOL, "cycle": "2025-1"},
    )
    assert (only.status_code, only.json()["inputs_digest"]) == (200, before["inputs_digest"])
    await history.approve(before)
    await history.commit(before)
    with pytest.raises(asyncpg.PostgresError):
        await owner.execute(
            "INSERT INTO replacement_credit_entry (id, pool_code, city_code, kind, credits, entered_on, plan_id, "
            "membership_id) SELECT uuidv7(), pool_code, '420200', 'spent', -1, now(), plan_id, membership_id "
            "FROM replacement_credit_entry WHERE kind = 'spent'"
        )
    assert await history.credits() == {"420100": 1}
    assert await owner.fetchval("SELECT min(balance) FROM replacement_credit") == 1


async def test_what_if_computes_side_by_side_and_writes_nothing(history: History, owner: asyncpg.Connection) -> None:
    await _year(history, form(1), form(2))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    system = history.system
    counts = "SELECT (SELECT count(*) FROM adjustment_plan), (SELECT count(*) FROM audit_entry)"
    before = await owner.fetchrow(counts)
    body = {"pool": POOL, "numbers": {"new_products": 2, "product_sales": 1}}
    await system.refused("evaluation", "POST", f"{ADJUSTMENTS}:whatIf", history.planner, "rules_number", 422, json=body)
    body = {"pool": POOL, "numbers": {"rate_needs": "points", "rate_points": "60"}, "cap": 600}
    found = await system.ok("evaluation", "POST", f"{ADJUSTMENTS}:whatIf", history.planner, json=body)
    assert (found["as_is"]["summary"]["graduate"], found["changed"]["summary"]["graduate"]) == (1, 0)
    assert (found["as_is"]["summary"]["cap"], found["changed"]["summary"]["cap"]) == (500, 600)
    assert found["differences"] == [{"uscc": uscc_of(1), "city_code": "420100", "as_is": "graduate", "changed": "stay"}]
    past = await system.ok(
        "evaluation", "POST", f"{ADJUSTMENTS}:whatIf", history.planner, json={"pool": POOL, "on": "2024-06-30"}
    )
    assert (past["as_is"]["summary"]["members"], past["changed"]["summary"]["members"]) == (2, 0)
    assert (await owner.fetchrow(counts)) == before


async def test_members_as_of_any_day_and_as_known_at_any_moment(history: History) -> None:
    await _year(history, form(1), form(2))
    await history.incident(form(1), "tax_evasion", date(2025, 1, 1))
    history.put("2025-03-05", "10:00")
    await history.adjusted()
    history.put("2025-05-06")
    await history.admitted("2025-1", form(1) | {"name": "【虚构】示范光电有限公司"})
    both = {uscc_of(1), uscc_of(2)}
    assert await history.members() == both
    assert await history.members(on="2024-06-30") == set()
    assert await history.members(on="2025-03-04") == both
    assert await history.members(on="2025-03-05") == {uscc_of(2)}
    # What was known on the 4th of March knew nothing of the end.
    assert await history.members(on="2025-03-05", known_at=moment("2025-03-04 12:00")) == both
    path = f"/v1/enterprises/{uscc_of(1)}/memberships"
    found = await history.system.ok("evaluation", "GET", path, history.planner)
    assert [(one["since"], one["until"], one["ended_reason"]) for one in found["episodes"]] == [
        ("2024-07-01", "2025-03-05", "tax_evasion"),
        ("2025-05-06", None, None),
    ]
    then = await history.system.ok(
        "evaluation", "GET", path, history.planner, params={"known_at": moment("2025-01-01 00:00")}
    )
    assert [(one["until"], one["version"]) for one in then["episodes"]] == [(None, 1)]


async def test_reminders_go_out_once_per_stage(history: History, owner: asyncpg.Connection) -> None:
    await _year(history, form(1))
    history.put("2025-07-02")
    database = history.system.apps["evaluation"].state.database
    for _ in range(2):
        async with database.sessions.begin() as session:
            await remind_stalled(session)
    own = await history.system.ok("evaluation", "GET", "/v1/stall-reminders", history.system.enterprise(uscc_of(1)))
    assert [(one["months"], one["since"]) for one in own["items"]] == [(12, "2024-07-01")]
    history.put("2026-04-02")
    async with database.sessions.begin() as session:
        await remind_stalled(session)
    assert [one[0] for one in await owner.fetch("SELECT months FROM stall_reminder ORDER BY id")] == [12, 21]


async def test_credits_go_around_no_selection_and_nobody_comes_back_by_an_old_application(history: History) -> None:
    await _year(history, form(1), form(5))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    await history.cycle("2025-1", form(2))
    body = {"pool": POOL, "cycle": "2025-1"}
    await history.system.refused(
        "evaluation", "POST", ADJUSTMENTS, history.planner, "cycle_not_selected", 409, json=body
    )
    await history.adjusted()
    assert await history.members() == {uscc_of(5)}
    # Two credits of the city, and the graduate's own application of then: it is used up.
    again = await history.adjusted(cycle="2024-1")
    assert (again["summary"]["candidates"], await history.members()) == (0, {uscc_of(5)})


async def test_misconduct_counts_up_to_the_commit_however_early_the_plan_was_made(history: History) -> None:
    await _year(history, form(1))
    await history.reported("2024-H2", form(1), report(2, 2, NEW))
    plan = await history.plan()
    await history.approve(plan)
    history.put("2025-03-07")
    await history.incident(form(1), "tax_evasion", date(2025, 3, 6))
    assert refused(await history.try_commit(plan)) == (409, "plan_stale")
    assert await history.members() == {uscc_of(1)}
