"""What OpenAPI says of each operation beyond its types: true refusals with their codes, scopes, examples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI

from shared.errors import (
    BAD_REQUEST,
    FORBIDDEN,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    PAYLOAD_TOO_LARGE,
    UNAUTHENTICATED,
    UNAVAILABLE,
    UNSTORABLE,
    VALIDATION_FAILED,
    ErrorKind,
    Problem,
)
from shared.security.actor import ROLE_SCOPES, SCOPES
from shared.web.examples import add_examples
from shared.web.problems import MEDIA_TYPE, ProblemOut, document

_PROBLEM = {"$ref": "#/components/schemas/ProblemOut"}
_KEY_HEADER = "idempotency-key"
_ALWAYS_ANSWERS = frozenset({"/health/live"})
# FastAPI's own words for a refusal that our problem documents have replaced.
_REPLACED_SCHEMAS = ("HTTPValidationError", "ValidationError")


def refuses(*kinds: ErrorKind) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses=`: the refusals that are its own, by status, one example per code.

    What any operation of its form can answer (no token, no scope, invalid input, too large…) is added to the document.
    """
    found: dict[int | str, dict[str, Any]] = {}
    for kind in sorted(kinds, key=lambda kind: kind.status):
        _add_refusal(found, kind.status, kind)
    return found


def describe(app: FastAPI) -> None:
    """Make the application's OpenAPI document say what FastAPI cannot know."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain())
        assert app.openapi_schema is not None  # noqa: S101 (made by the line above)
        return app.openapi_schema

    app.openapi = openapi


def _complete(document: dict[str, Any]) -> None:
    schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update({**schema.pop("$defs", {}), "ProblemOut": schema})
    for name in _REPLACED_SCHEMAS:
        schemas.pop(name, None)
    components.setdefault("securitySchemes", {})["OfficerToken"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "An officer's token, issued by the operator",
    }
    for path, operation in _operations(document):
        _describe_key(operation)
        _describe_scopes(operation)
        _describe_refusals(path, operation)
    add_examples(document)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


def _describe_key(operation: dict[str, Any]) -> None:
    """The key that creating requests need; a missing one is refused with a code of our own, so FastAPI calls it optional."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] == _KEY_HEADER:
            # What a header can carry: printable ASCII.
            schema = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[!-~]+$"}
            parameter.update(required=True, schema=schema, example="c0ffee00-2024-4000-8000-000000000001")


def _describe_scopes(operation: dict[str, Any]) -> None:
    """The scopes that a token needs, as security of both schemes and in words, with the roles that carry them."""
    if "security" not in operation:
        return
    scopes = [scope for scheme in operation["security"] for asked in scheme.values() for scope in asked]
    # An officer pastes a token where a client logs in.
    operation["security"].append({"OfficerToken": scopes})
    told = [operation.get("description", "")]
    for scope in scopes:
        roles = ", ".join(f"`{role}`" for role, carried in ROLE_SCOPES.items() if scope in carried)
        told.append(f"Required scope 所需权限: `{scope}` ({SCOPES[scope]}). Roles 角色: {roles}.")
    operation["description"] = "\n\n".join(filter(None, told))


def _describe_refusals(path: str, operation: dict[str, Any]) -> None:
    responses: dict[Any, dict[str, Any]] = operation["responses"]
    default = responses.get("422", {}).get("content", {})
    if "application/json" in default:
        del responses["422"]
    for kind in _kinds_of_any(path, operation):
        _add_refusal(responses, str(kind.status), kind)
    operation["responses"] = dict(sorted(responses.items()))


def _kinds_of_any(path: str, operation: Mapping[str, Any]) -> Iterable[ErrorKind]:
    """What the layers before and below a handler can answer to an operation of this form."""
    parameters, has_body = operation.get("parameters", ()), "requestBody" in operation
    if "security" in operation:
        yield from (UNAUTHENTICATED, FORBIDDEN)
    if has_body:
        yield from (BAD_REQUEST, PAYLOAD_TOO_LARGE)
    if has_body or parameters:
        yield from (VALIDATION_FAILED, UNSTORABLE)
    if any(parameter["name"] == _KEY_HEADER for parameter in parameters):
        yield from (IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED)
    if path not in _ALWAYS_ANSWERS:
        yield UNAVAILABLE


def _add_refusal(responses: dict[Any, dict[str, Any]], status: int | str, kind: ErrorKind) -> None:
    """The schema of a status allows the codes named for it and no other."""
    response = responses.setdefault(status, {})
    media = response.setdefault("content", {}).setdefault(MEDIA_TYPE, {})
    examples: dict[str, Any] = media.setdefault("examples", {})
    examples.setdefault(kind.code, {"summary": kind.title_zh, "value": document(Problem(kind))})
    media["schema"] = {"allOf": [_PROBLEM, {"properties": {"code": {"enum": sorted(examples)}}}]}
    told = (f"`{code}` {example['value']['title']}" for code, example in sorted(examples.items()))
    response["description"] = "; ".join(told)
