"""Engines and sessions: one per process, connected as the role of the service that owns it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Database:
    """`statements` shares the engine's pool; each statement on it is a transaction of its own."""

    engine: AsyncEngine
    statements: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]

    async def close(self) -> None:
        await self.engine.dispose()


def role_of(service: str) -> str:
    """The PostgreSQL role that holds a service's grants."""
    return f"peiyu_{service}"


def open_database(settings: Settings, service: str) -> Database:
    """An engine whose connections act as `peiyu_<service>`, whatever login the URL names."""
    url = make_url(settings.database_url.get_secret_value())
    engine = create_async_engine(
        url,
        pool_size=settings.database_pool_size,
        max_overflow=0,
        # No ping before each use: the first failure after a restart empties the pool, and its request is answered
        # 503 with Retry-After, as the other requests of that moment are.
        connect_args={
            "server_settings": {"role": role_of(service), "application_name": f"peiyu-{service}", "timezone": "UTC"}
        },
    )
    statements = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Database(engine, statements, async_sessionmaker(engine, expire_on_commit=False))
