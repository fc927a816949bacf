"""Build one service's FastAPI application: routes, health, security, limits, problem documents."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import open_database, open_statements
from shared.logging import configure_logging
from shared.schema import ensure_current_schema
from shared.security.clients import ClientAuthenticator
from shared.security.keys import load_key
from shared.security.tokens import TokenAuthority
from shared.settings import Settings
from shared.web import documentation, problems
from shared.web.idempotency import Replayed, answer_replayed
from shared.web.middleware import BodyLimitMiddleware, RequestIdMiddleware
from shared.web.token_routes import router as token_router

# What an application holds while it runs: name in `app.state`, how it is opened and closed.
Held = Mapping[str, Callable[[], AbstractAsyncContextManager[Any]]]
AtStart = Callable[[AsyncSession], Awaitable[None]]
health = APIRouter(tags=["health"])


class Health(BaseModel):
    status: Annotated[str, Field(examples=["ok"])]


@health.get("/health/live", summary="The process answers")
async def live() -> Health:
    """For a supervisor: the process is there."""
    return Health(status="ok")


@health.get("/health/ready", summary="The database answers")
async def ready(request: Request) -> Health:
    """For a load balancer: requests can be served."""
    async with request.app.state.database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return Health(status="ok")


def _lifespan(settings: Settings, service: str, at_start: AtStart | None, held: Held) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            await _start(app, stack)
            yield

    async def _start(app: FastAPI, stack: AsyncExitStack) -> None:
        database = open_database(settings, service)
        stack.push_async_callback(database.close)
        await ensure_current_schema(database.engine)
        app.state.database = database
        app.state.statements = await stack.enter_async_context(open_statements(settings, service))
        app.state.clients = ClientAuthenticator(database)
        if at_start is not None:
            async with database.sessions.begin() as session:
                await at_start(session)
        for name, opening in held.items():
            setattr(app.state, name, await stack.enter_async_context(opening()))

    return lifespan


def build_application(
    *,
    service: str,
    title: str,
    settings: Settings,
    routers: Sequence[APIRouter],
    body_limits: Mapping[str, int] | None = None,
    at_start: AtStart | None = None,
    held: Held | None = None,
) -> FastAPI:
    """The service's application.

    `body_limits` says how many bytes a body may have on paths that end so; elsewhere it is `max_body_bytes`.
    `at_start` runs once in a transaction; `held` is opened after it, put into `app.state`, and closed at the end.
    """
    configure_logging(json_lines=settings.log_json)
    # The offline variant serves the page's scripts itself: a government network reaches no CDN.
    factory: Callable[..., FastAPI] = FastAPIOffline if settings.docs_enabled else FastAPI
    app = factory(
        # Tried in order: the busiest come first. As the routers have built them: an included router builds its routes
        # a second time for each application, and looks every request up in two steps.
        routes=[route for router in (*routers, token_router, health) for route in router.routes],
        title=title,
        version="0.1.0",
        docs_url="/docs" if settings.docs_enabled else None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.docs_enabled else None,
        # A redirect would be built from the caller's Host header.
        redirect_slashes=False,
        lifespan=_lifespan(settings, service, at_start, held or {}),
    )
    documentation.describe(app)
    app.state.settings = settings
    app.state.service = service
    app.state.tokens = TokenAuthority(
        load_key(settings.token_key_file), issuer=settings.token_issuer, audience=settings.token_audience
    )
    problems.install(app)
    app.add_exception_handler(Replayed, answer_replayed)

    def limit_of(path: str) -> int:
        return next((limit for end, limit in larger.items() if path.endswith(end)), settings.max_body_bytes)

    larger = body_limits or {}
    app.add_middleware(BodyLimitMiddleware, limit_of=limit_of)
    app.add_middleware(RequestIdMiddleware)
    return app
