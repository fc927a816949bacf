"""Register machine clients as the owner of the database: services themselves may only read them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from shared.security.clients import ClientCredentials, register_client
from shared.settings import DatabaseSettings


async def create_client(
    settings: DatabaseSettings, *, name: str, role: str, uscc: str | None = None
) -> ClientCredentials:
    """Store a client and return its credentials; ValueError where role and USCC do not fit."""
    engine = create_async_engine(settings.database_url.get_secret_value())
    try:
        async with AsyncSession(engine) as session, session.begin():
            return await register_client(session, name=name, role=role, uscc=uscc)
    finally:
        await engine.dispose()
