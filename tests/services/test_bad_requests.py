"""Nothing that a caller sends is answered 500: each is a problem document with a code."""

from __future__ import annotations

import asyncpg
import pytest
from support.forms import form, with_changes
from support.system import System

ID = "018f0000-0000-7000-8000-000000000000"
UPLOAD = "/v1/cycles/2024-1/applications:importWorkbook"


@pytest.mark.parametrize(
    ("service", "method", "path", "request_"),
    [
        ("intake", "POST", "/v1/cycles/a%00b/applications", {"json": form(1)}),
        ("intake", "GET", "/v1/applications?cycle=a%00b", {}),
        ("intake", "GET", "/v1/applications?limit=0", {}),
        ("intake", "GET", "/v1/applications?cursor=x", {}),
        ("intake", "GET", "/v1/applications/x", {}),
        ("intake", "GET", f"/v1/imports/{ID}/rejected-rows?cursor=99999999999999999999", {}),
        (
            "intake",
            "POST",
            UPLOAD,
            {"content": b"PK", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        ),
        ("intake", "POST", UPLOAD, {"content": b"PK", "headers": {"Content-Type": "multipart/form-data"}}),
        ("intake", "POST", UPLOAD, {"data": {"file": "text"}}),
        ("evaluation", "GET", "/v1/cycles/a%00b/verdict-counts", {}),
        ("evaluation", "GET", "/v1/pools/a%00b", {}),
        ("evaluation", "GET", "/v1/pools/cultivation/members?cursor=%00", {}),
        ("evaluation", "GET", f"/v1/selection-plans/{ID}/entries?cursor=99999999999", {}),
        ("evaluation", "POST", f"/v1/assessments/{ID}/findings", {"json": {"findings": []}}),
        ("finance", "GET", "/v1/lists/a%00b/editions/latest", {}),
        ("finance", "GET", "/v1/lists/x/editions/99999999999999999999", {}),
        ("finance", "POST", "/v1/lists/pool-members/subscriptions", {"json": {"client_id": "a\u0000b"}}),
    ],
)
async def test_a_bad_request_is_refused_with_a_code(
    system: System, service: str, method: str, path: str, request_: dict
) -> None:
    await system.open_cycle()
    role = "reviewer" if "findings" in path else "province_officer"
    token = system.officer("p", role)
    if path.endswith("/applications"):
        token = system.enterprise(form(1)["uscc"])
    answer = await system.request(service, method, path, token, **request_)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title_zh"]


async def test_a_nul_in_text_is_refused_and_nothing_is_stored(system: System, owner: asyncpg.Connection) -> None:
    planner = system.officer("planner", "province_officer")
    await system.open_cycle()
    (cycle,) = await system.ok("intake", "GET", "/v1/cycles", planner)
    body = {name: value for name, value in cycle.items() if name != "id"} | {"code": "x", "title": "甲\u0000"}
    await system.refused("intake", "POST", "/v1/cycles", planner, "unstorable_value", 422, json=body)
    assert await owner.fetchval("SELECT count(*) FROM cycle") == 1


async def test_a_client_id_with_a_nul_is_simply_wrong(system: System) -> None:
    data = {"grant_type": "client_credentials", "client_id": "a\u0000b", "client_secret": "x"}
    answer = await system.clients["finance"].post("/oauth/token", data=data)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("bad", "pointer", "code"),
    [
        (form(1, established_on="2099-01-01"), "/established_on", "future_date"),
        (with_changes(form(1), "finance", fiscal_year=2099), "/finance/fiscal_year", "future_date"),
        (
            form(1, qualifications=[{"type": "high_tech", "issued_on": "2099-01-01"}]),
            "/qualifications/0/issued_on",
            "future_date",
        ),
        (form(1, legal_person="yes"), "/legal_person", "not_a_boolean"),
        (with_changes(form(1), "declarations", truthful=1), "/declarations/truthful", "not_a_boolean"),
    ],
)
async def test_the_future_and_other_kinds_of_yes_are_refused(
    system: System, bad: dict, pointer: str, code: str
) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    path = "/v1/cycles/2024-1/applications"
    problem = await system.refused("intake", "POST", path, token, "validation_failed", 422, json=bad)
    assert [(one["pointer"], one["code"]) for one in problem["violations"]] == [(pointer, code)]


async def test_a_cycle_is_judged_on_a_day_when_its_rulebook_is_in_force(system: System) -> None:
    await system.open_cycle()
    planner = system.officer("planner", "province_officer")
    (cycle,) = await system.ok("intake", "GET", "/v1/cycles", planner)
    body = {name: value for name, value in cycle.items() if name != "id"} | {"code": "x", "assessed_on": "2024-06-05"}
    await system.refused("intake", "POST", "/v1/cycles", planner, "rulebook_not_in_force", 422, json=body)
    await system.ok("intake", "POST", "/v1/cycles", planner, json=body | {"assessed_on": "2024-06-06"})
