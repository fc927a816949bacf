"""Engines, sessions and the pool of single statements, connected as the role of the service that owns them."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]

    async def close(self) -> None:
        await self.engine.dispose()


def role_of(service: str) -> str:
    """The PostgreSQL role that holds a service's grants."""
    return f"peiyu_{service}"


def open_database(settings: Settings, service: str) -> Database:
    """An engine whose connections act as `peiyu_<service>`, whatever login the URL names."""
    engine = create_async_engine(
        make_url(settings.database_url.get_secret_value()),
        pool_size=settings.database_pool_size,
        max_overflow=0,
        # No ping before each use: the first failure after a restart empties the pool, and its request is answered
        # 503 with Retry-After, as the other requests of that moment are.
        connect_args={"server_settings": _server_settings(service)},
    )
    return Database(engine, async_sessionmaker(engine, expire_on_commit=False))


def open_statements(settings: Settings, service: str) -> asyncpg.Pool:
    """A pool of the bare driver for statements that are transactions of their own; to be entered before use.

    For the busiest path only: the ORM's connection costs as much again as the statement. Connects when first used.
    """
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    return asyncpg.create_pool(
        url.render_as_string(hide_password=False),
        min_size=0,
        max_size=settings.database_pool_size,
        reset=_nothing_to_reset,
        server_settings=_server_settings(service),
    )


async def connect_to_listen(settings: Settings, service: str) -> asyncpg.Connection:
    """A connection outside any pool, known by its name `peiyu-<service>-listening`."""
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql")
    named = _server_settings(service) | {"application_name": f"peiyu-{service}-listening"}
    return await asyncpg.connect(url.render_as_string(hide_password=False), server_settings=named)


async def _nothing_to_reset(_: object) -> None:
    """A single statement leaves no state behind, and a reset would be a second round trip."""


def _server_settings(service: str) -> dict[str, str]:
    return {"role": role_of(service), "application_name": f"peiyu-{service}", "timezone": "UTC"}
