"""Members of the pool whose code changes or whose record is merged: one member, once, under the present code."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from support.enterprises import Registry
from support.forms import form, uscc
from support.system import System

from services.finance.lists.tasks import publish_pool_list
from shared.queue import Work

PLANS = "/v1/selection-plans"
WUHAN_CITY = "420100"


async def _judged(system: System, cycle: str, forms: list[dict]) -> None:
    await system.open_cycle(cycle)
    ids = [(await system.submit(one, cycle))["id"] for one in forms]
    await system.recommend(WUHAN_CITY, ids)
    await system.drain()
    for one in await system.assessments(cycle):
        await system.settle(one["id"])


async def _planned(system: System, cycle: str) -> dict:
    planner = system.officer("planner", "province_officer")
    body = {"cycle": cycle, "pool": "cultivation"}
    return await system.ok("evaluation", "POST", PLANS, planner, json=body)


async def _admitted(system: System, cycle: str) -> None:
    plan = await _planned(system, cycle)
    approver = system.officer("approver", "province_officer")
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:approve", approver)
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", approver)


async def _listed(system: System) -> list[str]:
    """The codes of the published list, which are those of the pool's own."""
    planner = system.officer("planner", "province_officer")
    async with system.apps["finance"].state.database.sessions.begin() as session:
        payload = {"plan_id": str(uuid.uuid4()), "pool_code": "cultivation"}
        database = system.apps["finance"].state.database
        await publish_pool_list(Work(session, uuid.uuid4(), payload, system.settings["finance"], database))
    edition = await system.ok("finance", "GET", "/v1/lists/pool-members/editions/latest", planner)
    members = await system.ok("evaluation", "GET", "/v1/pools/cultivation/members", planner, params={"limit": 500})
    listed = [(one["uscc"], one["name"]) for one in edition["entries"]]
    assert listed == sorted((one["uscc"], one["name"]) for one in members["items"])
    return [code for code, _ in listed]


async def test_a_member_is_listed_once_under_its_present_code(system: System, owner: asyncpg.Connection) -> None:
    registry = Registry(system)
    await _judged(system, "2024-1", [form(1), form(2)])
    await _admitted(system, "2024-1")
    assert await _listed(system) == [uscc(1), uscc(2)]
    problem = await registry.refused(uscc(1), "merge", "merge_conflict", into=uscc(2))
    assert problem["detail"] == "applications in: 2024-1"

    changed = await registry.made(uscc(1), "changeCode", new_code=uscc(9), mismatch_confirmed=True)
    assert await _listed(system) == [uscc(2), uscc(9)]
    await _judged(system, "2024-2", [form(9), form(3)])
    summary = (await _planned(system, "2024-2"))["summary"]
    assert (summary["out_already_member"], summary["admitted"]) == (1, 1)
    await registry.not_undone(changed, "used since")
    # Even past the use case: a second stay under another code is refused by the database.
    with pytest.raises(asyncpg.ExclusionViolationError, match="another code"):
        await owner.execute(
            "INSERT INTO membership (id, pool_code, uscc, city_code, during, plan_id) "
            "SELECT uuidv7(), pool_code, $1, city_code, during, plan_id FROM membership WHERE uscc = $2",
            uscc(9),
            uscc(1),
        )

    await system.open_cycle("2024-3")
    await system.submit(form(4), "2024-3")
    merged = await registry.made(uscc(2), "merge", into=uscc(4))
    assert await _listed(system) == [uscc(4), uscc(9)]
    await registry.undone(merged)
    assert await _listed(system) == [uscc(2), uscc(9)]


async def test_two_members_of_a_pool_are_not_merged(system: System) -> None:
    registry = Registry(system)
    await _judged(system, "2024-1", [form(1)])
    await _admitted(system, "2024-1")
    await _judged(system, "2024-2", [form(2)])
    await _admitted(system, "2024-2")
    problem = await registry.refused(uscc(1), "merge", "merge_both_members", into=uscc(2))
    assert problem["detail"] == "cultivation"
    assert await _listed(system) == [uscc(1), uscc(2)]
