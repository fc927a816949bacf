"""The three OpenAPI documents say what a caller needs: purpose, scope, answers, refusals."""

from __future__ import annotations

import pytest
from support.system import APPS, System

from shared.security.actor import SCOPES

OPEN = {"/health/live", "/health/ready", "/oauth/token"}


@pytest.mark.parametrize("service", APPS)
async def test_every_operation_is_described_with_its_scope_and_refusals(system: System, service: str) -> None:
    document = (await system.clients[service].get("/openapi.json")).json()
    assert document["components"]["schemas"]["ProblemOut"]["properties"]["code"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            refusals = operation["responses"]["409"]["content"]
            assert list(refusals) == ["application/problem+json"], where
            if path in OPEN:
                assert "security" not in operation, where
                continue
            assert operation["description"], where
            ((scheme, scopes),) = operation["security"][0].items()
            assert document["components"]["securitySchemes"][scheme]["type"] == "oauth2"
            assert len(scopes) == 1, where
            assert set(scopes) <= set(SCOPES), where


@pytest.mark.parametrize("service", APPS)
async def test_the_page_loads_nothing_from_elsewhere(system: System, service: str) -> None:
    page = await system.clients[service].get("/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("</", "").replace("/>", "") or "https://" not in page.text
    for script in ("swagger-ui-bundle.js", "swagger-ui.css"):
        asset = await system.clients[service].get(f"/static-offline-docs/{script}")
        assert asset.status_code == 200


@pytest.mark.parametrize("service", APPS)
async def test_unknown_paths_and_methods_are_problems_too(system: System, service: str) -> None:
    for method, path, status, code in (
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/oauth/token", 405, "method_not_allowed"),
    ):
        answer = await system.clients[service].request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
