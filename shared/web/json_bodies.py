"""Reading JSON bodies with care: no name twice in one object, and for busy routes strictly and at half the cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from itertools import islice
from typing import Any, cast

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from shared.errors import MOST_VIOLATIONS, VALIDATION_FAILED, Problem
from shared.validation import Location, pointer_within, violation_of_code

# Nothing that is asked for is as deep; what is deeper is refused as that.
_DEEPEST = 32
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _Repeated(dict[str, Any]):
    """An object with a name that it gives twice."""

    names: tuple[str, ...] = ()


def refuse_repeated_names(body: bytes) -> Any:
    """The body as parsed; Problem `validation_failed` with `duplicate_key` at each name that an object gives twice.

    JSONDecodeError as `json.loads`. NaN, infinities and half characters are let through, to be refused by place.
    """
    repeated = False

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        members = dict(pairs)
        if len(members) == len(pairs):
            return members
        repeated = True
        seen: set[str] = set()
        marked = _Repeated(members)
        marked.names = tuple(name for name, _ in pairs if name in seen or seen.add(name))
        return marked

    try:
        content = json.loads(body, object_pairs_hook=keep)
    except RecursionError:
        raise Problem(VALIDATION_FAILED, violations=[violation_of_code("too_deep", "")]) from None
    if repeated:
        places = islice(_repetitions(content, ()), MOST_VIOLATIONS)
        found = [violation_of_code("duplicate_key", pointer_within(place)) for place in places]
        raise Problem(VALIDATION_FAILED, violations=found or [violation_of_code("too_deep", "")])
    return content


def _repetitions(value: Any, place: Location) -> Iterator[Location]:
    if len(place) > _DEEPEST:
        return
    if isinstance(value, _Repeated):
        yield from ((*place, name) for name in dict.fromkeys(value.names))
    inside = enumerate(cast("list[Any]", value)) if isinstance(value, list) else ()
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value).items()
    for name, member in inside:
        if isinstance(member, dict | list):
            yield from _repetitions(member, (*place, name))


def may_repeat_names(body: bytes, content: Any) -> bool:
    """Whether an object of the body may give a name twice; never False where one does.

    A name brings a colon, and a parser that kept the last of two has dropped one. Text keeps its colons unless it
    spells one as an escape.
    """
    return body.count(b":") != orjson.dumps(content).count(b":") or b"\\u003" in body


class _Refusing(Request):
    """`refusal` is what its body is refused for: the framework turns whatever `json` raises into a 400."""

    refusal: Problem | None = None

    async def json(self) -> Any:
        body = await self.body()
        try:
            return self.parsed(body)
        except Problem as problem:
            self.refusal = problem
            raise

    def parsed(self, body: bytes) -> Any:
        return refuse_repeated_names(body)


class _StrictRequest(_Refusing):
    def parsed(self, body: bytes) -> Any:
        # orjson's error is a json.JSONDecodeError, which the framework answers as `json_invalid`.
        content = orjson.loads(body)
        if may_repeat_names(body, content):
            refuse_repeated_names(body)
        return content


def _handling(handle: _Handler, kind: type[_Refusing]) -> _Handler:
    async def handle_refusing(request: Request) -> Response:
        careful = kind(request.scope, request.receive)
        try:
            return await handle(careful)
        except HTTPException:
            if careful.refusal is None:
                raise
            raise careful.refusal from None

    return handle_refusing


class CarefulJsonRoute(APIRoute):
    """For `APIRouter(route_class=…)` where what was typed is kept: anything that JSON's readers take, said once."""

    def get_route_handler(self) -> _Handler:
        return _handling(super().get_route_handler(), _Refusing)


class StrictJsonRoute(APIRoute):
    """For `APIRouter(route_class=…)` where much is submitted: no NaN, no lone surrogates, and fast."""

    def get_route_handler(self) -> _Handler:
        return _handling(super().get_route_handler(), _StrictRequest)
