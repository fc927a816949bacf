"""Selection plans: frozen, approved by another, committed once, stale when anything moved, never over cap or quota."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from support.forms import HUANGSHI, WUHAN, form
from support.members import end_memberships
from support.system import System

PLANS = "/v1/selection-plans"
BODY = {"cycle": "2024-1", "pool": "cultivation"}
WUHAN_CITY, HUANGSHI_CITY = "420100", "420200"


async def _eligible(system: System, *, wuhan: int, huangshi: int = 0, quotas: dict | None = None) -> None:
    await system.open_cycle(quotas=quotas or {})
    for city, division, numbers in (
        (WUHAN_CITY, WUHAN, range(1, wuhan + 1)),
        (HUANGSHI_CITY, HUANGSHI, range(100, 100 + huangshi)),
    ):
        ids = [(await system.submit(form(number, division)))["id"] for number in numbers]
        if ids:
            await system.recommend(city, ids)
    await system.drain()
    for one in await system.assessments():
        await system.settle(one["id"])


def _people(system: System) -> tuple[str, str]:
    return system.officer("planner", "province_officer"), system.officer("approver", "province_officer")


async def _approved(system: System) -> str:
    planner, approver = _people(system)
    plan = await system.ok("evaluation", "POST", PLANS, planner, json=BODY)
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:approve", approver)
    return plan["id"]


async def test_a_plan_says_who_is_in_who_is_out_and_why(system: System) -> None:
    await _eligible(system, wuhan=3, huangshi=1, quotas={WUHAN_CITY: 2})
    planner, _ = _people(system)
    plan = await system.ok("evaluation", "POST", PLANS, planner, json=BODY)
    summary = plan["summary"]
    assert (summary["eligible"], summary["admitted"], summary["out_city_quota"]) == (4, 3, 1)
    page = await system.ok("evaluation", "GET", f"{PLANS}/{plan['id']}/entries", planner)
    assert [entry["rank"] for entry in page["items"]] == [1, 2, 3, 4]
    out = [entry for entry in page["items"] if not entry["admitted"]]
    assert [(entry["city_code"], entry["reason"]) for entry in out] == [(WUHAN_CITY, "city_quota")]
    # Equal indicators: the tie is broken by 统一社会信用代码, never by chance.
    codes = [entry["uscc"] for entry in page["items"] if entry["city_code"] == WUHAN_CITY]
    assert codes == sorted(codes)


async def test_validate_only_computes_the_same_and_stores_nothing(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, wuhan=2)
    planner, _ = _people(system)
    tried = await system.ok("evaluation", "POST", f"{PLANS}?validate_only=true", planner, json=BODY)
    assert tried["id"] is None
    assert await owner.fetchval("SELECT count(*) FROM selection_plan") == 0
    frozen = await system.ok("evaluation", "POST", PLANS, planner, json=BODY)
    assert (tried["summary"], tried["inputs_digest"]) == (frozen["summary"], frozen["inputs_digest"])


async def test_a_plan_needs_a_second_person_and_approval_before_commit(
    system: System, owner: asyncpg.Connection
) -> None:
    await _eligible(system, wuhan=1)
    planner, approver = _people(system)
    plan = await system.ok("evaluation", "POST", PLANS, planner, json=BODY)
    path = f"{PLANS}/{plan['id']}"
    await system.refused("evaluation", "POST", f"{path}:approve", planner, "second_person_required", 403)
    for spelled in ("Planner", "ｐｌａｎｎｅｒ"):
        same = system.officer(spelled, "province_officer")
        await system.refused("evaluation", "POST", f"{path}:approve", same, "second_person_required", 403)
    await system.refused("evaluation", "POST", f"{path}:commit", planner, "plan_status", 409)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE selection_plan SET approved_by = proposed_by")
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute("UPDATE selection_plan SET status = 'committed'")
    await system.ok("evaluation", "POST", f"{path}:approve", approver)
    third = system.officer("third", "province_officer")
    await system.refused("evaluation", "POST", f"{path}:approve", third, "plan_status", 409)
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0


async def test_a_plan_is_stale_once_an_input_moved(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, wuhan=2)
    planner, approver = _people(system)
    plan_id = await _approved(system)
    other = await system.ok("evaluation", "POST", PLANS, planner, json=BODY)
    late = await system.submit(form(50))
    await system.recommend(WUHAN_CITY, [late["id"]])
    await system.drain()
    unsettled = [one for one in await system.assessments() if one["overall"] == "unknown"]
    assert (await system.ok("evaluation", "GET", f"{PLANS}/{plan_id}", planner))["status"] == "approved"
    await system.settle(unsettled[0]["id"])
    await system.refused("evaluation", "POST", f"{PLANS}/{plan_id}:commit", planner, "plan_stale", 409)
    await system.refused("evaluation", "POST", f"{PLANS}/{other['id']}:approve", approver, "plan_stale", 409)
    assert await owner.fetchval("SELECT count(*) FROM membership") == 0
    assert await owner.fetchval("SELECT live FROM pool") == 0


async def test_concurrent_commits_of_one_plan_admit_once(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, wuhan=3)
    planner, _ = _people(system)
    plan_id = await _approved(system)
    answers = await asyncio.gather(
        *(system.request("evaluation", "POST", f"{PLANS}/{plan_id}:commit", planner) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert await owner.fetchval("SELECT count(*) FROM membership") == 3
    assert await owner.fetchval("SELECT live FROM pool") == 3
    events = "SELECT count(DISTINCT event_id) FROM outbox_event WHERE topic = 'evaluation.selection_committed'"
    assert await owner.fetchval(events) == 1


async def test_of_two_approved_plans_of_a_cycle_one_is_committed(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, wuhan=2)
    planner, _ = _people(system)
    plans = [await _approved(system), await _approved(system)]
    answers = await asyncio.gather(
        *(system.request("evaluation", "POST", f"{PLANS}/{plan}:commit", planner) for plan in plans for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 3
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"plan_stale", "cycle_already_selected"}
    assert await owner.fetchval("SELECT count(*) FROM membership") == 2
    await system.refused("evaluation", "POST", PLANS, planner, "cycle_already_selected", 409, json=BODY)


async def test_the_database_keeps_the_cap_and_the_count(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, wuhan=3)
    planner, _ = _people(system)
    await owner.execute("UPDATE pool SET cap = 2")
    plan = await system.ok("evaluation", "POST", PLANS, planner, json=BODY)
    assert (plan["summary"]["admitted"], plan["summary"]["out_pool_cap"]) == (2, 1)
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:approve", _people(system)[1])
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", planner)
    copy = """
        INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id)
        SELECT gen_random_uuid(), pool_code, {uscc}, city_code, {during}, plan_id FROM membership LIMIT 1
    """
    with pytest.raises(asyncpg.CheckViolationError, match="ck_pool_within_cap"):
        await owner.execute(copy.format(uscc="'another'", during="during"))
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_membership_no_overlap"):
        await owner.execute(copy.format(uscc="uscc", during="tstzrange(now(), NULL)"))
    await end_memberships(owner, "1 second")
    assert await owner.fetchval("SELECT live FROM pool") == 0


async def test_the_database_keeps_a_citys_quota(system: System, owner: asyncpg.Connection) -> None:
    await _eligible(system, wuhan=2, quotas={WUHAN_CITY: 1})
    planner, _ = _people(system)
    await system.ok("evaluation", "POST", f"{PLANS}/{await _approved(system)}:commit", planner)
    assert await owner.fetchrow("SELECT maximum, used FROM admission_quota") == (1, 1)
    with pytest.raises(asyncpg.CheckViolationError, match="within_quota"):
        await owner.execute("UPDATE admission_quota SET used = used + 1")


async def test_a_plan_without_candidates_or_pool_is_refused(system: System) -> None:
    await system.open_cycle()
    planner, _ = _people(system)
    await system.refused("evaluation", "POST", PLANS, planner, "plan_empty", 409, json=BODY)
    for changes, code in (({"pool": "none"}, "pool_not_found"), ({"cycle": "none"}, "cycle_not_found")):
        await system.refused("evaluation", "POST", PLANS, planner, code, 404, json=BODY | changes)
