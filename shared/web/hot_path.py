"""Pure ASGI middleware, outermost: gives remembered answers before anything else looks at the request."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import Problem
from shared.web.http_conditions import is_unchanged, takes_gzip
from shared.web.middleware import request_id_of
from shared.web.remembered import Answer, Key, Known, RememberedAnswers, Variant

# Where a route's mark stands in a request's state.
MARK = "rememberable"
# Whoever sends one of these wants something else than the usual answer.
_UNUSUAL = frozenset({b"range", b"if-range", b"transfer-encoding", b"content-length", b"expect"})
# As the route declares them: longer ones are refused there.
_LONGEST_HEADER = 1000
_RawHeaders = dict[bytes, bytes]


class HotPathMiddleware:
    """Answers from `app.state.remembered`, or learns what the application answers. All but plain GETs pass by."""

    def __init__(self, app: ASGIApp, *, scope: str) -> None:
        self._app = app
        self._scope = scope

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].endswith("/editions/latest"):
            await self._app(scope, receive, send)
            return
        memory: RememberedAnswers = scope["app"].state.remembered
        headers = _usual(scope)
        key = None if headers is None else self._key(scope, headers)
        if headers is None or key is None:
            await self._app(scope, receive, send)
            return
        known = memory.find(key)
        answer = None if known is None else _answer(known, headers)
        if known is None or answer is None:
            await self._learn(memory, key, scope, receive, send)
            return
        if answer.status == 200:
            memory.repeated(key, known)
        request_id = (b"x-request-id", request_id_of(headers.get(b"x-request-id", b"")).encode())
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, request_id]},
        )
        await send({"type": "http.response.body", "body": answer.body})

    def _key(self, scope: Scope, headers: _RawHeaders) -> Key | None:
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        try:
            actor = scope["app"].state.tokens.verify(token.strip())
        except Problem:
            return None
        return (actor.subject, actor.role, scope["path"]) if self._scope in actor.scopes else None

    async def _learn(self, memory: RememberedAnswers, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        generation = memory.generation
        start: Message | None = None
        parts: list[bytes] = []

        async def heard(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))
            await send(message)

        await self._app(scope, receive, heard)
        mark = scope.get("state", {}).get(MARK)
        if mark is None or start is None or (variant := _variant(start["status"], start["headers"])) is None:
            return
        kept = tuple((name, value) for name, value in start["headers"] if name != b"x-request-id")
        etag = dict(kept)[b"etag"].decode("latin-1")
        memory.learn(generation, key, mark, etag, variant, Answer(start["status"], kept, b"".join(parts)))


def _usual(scope: Scope) -> _RawHeaders | None:
    """The headers, or None for a request that is not the usual one."""
    headers = dict(scope["headers"])
    if scope["query_string"] or len(headers) != len(scope["headers"]) or not _UNUSUAL.isdisjoint(headers):
        return None
    if len(headers.get(b"if-none-match", b"")) > _LONGEST_HEADER:
        return None
    return headers if len(headers.get(b"accept-encoding", b"")) <= _LONGEST_HEADER else None


def _answer(known: Known, headers: _RawHeaders) -> Answer | None:
    unless = headers.get(b"if-none-match")
    if unless is not None and is_unchanged(unless.decode("latin-1"), known.etag):
        return known.answers.get("unchanged")
    encodings = headers.get(b"accept-encoding")
    gzip = encodings is not None and takes_gzip(encodings.decode("latin-1"))
    return known.answers.get("gzip" if gzip else "plain")


def _variant(status: int, headers: Sequence[tuple[bytes, bytes]]) -> Variant | None:
    if status == 304:
        return "unchanged"
    if status != 200:
        return None
    return "gzip" if (b"content-encoding", b"gzip") in headers else "plain"
