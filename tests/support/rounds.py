"""The province's part of a round: settle what needs a person, freeze a plan, approve it, publish it, commit it."""

from __future__ import annotations

from typing import Any

from support.system import System

PLANS = "/v1/selection-plans"


async def settle_all(system: System, code: str = "2024-1") -> None:
    """Find every open part of every assessment met."""
    for one in await system.assessments(code, limit=500):
        await system.settle(one["id"])


async def frozen_plan(system: System, code: str = "2024-1") -> dict[str, Any]:
    """A plan as computed and frozen by one officer of the province."""
    planner = system.officer("planner", "province_officer")
    return await system.ok("evaluation", "POST", PLANS, planner, json={"cycle": code, "pool": "cultivation"})


async def approved(system: System, plan: dict[str, Any]) -> None:
    approver = system.officer("approver", "province_officer")
    await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:approve", approver)


async def published(system: System, plan: dict[str, Any]) -> dict[str, Any]:
    """The notice of an approved plan. The tests' settings give it no length, so it lasts until it is ended."""
    planner = system.officer("planner", "province_officer")
    return await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:publish", planner)


async def committed_plan(system: System, code: str = "2024-1") -> dict[str, Any]:
    """A plan computed, approved by a second person, published without an objection, and committed."""
    plan = await frozen_plan(system, code)
    await approved(system, plan)
    notice = await published(system, plan)
    planner = system.officer("planner", "province_officer")
    await system.ok("evaluation", "POST", f"/v1/notices/{notice['number']}:end", planner)
    return await system.ok("evaluation", "POST", f"{PLANS}/{plan['id']}:commit", planner)


async def pool_members(system: System) -> list[dict[str, Any]]:
    planner = system.officer("planner", "province_officer")
    return (await system.ok("evaluation", "GET", "/v1/pools/cultivation/members", planner))["items"]
