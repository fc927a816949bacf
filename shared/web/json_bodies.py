"""Reading JSON bodies with orjson: strict (no NaN, no lone surrogates) and at half the cost, for routes that are busy."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute


class _StrictJsonRequest(Request):
    async def json(self) -> Any:
        # orjson's error is a json.JSONDecodeError, which the framework answers as `json_invalid`.
        return orjson.loads(await self.body())


class StrictJsonRoute(APIRoute):
    """For `APIRouter(route_class=…)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strict(request: Request) -> Response:
            return await handle(_StrictJsonRequest(request.scope, request.receive))

        return handle_strict
