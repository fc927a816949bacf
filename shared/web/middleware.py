"""Pure ASGI middleware: a request id for logs and answers, and a ceiling on the size of a body."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import PAYLOAD_TOO_LARGE, Problem
from shared.web.problems import problem_response

_SAFE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# A client that is still sending often loses the answer when the connection closes, so a refused body is read
# and thrown away first, up to this much.
_DRAIN_LIMIT = 512 * 1024 * 1024


def _header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return value
    return b""


def request_id_of(offered: bytes) -> str:
    """The caller's own id where it is harmless, else a new one."""
    return offered.decode() if _SAFE_ID.fullmatch(offered) else os.urandom(16).hex()


class RequestIdMiddleware:
    """Take `X-Request-Id` from the caller when it is harmless, else make one; answer with it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(_header(scope, b"x-request-id"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        await self._app(scope, receive, send_with_id)


class BodyLimitMiddleware:
    """Answer 413 to a body above `limit_of(path)` bytes, whether announced or merely sent."""

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        announced = _header(scope, b"content-length")
        if announced.isdigit() and int(announced) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        await self._count(scope, receive, send, limit)

    async def _count(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        received = 0
        exceeded = False

        async def counted() -> Message:
            nonlocal received, exceeded
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                exceeded = True
                raise Problem(PAYLOAD_TOO_LARGE)
            return message

        async def send_unless_exceeded(message: Message) -> None:
            # The framework turns an error while reading into a 400; ours is the true answer.
            if not exceeded:
                await send(message)

        try:
            await self._app(scope, counted, send_unless_exceeded)
        except Problem:
            if not exceeded:
                raise
        if exceeded:
            await self._refuse(scope, receive, send, limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        drained = 0
        more = True
        while more and drained < _DRAIN_LIMIT:
            message = await receive()
            drained += len(message.get("body", b""))
            more = message["type"] == "http.request" and message.get("more_body", False)
        mebibytes = limit / 1024 / 1024
        problem = Problem(
            PAYLOAD_TOO_LARGE, detail_en=f"At most {mebibytes:.0f} MiB", detail_zh=f"最大 {mebibytes:.0f} MiB"
        )
        await problem_response(problem)(scope, receive, send)
