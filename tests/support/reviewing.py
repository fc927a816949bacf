"""Reviews over HTTP: judge forms, read the queue, declare, find."""

from __future__ import annotations

from typing import Any

import asyncpg

from support.system import System

ASSIGNER = ("assigner", "province_officer")


async def judge(system: System, *forms: dict[str, Any], city: str = "420100") -> list[dict[str, Any]]:
    """Open a cycle, submit, recommend and judge these forms of one city; the assessments' summaries, by code."""
    await system.open_cycle()
    received = [await system.submit(one) for one in forms]
    await system.recommend(city, [one["id"] for one in received])
    await system.drain()
    return sorted(await system.assessments(limit=500), key=lambda one: one["uscc"])


async def judge_again(system: System, application_id: str, form: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Reopen the sections of an application, correct it to this form, recommend and judge it again."""
    officer = system.officer("planner", "province_officer")
    reasons = {"reasons": [{"field": field, "reason": "请核对"} for field in fields]}
    await system.ok("intake", "POST", f"/v1/applications/{application_id}:reopen", officer, json=reasons)
    await system.submit(form)
    await system.recommend("420100", [application_id])
    await system.drain()


async def assign(system: System, **body: Any) -> dict[str, Any]:
    path = "/v1/cycles/2024-1/reviews:assign"
    return await system.ok("evaluation", "POST", path, system.officer(*ASSIGNER), json=body)


async def reviews(system: System, who: tuple[str, str] = ASSIGNER, **params: Any) -> list[dict[str, Any]]:
    params = {"whose": "mine" if who[1] == "reviewer" else "all", "limit": 500} | params
    return (await system.ok("evaluation", "GET", "/v1/reviews", system.officer(*who), params=params))["items"]


async def review(system: System, review_id: str, who: tuple[str, str] = ASSIGNER) -> dict[str, Any]:
    return await system.ok("evaluation", "GET", f"/v1/reviews/{review_id}", system.officer(*who))


def finding(*parts: str, met: bool = True, **more: Any) -> dict[str, Any]:
    return {"findings": [{"part": part, "met": met, "reason": "经查阅材料认定"} | more for part in parts]}


async def refusals(owner: asyncpg.Connection) -> list[tuple[str, str, str]]:
    """Who was refused for want of standing, in doing what, by which code, as it is on record."""
    rows = await owner.fetch(
        "SELECT actor, detail->>'act' AS act, detail->>'code' AS code FROM audit_entry "
        "WHERE action = 'review.refused' ORDER BY id"
    )
    return [tuple(row) for row in rows]
