"""The yardstick of `pull`: Starlette answering bytes from memory, with their tag, and 304 to who has them."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BODY_VARIABLE, PATH_VARIABLE, TAG_VARIABLE = "BENCH_BODY", "BENCH_PATH", "BENCH_TAG"


def application() -> Starlette:
    body, tag = Path(os.environ[BODY_VARIABLE]).read_bytes(), os.environ[TAG_VARIABLE]

    async def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return Response(body, media_type="application/json", headers={"ETag": tag})

    return Starlette(routes=[Route(os.environ[PATH_VARIABLE], answer)])
