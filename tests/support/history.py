"""A database in which something has happened, and the ids that a caller could know from it."""

from __future__ import annotations

import asyncpg

from services.intake.applications.example_form import EXAMPLE_FORM
from support.forms import form
from support.system import System
from support.workbooks import plain_workbook

CITY = "420100"
Known = dict[str, list[str]]


async def a_round_so_far(system: System) -> Known:
    """Cycles, applications in several states, an import with a rejected row. Values known for bodies."""
    for code in ("2024-1", "2024-2"):
        await system.open_cycle(code)
    own, waiting, recommended = [await system.submit(one) for one in (EXAMPLE_FORM, form(2), form(3))]
    city = system.officer("o", "city_officer", CITY)
    reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
    await system.ok("intake", "POST", f"/v1/applications/{own['id']}:return", city, json=reasons)
    await system.recommend(CITY, [recommended["id"]])
    planner = system.officer("planner", "province_officer")
    workbook = {"file": ("企业.xlsx", plain_workbook({"企业": [["统一社会信用代码"], ["x"]]}))}
    await system.ok("intake", "POST", "/v1/cycles/2024-1/applications:importWorkbook", planner, files=workbook)
    await system.drain()
    (rulebook, *_) = await system.ok("evaluation", "GET", "/v1/rulebooks", planner)
    return {
        "body.rulebook_id": [rulebook["id"]],
        "body.rulebook_digest": [rulebook["digest"]],
        "body.application_ids[*]": [waiting["id"], recommended["id"]],
    }


async def a_committed_selection(system: System) -> Known:
    """After `a_round_so_far`: its one judged application admitted, and an edition of the list published."""
    (judged,) = await system.assessments()
    await system.settle(judged["id"])
    planner, second = (system.officer(name, "province_officer") for name in ("planner", "second"))
    body = {"cycle": "2024-1", "pool": "cultivation"}
    plan = await system.ok("evaluation", "POST", "/v1/selection-plans", planner, json=body)
    await system.ok("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:approve", second)
    await system.ok("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:commit", planner)
    await system.drain()
    return {
        "path.plan_id": [plan["id"]],
        "path.programme": ["pool-members"],
        "path.serial": ["1"],
        "body.cycle": ["2024-1", "2024-2"],
        "body.pool": ["cultivation"],
    }


async def ids_by_parameter(owner: asyncpg.Connection) -> Known:
    """What exists for path parameters: `<thing>_id` is taken for an id of the table that is, or ends in, `<thing>`."""
    known = {
        "path.code": ["2024-1", "2024-2", "cultivation"],
        "path.uscc": [EXAMPLE_FORM["uscc"], form(2)["uscc"]],
    }
    tables = await owner.fetch("SELECT table_name FROM information_schema.columns WHERE column_name = 'id'")
    for (table,) in tables:
        ids = [str(row["id"]) for row in await owner.fetch(f'SELECT id FROM "{table}" LIMIT 3')]
        for name in {table, table.rpartition("_")[2]} if ids else ():
            known[f"path.{name}_id"] = known.get(f"path.{name}_id", []) + ids
    return known
