"""Schemathesis over intake's OpenAPI document: no 5xx, nothing undocumented, whoever asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from support.forms import form
from support.fuzzing import Findings, fuzz
from support.listening import listening
from support.system import System
from support.workbooks import plain_workbook

from services.evaluation import app as evaluation_app
from services.intake import app as intake_app
from services.intake.applications.example_form import EXAMPLE_FORM
from services.intake.cycles.errors import CYCLE_EXISTS
from shared.errors import CONFLICT, Problem
from shared.security.actor import ROLE_SCOPES, SCOPES
from shared.web.documentation import refuses

CITY = "420100"
ROLES = ("province_officer", "city_officer", "enterprise")
EXAMPLES = 15
NOTHING = "^$"


@dataclass(frozen=True)
class Live:
    url: str
    tokens: dict[str, str]
    known: dict[str, list[str]]


@pytest.fixture
async def live(system: System, owner: asyncpg.Connection) -> AsyncIterator[Live]:
    """Intake and evaluation on loopback over a database in which something has happened."""
    known = await _something_has_happened(system, owner)
    tokens = {
        "province_officer": system.officer("fuzzer-p", "province_officer"),
        "city_officer": system.officer("fuzzer-c", "city_officer", CITY),
        "enterprise": system.enterprise(EXAMPLE_FORM["uscc"]),
    }
    with ExitStack() as stack:
        evaluation = stack.enter_context(listening(evaluation_app.create_app(system.settings["evaluation"])))
        settings = system.settings["intake"].model_copy(update={"evaluation_url": evaluation})
        yield Live(stack.enter_context(listening(intake_app.create_app(settings))), tokens, known)


async def _something_has_happened(system: System, owner: asyncpg.Connection) -> dict[str, list[str]]:
    await system.open_cycle()
    await system.open_cycle("2024-2")
    own, waiting = await system.submit(EXAMPLE_FORM), await system.submit(form(2))
    city = system.officer("o", "city_officer", CITY)
    reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
    await system.ok("intake", "POST", f"/v1/applications/{own['id']}:return", city, json=reasons)
    recommended = await system.submit(form(3))
    await system.recommend(CITY, [recommended["id"]])
    planner = system.officer("planner", "province_officer")
    workbook = {"file": ("企业.xlsx", plain_workbook({"企业": [["统一社会信用代码"], ["x"]]}))}
    await system.ok("intake", "POST", "/v1/cycles/2024-1/applications:importWorkbook", planner, files=workbook)
    await system.drain()
    (rulebook, *_) = await system.ok("evaluation", "GET", "/v1/rulebooks", planner)
    in_bodies = {"body.rulebook_id": [rulebook["id"]], "body.rulebook_digest": [rulebook["digest"]]}
    return await _ids(owner) | in_bodies | {"body.application_ids[*]": [waiting["id"], recommended["id"]]}


async def _ids(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """What exists for path parameters, by the table that a parameter `<thing>_id` is likely to name."""
    known = {"path.code": ["2024-1", "2024-2"], "path.uscc": [form(2)["uscc"], form(3)["uscc"]]}
    tables = await owner.fetch("SELECT table_name FROM information_schema.columns WHERE column_name = 'id'")
    for (table,) in tables:
        ids = [str(row["id"]) for row in await owner.fetch(f'SELECT id FROM "{table}" LIMIT 3')]
        for name in {table, table.rpartition("_")[2]}:
            if ids and name:
                known[f"path.{name}_id"] = known.get(f"path.{name}_id", []) + ids
    return known


@pytest.mark.parametrize("role", ROLES)
async def test_no_5xx_and_nothing_undocumented(live: Live, role: str) -> None:
    scopes = ROLE_SCOPES[role]
    # Open to everybody, and checking a client's secret is slow on purpose: once is enough.
    leave_out = NOTHING if role == "province_officer" else "^/oauth/token$|^/health"
    found = await asyncio.to_thread(
        fuzz, live.url, live.tokens[role], scopes=scopes, known=live.known, examples=EXAMPLES, leave_out=leave_out
    )
    assert found.wrong == {}
    assert {status for _, status in found.answers} >= {200, 404, 405, 422}
    await _every_allowed_operation_was_reached(live, found, scopes, leave_out)


async def _every_allowed_operation_was_reached(
    live: Live, found: Findings, scopes: frozenset[str], leave_out: str
) -> None:
    """New routes are taken in by themselves."""
    async with httpx.AsyncClient(base_url=live.url) as client:
        document = (await client.get("/openapi.json")).json()
    expected = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if {scope for scheme in operation.get("security", ()) for asked in scheme.values() for scope in asked} <= scopes
        and not re.search(leave_out, path)
    }
    assert found.operations == expected


async def test_the_run_can_fail(system: System) -> None:
    """A route that raises, an undocumented status, an undocumented code and a wrong type are each found."""
    app = intake_app.create_app(system.settings["intake"])
    app.include_router(_wrong_routes())
    with listening(app) as url:
        found = await asyncio.to_thread(
            fuzz, url, "none", scopes=SCOPES, known={}, examples=2, paths="^/wrong/", leave_out=NOTHING
        )
    assert {key for key in found.wrong if " 405 " not in key} >= {
        "GET /wrong/raises 500 not_a_server_error",
        "GET /wrong/raises 500 status_code_conformance",
        "GET /wrong/conflict 409 status_code_conformance",
        "GET /wrong/code 409 response_schema_conformance",
        "GET /wrong/answer 200 response_schema_conformance",
        "GET /wrong/page 200 content_type_conformance",
    }


def _wrong_routes() -> APIRouter:
    router = APIRouter(prefix="/wrong")

    @router.get("/raises")
    async def raises() -> int:
        raise RuntimeError("on purpose")

    @router.get("/conflict")
    async def conflict() -> int:
        raise Problem(CONFLICT)

    @router.get("/code", responses=refuses(CYCLE_EXISTS))
    async def code() -> int:
        raise Problem(CONFLICT)

    @router.get("/answer")
    async def answer() -> int:
        return JSONResponse("not a number")  # type: ignore[return-value]

    @router.get("/page")
    async def page() -> int:
        return HTMLResponse("1")  # type: ignore[return-value]

    return router
