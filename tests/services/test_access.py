"""Who gets in, and how far: tokens, roles, reach."""

from __future__ import annotations

import time
from datetime import timedelta

import asyncpg
import pytest
from fastapi.routing import APIRoute
from joserfc import jwt
from joserfc.jwk import OKPKey
from support.forms import HUANGSHI, form
from support.open_endpoints import OPEN
from support.system import System

from shared.security.actor import ROLE_SCOPES, SCOPES
from shared.security.keys import load_key
from shared.security.officers import officer
from shared.security.tokens import TokenAuthority

ANY_ID = "018f0000-0000-7000-8000-000000000000"


def _routes(system: System) -> list[tuple[str, str, str]]:
    found = []
    for service, app in system.apps.items():
        for path, operations in app.openapi()["paths"].items():
            found += [(service, method.upper(), path) for method in operations]
    return found


def _filled(path: str) -> str:
    for name in (
        "application_id",
        "assessment_id",
        "deviation_id",
        "plan_id",
        "import_id",
        "objection_id",
        "appeal_id",
    ):
        path = path.replace(f"{{{name}}}", ANY_ID)
    return (
        path.replace("{code}", "x").replace("{programme}", "x").replace("{serial}", "1").replace("{number}", "2026-001")
    )


async def test_every_route_but_the_reviewed_ones_wants_a_token(system: System) -> None:
    routes = [route for route in _routes(system) if route[2] not in OPEN]
    assert len(routes) > 20
    for service, method, path in routes:
        answer = await system.request(service, method, _filled(path), None)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (service, method, path)
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_every_route_refuses_a_role_without_its_scope(system: System, owner: asyncpg.Connection) -> None:
    nobody = system._authority.issue(officer("nobody", "admin"), timedelta(hours=1))
    stranger = jwt_with(system, scope="")
    for service, method, path in _routes(system):
        if path not in OPEN:
            answer = await system.request(service, method, _filled(path), stranger)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (service, method, path)
    assert nobody != stranger
    # Each attempt is on record, at the door that it was made.
    tried = "SELECT service, detail->>'method', detail->>'path' FROM audit_entry WHERE action = 'access.refused'"
    assert [tuple(row) for row in await owner.fetch(f"{tried} ORDER BY id")] == [
        (service, method, _filled(path)) for service, method, path in _routes(system) if path not in OPEN
    ]


def jwt_with(system: System, *, key: OKPKey | None = None, typ: str = "at+jwt", **changes: object) -> str:
    now = int(time.time())
    claims = {
        "iss": "peiyu",
        "aud": "peiyu-api",
        "sub": "planner",
        "role": "province_officer",
        "scope": "pool:read",
        "exp": now + 60,
        "iat": now,
    } | changes
    signing = key or load_key(system.settings["intake"].token_key_file)
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "Ed25519", "typ": typ}, claims, signing, algorithms=["Ed25519"])


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"iss": "somebody-else"},
        {"aud": "another-api"},
        {"sub": None},
        {"role": None},
        {"typ": "JWT"},
        {"key": OKPKey.generate_key("Ed25519")},
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_a_token_that_is_wrong_in_any_way_is_refused(system: System, changes: dict) -> None:
    assert (await system.request("evaluation", "GET", "/v1/pools/cultivation", jwt_with(system))).status_code == 200
    token = jwt_with(system, **changes)
    await system.refused("evaluation", "GET", "/v1/pools/cultivation", token, "unauthenticated", 401)


async def test_an_unsigned_token_is_refused(system: System) -> None:
    header, payload, _ = jwt_with(system).split(".")
    for token in (f"{header}.{payload}.", "x", "a.b.c", f"{header}.{payload}.AAAA"):
        await system.refused("evaluation", "GET", "/v1/pools/cultivation", token, "unauthenticated", 401)


async def test_an_accepted_token_is_refused_once_it_expires(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    token = jwt_with(system)
    authority: TokenAuthority = system._authority
    assert authority.verify(token).subject == "planner"
    monkeypatch.setattr("shared.security.tokens.time.time", lambda: time.time_ns() / 1e9 + 3600)
    with pytest.raises(Exception, match="unauthenticated"):
        authority.verify(token)


async def test_a_client_needs_its_own_secret_and_may_be_disabled(system: System, owner: asyncpg.Connection) -> None:
    client_id, token = await system.client_token("finance", "bank")
    assert token
    wrong = await system.clients["finance"].post(
        "/oauth/token", data={"grant_type": "client_credentials"}, auth=(client_id, "wrong")
    )
    unknown = await system.clients["finance"].post(
        "/oauth/token", data={"grant_type": "client_credentials", "client_id": "nobody", "client_secret": "wrong"}
    )
    for answer in (wrong, unknown):
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_client")
    grant = await system.clients["finance"].post("/oauth/token", data={"grant_type": "password"})
    assert (grant.status_code, grant.json()["code"]) == (400, "unsupported_grant_type")
    broken = await system.clients["finance"].post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": "Basic %%%"}
    )
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_request")
    assert not await owner.fetchval("SELECT secret_hash LIKE '%wrong%' FROM api_client")


async def test_a_city_sees_and_decides_its_own_applications_only(system: System) -> None:
    await system.open_cycle()
    ours, theirs = await system.submit(form(1)), await system.submit(form(2, HUANGSHI))
    wuhan = system.officer("o", "city_officer", "420100")
    seen = await system.ok("intake", "GET", "/v1/applications", wuhan)
    assert [one["id"] for one in seen["items"]] == [ours["id"]]
    await system.ok("intake", "GET", f"/v1/applications/{ours['id']}", wuhan)
    await system.refused("intake", "GET", f"/v1/applications/{theirs['id']}", wuhan, "not_found", 404)
    for ids in ([theirs["id"]], [ours["id"], theirs["id"]]):
        body = {"application_ids": ids}
        await system.refused("intake", "POST", "/v1/applications:recommend", wuhan, "not_found", 404, json=body)
    reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
    path = f"/v1/applications/{theirs['id']}:return"
    await system.refused("intake", "POST", path, wuhan, "not_found", 404, json=reasons)
    assert {one["status"] for one in (await _all(system))["items"]} == {"submitted"}


async def _all(system: System) -> dict:
    return await system.ok("intake", "GET", "/v1/applications", system.officer("p", "province_officer"))


async def test_an_enterprise_sees_and_sends_its_own_application_only(system: System) -> None:
    await system.open_cycle()
    mine, other = form(1), form(2)
    await system.submit(mine)
    theirs = await system.submit(other)
    token = system.enterprise(mine["uscc"])
    assert len((await system.ok("intake", "GET", "/v1/applications", token))["items"]) == 1
    await system.refused("intake", "GET", f"/v1/applications/{theirs['id']}", token, "not_found", 404)
    path = "/v1/cycles/2024-1/applications"
    await system.refused("intake", "POST", path, token, "not_own_enterprise", 403, json=form(3))


async def test_scopes_name_only_what_exists_and_docs_can_be_closed(system: System) -> None:
    assert set().union(*ROLE_SCOPES.values()) == set(SCOPES)
    from services.finance.app import create_app  # noqa: PLC0415 (built with other settings)

    closed = create_app(system.settings["finance"].model_copy(update={"docs_enabled": False}))
    paths = {route.path for route in closed.routes if isinstance(route, APIRoute)}
    assert "/docs" not in paths
    assert closed.openapi_url is None
