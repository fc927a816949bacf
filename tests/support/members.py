"""Enterprises in the pool, admitted as the province would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from support.forms import HUANGSHI, WUHAN
from support.system import System

WUHAN_CITY, HUANGSHI_CITY = "420100", "420200"
_CITIES = {WUHAN: WUHAN_CITY, HUANGSHI: HUANGSHI_CITY}
_PLANS = "/v1/selection-plans"


async def admit(system: System, *forms: dict[str, Any]) -> None:
    """Submit, recommend, review and select all of `forms`, and commit the plan."""
    await system.open_cycle()
    for one in forms:
        received = await system.submit(one)
        await system.recommend(_CITIES[one["registered_division"]], [received["id"]])
    await system.drain()
    for one in await system.assessments():
        await system.settle(one["id"])
    planner = system.officer("planner", "province_officer")
    body = {"cycle": "2024-1", "pool": "cultivation"}
    plan = await system.ok("evaluation", "POST", _PLANS, planner, json=body)
    approver = system.officer("approver", "province_officer")
    await system.ok("evaluation", "POST", f"{_PLANS}/{plan['id']}:approve", approver)
    await system.ok("evaluation", "POST", f"{_PLANS}/{plan['id']}:commit", planner)


async def on_record(system: System, *forms: dict[str, Any]) -> None:
    """Enterprises that have applied, and no more."""
    await system.open_cycle()
    for one in forms:
        await system.submit(one)


async def open_period(system: System, code: str = "2026-H1", **changes: Any) -> dict[str, Any]:
    """A period that covers the year before today and tomorrow, and takes reports now."""
    now = datetime.now(UTC)
    body = {
        "code": code,
        "title": "测试报告期",
        "covers_from": (now - timedelta(days=365)).date().isoformat(),
        "covers_to": (now + timedelta(days=1)).date().isoformat(),
        "opens_at": (now - timedelta(hours=1)).isoformat(),
        "closes_at": (now + timedelta(days=1)).isoformat(),
    }
    planner = system.officer("planner", "province_officer")
    return await system.ok("intake", "POST", "/v1/reporting-periods", planner, json=body | changes)
