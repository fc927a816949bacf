"""The yardstick of `pull`: Starlette answering bytes from memory, with their tag, and 304 to who has them."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BODY_VARIABLE = "BENCH_BODY"


def application() -> Starlette:
    body, tag = Path(os.environ[BODY_VARIABLE]).read_bytes(), '"bare"'

    async def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(body, media_type="application/json", headers={"ETag": tag})

    return Starlette(routes=[Route("/bare", answer)])
