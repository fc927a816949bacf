"""Examples in OpenAPI: composed from those of the fields, so that a page shows whole requests and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_NOTHING = object()
_DEEPEST = 12
_BY_FORMAT = {
    "date": "2024-06-30",
    "date-time": "2024-06-30T01:00:00Z",
    "uuid": "018f0000-0000-7000-8000-000000000000",
    "binary": "(bytes)",
}
# What a field of this name holds wherever it occurs, unless it has an example of its own.
_BY_NAME: Mapping[str, Any] = {
    "access_token": "eyJhbGciOiJFZDI1NTE5In0.e30.c2ln",
    "action": "application.submit",
    "added_by": "zhang-san",
    "actor": "zhang-san",
    "approved_by": "li-si",
    "assigned_by": None,
    "cell": "企业!C5",
    "city_code": "420100",
    "cap_basis": "任何时点在库企业不超过500家",
    "clause": "附件6",
    "client_id": "bank-0a1b2c3d4e5f",
    "client_secret": "shown-once-when-the-client-is-registered",
    "code": "2024-1",
    "committed_by": None,
    "computed": "met",
    "cursor": "91420106MAXQ00001A",
    "description": "主营产品涉诉，可能影响产业化进度",
    "cycle": "2024-1",
    "digest": "9f" * 32,
    "enterprise_name": "【虚构】示范光电有限公司",
    "expires_at": "2024-08-31T01:00:00Z",
    "file": "(the file's bytes)",
    "file_name": "申报汇总表.xlsx",
    "found_by": "wang-wu",
    "grant_type": "client_credentials",
    "if-match": '"1"',
    "if-none-match": '"9f9f"',
    "inputs_digest": "9f" * 32,
    "issued_at": "2024-07-31T01:00:00Z",
    "key": "91420106MAXQ00001A",
    "keyid": "9f" * 32,
    "lift_reason": None,
    "lifted_by": None,
    "kind": "hard",
    "kind_title": "安全事故",
    "member_since": "2024-07-31",
    "message_en": "Field required",
    "message_zh": "必填",
    "name": "【虚构】示范光电有限公司",
    "next_cursor": None,
    "overall": "met",
    "part": "6.rd_investment",
    "period": "2024-H2",
    "plan_id": "018f0000-0000-7000-8000-000000000000",
    "pointer": "/people/rd_staff",
    "pool": "cultivation",
    "previous_digest": "9f" * 32,
    "problem": None,
    "programme": "pool-members",
    "proposed_by": "zhang-san",
    "public_key_pem": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n",
    "reason": "查阅材料后认定",
    "reason_code": "met",
    "reason_zh": "研发投入 600.00 万元，不低于 500.00 万元",
    "receipt_digest": "9f" * 32,
    "reply": None,
    "reported_by": "zhang-san",
    "rulebook_digest": "9f" * 32,
    "rules": "provincial-adjust-2024",
    "rules_digest": "9f" * 32,
    "sent_by": "zhang-san",
    "set_by": "zhang-san",
    "rulebook_id": "hubei-2024",
    "scope": "cycles:read lists:read",
    "serial": 7,
    "sha256": "9f" * 32,
    "sheet": "企业",
    "signature": "eyJhbGciOiJFZDI1NTE5In0..c2lnbmF0dXJl",
    "signed_by": None,
    "source_document": "鄂知发〔2024〕14号",
    "status": "submitted",
    "submitted_by": "zhang-san",
    "text": "上年度研发投入占营业收入总额比重不低于10%或不低于500万元",
    "title": "2024年第一批",
    "token_type": "Bearer",
    "uscc": "91420106MAXQ00001A",
    "warnings": None,
}


def add_examples(document: Mapping[str, Any]) -> None:
    """Give every parameter, request body and successful answer without an example one composed from its fields."""
    composer = _Composer(document["components"]["schemas"])
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                _add(parameter, composer, parameter["name"])
            for media in _media_types(operation):
                _add(media, composer, "")


def _media_types(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            yield from response.get("content", {}).values()


def _add(holder: dict[str, Any], composer: _Composer, name: str) -> None:
    if "example" in holder or "examples" in holder:
        return
    found = composer.compose(holder.get("schema", {}), name)
    # A null says nothing of what a parameter may be.
    if found is not _NOTHING and found is not None:
        holder["example"] = found


class _Composer:
    """Composes an instance of a schema from the examples, constants and defaults in it.

    `_NOTHING` where a text has none: an invented word would say less than nothing.
    """

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas
        self._by_type: Mapping[str, Callable[[Mapping[str, Any], str, int], Any]] = {
            "object": self._object,
            "array": self._array,
            "integer": _number,
            "number": _number,
            "boolean": lambda _schema, _name, _depth: True,
            "string": _text,
            "null": lambda _schema, _name, _depth: None,
        }

    def compose(self, schema: Mapping[str, Any], name: str, depth: int = 0) -> Any:
        if depth > _DEEPEST:
            return _NOTHING
        if "$ref" in schema:
            return self.compose(self._schemas[schema["$ref"].rpartition("/")[2]], name, depth + 1)
        if (given := _given(schema)) is not _NOTHING:
            return given
        if choices := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
            return self._first_of(choices, name, depth)
        typed = self._by_type.get(schema.get("type", ""))
        return _BY_NAME.get(name, _NOTHING) if typed is None else typed(schema, name, depth)

    def _first_of(self, choices: list[Mapping[str, Any]], name: str, depth: int) -> Any:
        nullable = any(one.get("type") == "null" for one in choices)
        if nullable and _BY_NAME.get(name, "") is None:
            return None
        found = (self.compose(one, name, depth + 1) for one in choices if one.get("type") != "null")
        return next((one for one in found if one is not _NOTHING), None if nullable else _NOTHING)

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        item = self.compose(schema.get("items", {}), name, depth + 1)
        if item is _NOTHING:
            return _NOTHING if schema.get("minItems") else []
        return [item]

    def _object(self, schema: Mapping[str, Any], _name: str, depth: int) -> Any:
        fields = schema.get("properties", {})
        found = {name: self.compose(field, name, depth + 1) for name, field in fields.items()}
        if any(found[name] is _NOTHING for name in schema.get("required", ()) if name in found):
            return _NOTHING
        return {name: value for name, value in found.items() if value is not _NOTHING}


def _given(schema: Mapping[str, Any]) -> Any:
    for several in ("examples", "enum"):
        if schema.get(several):
            return schema[several][0]
    return next((schema[one] for one in ("example", "const", "default") if schema.get(one) is not None), _NOTHING)


def _number(schema: Mapping[str, Any], name: str, _depth: int) -> Any:
    named = _BY_NAME.get(name)
    return named if isinstance(named, int) else max(schema.get("minimum", 1), 1)


def _text(schema: Mapping[str, Any], name: str, _depth: int) -> Any:
    if "contentMediaType" in schema:
        return _BY_FORMAT["binary"]
    found = _BY_FORMAT.get(schema.get("format", ""), _BY_NAME.get(name))
    return found if isinstance(found, str) else _NOTHING
