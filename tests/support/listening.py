"""One service behind a real socket, for what only a connection shows: broken uploads, answers cut short."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from shared.embedded import free_port


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """The base URL of an application whose lifespan runs already."""
    port = free_port()
    config = uvicorn.Config(app, port=port, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        assert not serving.done(), "the port was taken meanwhile"
        await asyncio.sleep(0)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
