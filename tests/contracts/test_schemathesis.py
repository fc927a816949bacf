"""Schemathesis over intake's OpenAPI document: no 5xx, nothing undocumented, whoever asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from fastapi import APIRouter
from fastapi.responses import HTMLResponse, JSONResponse
from support.fuzzing import Findings, fuzz
from support.history import CITY, a_committed_selection, a_round_so_far, ids_by_parameter
from support.loopback import listening
from support.system import System
from support.thoroughness import drawn

from services.evaluation import app as evaluation_app
from services.finance import app as finance_app
from services.intake import app as intake_app
from services.intake.applications.example_form import EXAMPLE_FORM
from services.intake.cycles.errors import CYCLE_EXISTS
from shared.errors import CONFLICT, Problem
from shared.security.actor import ROLE_SCOPES, SCOPES
from shared.web.documentation import refuses

ROLES = ("enterprise", "city_officer", "province_officer")
EXAMPLES = drawn(2, 20)
NOTHING = "^$"


@dataclass(frozen=True)
class Live:
    url: str
    tokens: dict[str, str]
    known: dict[str, list[str]]


@pytest.fixture
async def live(system: System, owner: asyncpg.Connection) -> AsyncIterator[Live]:
    """Intake and evaluation on loopback over a database in which something has happened."""
    known = await a_round_so_far(system) | await ids_by_parameter(owner)
    tokens = {
        "province_officer": system.officer("fuzzer-p", "province_officer"),
        "city_officer": system.officer("fuzzer-c", "city_officer", CITY),
        "enterprise": system.enterprise(EXAMPLE_FORM["uscc"]),
    }
    with ExitStack() as stack:
        evaluation = stack.enter_context(listening(evaluation_app.create_app(system.settings["evaluation"])))
        settings = system.settings["intake"].model_copy(update={"evaluation_url": evaluation})
        yield Live(stack.enter_context(listening(intake_app.create_app(settings))), tokens, known)


@pytest.mark.parametrize("role", ROLES)
async def test_no_5xx_and_nothing_undocumented(live: Live, role: str) -> None:
    scopes = ROLE_SCOPES[role]
    earlier = [ROLE_SCOPES[other] for other in ROLES[: ROLES.index(role)]]
    # Open to everybody, and checking a client's secret is slow on purpose: once is enough.
    leave_out = "^/oauth/token$|^/health" if earlier else NOTHING

    def run(phases: Sequence[str], beyond: Sequence[frozenset[str]]) -> Findings:
        return fuzz(
            live.url,
            live.tokens[role],
            scopes=scopes,
            known=live.known,
            examples=EXAMPLES,
            phases=phases,
            beyond=beyond,
            leave_out=leave_out,
        )

    # The coverage phase tries every field's every bound: once for each operation, whoever may do it first.
    found = await asyncio.to_thread(run, ("examples", "fuzzing", "stateful"), ())
    found |= await asyncio.to_thread(run, ("coverage",), earlier)
    assert found.wrong == {}
    assert {status for _, status in found.answers} >= {200, 404, 422}
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


async def test_the_other_services_too(system: System, owner: asyncpg.Connection) -> None:
    known = await a_round_so_far(system) | await a_committed_selection(system) | await ids_by_parameter(owner)
    token = system.officer("fuzzer-p", "province_officer")
    scopes = ROLE_SCOPES["province_officer"]
    for service, module in (("evaluation", evaluation_app), ("finance", finance_app)):
        with listening(module.create_app(system.settings[service])) as url:
            found = await asyncio.to_thread(
                fuzz,
                url,
                token,
                scopes=scopes,
                known=known,
                examples=EXAMPLES,
                phases=("examples", "coverage"),
                leave_out="^/oauth/token$|^/health",
            )
        assert found.wrong == {}, service
        assert {status for _, status in found.answers} >= {200, 404, 422}, service


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
