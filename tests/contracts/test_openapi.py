"""The three OpenAPI documents say what a caller needs: purpose, scope, examples, answers, true refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi import APIRouter, FastAPI
from support.open_endpoints import OPEN
from support.system import APPS, System

from services.intake.applications.example_form import EXAMPLE_FORM
from services.intake.applications.schemas import ApplicationForm
from shared.errors import CONFLICT
from shared.security.actor import SCOPES
from shared.web.documentation import describe, refuses

PROBLEM = "application/problem+json"
Operation = dict[str, Any]


async def _document(system: System, service: str) -> dict[str, Any]:
    return (await system.clients[service].get("/openapi.json")).json()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, Operation]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", path, operation


def lacks(document: dict[str, Any]) -> list[str]:
    """What the document does not say of its operations; a new route that says too little is named here."""
    return [
        f"{where}: {what}" for where, path, operation in _operations(document) for what in _lacks_of(path, operation)
    ]


def _lacks_of(path: str, operation: Operation) -> Iterator[str]:
    if not operation.get("summary"):
        yield "no summary"
    if not operation.get("description", "").partition("Required scope")[0].strip():
        yield "no description"
    yield from _lacks_scope(path, operation)
    for parameter in operation.get("parameters", ()):
        if parameter["required"] and not _exemplified(parameter):
            yield f"no example for the parameter {parameter['name']}"
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        if not _exemplified(media):
            yield f"no example for the body as {media_type}; give its required fields examples"
    yield from _lacks_answers(path, operation)


def _lacks_scope(path: str, operation: Operation) -> Iterator[str]:
    if path in OPEN:
        return
    asked = [scopes for scheme in operation.get("security", ()) for scopes in scheme.values()]
    if len(asked) != 2 or asked[0] != asked[1] or len(asked[0]) != 1 or not set(asked[0]) <= set(SCOPES):
        yield f"no single scope: {asked}"
    elif f"`{asked[0][0]}`" not in operation["description"]:
        yield "its description does not tell the scope"


def _lacks_answers(path: str, operation: Operation) -> Iterator[str]:
    answers = {status: answer for status, answer in operation["responses"].items() if status < "400"}
    refusals = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
    for status, answer in answers.items():
        for media_type, media in answer.get("content", {}).items():
            if not _exemplified(media):
                yield f"no example for the answer {status} as {media_type}; give its fields examples"
        if status not in {"204", "304"} and not answer.get("content"):
            yield f"the answer {status} has no content type"
    if not answers:
        yield "no success answer"
    if path != "/health/live" and not refusals:
        yield "no refusals"
    for status, answer in refusals.items():
        if list(answer.get("content", ())) != [PROBLEM]:
            yield f"{status} is no problem document"
        elif not answer["content"][PROBLEM].get("examples"):
            yield f"{status} names no code"


def _exemplified(holder: Operation) -> bool:
    return "example" in holder or bool(holder.get("examples"))


@pytest.mark.parametrize("service", APPS)
async def test_every_operation_is_described_with_scope_examples_and_refusals(system: System, service: str) -> None:
    document = await _document(system, service)
    assert lacks(document) == []
    assert not {"HTTPValidationError", "ValidationError"} & document["components"]["schemas"].keys()
    assert await _document(system, service) == document


@pytest.mark.parametrize("service", APPS)
async def test_every_example_satisfies_its_schema(system: System, service: str) -> None:
    document = await _document(system, service)
    for where, _, operation in _operations(document):
        for holder in _holders(operation):
            values = [one["value"] for one in holder.get("examples", {}).values()]
            for value in [*values, *([holder["example"]] if "example" in holder else [])]:
                schema = {**holder["schema"], "components": document["components"]}
                errors = [error.message for error in jsonschema_rs.iter_errors(schema, value)]
                assert errors == [], (where, value)


def _holders(operation: Operation) -> Iterator[Operation]:
    yield from operation.get("parameters", ())
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for answer in operation["responses"].values():
        yield from (media for media in answer.get("content", {}).values() if media.get("schema"))


def test_the_example_form_is_a_valid_form() -> None:
    assert ApplicationForm.model_validate(EXAMPLE_FORM).model_dump(mode="json", exclude_none=True) == EXAMPLE_FORM


async def test_refusals_are_those_that_an_operation_of_its_form_can_answer(system: System) -> None:
    paths = (await _document(system, "intake"))["paths"]

    def codes(path: str, method: str) -> dict[str, set[str]]:
        answers = paths[path][method]["responses"]
        return {
            status: set(answer["content"][PROBLEM]["examples"]) for status, answer in answers.items() if status >= "4"
        }

    assert codes("/health/live", "get") == {}
    assert codes("/v1/cycles", "get") == {"401": {"unauthenticated"}, "403": {"forbidden"}, "503": {"unavailable"}}
    submit = codes("/v1/cycles/{code}/applications", "post")
    assert submit["409"] == {
        "application_exists",
        "correction_overdue",
        "outside_application_window",
        "registered_elsewhere",
        "uscc_superseded",
    }
    assert submit["400"] == {"bad_request", "idempotency_key_missing"}
    assert submit["422"] == {
        "validation_failed",
        "unstorable_value",
        "idempotency_key_reused",
        "outside_city",
        "section_not_reopened",
    }
    media = paths["/v1/cycles/{code}/applications"]["post"]["responses"]["409"]["content"][PROBLEM]
    schema = {**media["schema"], "components": {"schemas": {"ProblemOut": {}}}}
    example = media["examples"]["application_exists"]["value"]
    assert jsonschema_rs.is_valid(schema, example)
    assert not jsonschema_rs.is_valid(schema, example | {"code": "something_else"})


def test_a_route_that_says_nothing_is_noticed() -> None:
    router = APIRouter()

    @router.post("/silent")
    async def silent(body: dict[str, str], word: str) -> str:
        return "".join([word, *body])

    @router.get("/told", summary="Tell", responses=refuses(CONFLICT))
    async def told() -> bool:
        """Say yes."""
        return True

    app = FastAPI()
    describe(app)
    app.include_router(router)
    found = lacks(app.openapi())
    assert [one for one in found if "/told" in one] == ["get /told: no single scope: []"]
    assert {
        "post /silent: no description",
        "post /silent: no single scope: []",
        "post /silent: no example for the parameter word",
        "post /silent: no example for the answer 200 as application/json; give its fields examples",
    } <= set(found)


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
