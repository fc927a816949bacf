"""The yardstick of `submit`: FastAPI and asyncpg, one INSERT of the body, nothing else."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, Request


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with asyncpg.create_pool(os.environ["BENCH_DATABASE_URL"], min_size=10, max_size=20) as pool:
        app.state.pool = pool
        yield


def application() -> FastAPI:
    app = FastAPI(lifespan=_lifespan)

    @app.post("/bare", status_code=201)
    async def post(request: Request) -> dict[str, Any]:
        body = (await request.body()).decode()
        row = await request.app.state.pool.fetchval("INSERT INTO bare (payload) VALUES ($1) RETURNING id", body)
        return {"id": row}

    return app
