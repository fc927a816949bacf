"""The database schema's version: migrate to it, refuse to run without it, compare it with the models."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_MIGRATIONS = Path(__file__).parent.parent / "migrations"


class StaleSchemaError(RuntimeError):
    """The database is not at the revision that this code was written for; run `peiyu migrate`."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@cache
def head_revision() -> str | None:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(_config()).get_current_head()


async def ensure_current_schema(engine: AsyncEngine) -> None:
    """Raise StaleSchemaError unless the database is at exactly the revision that this code expects."""

    def current(connection: Connection) -> str | None:
        return MigrationContext.configure(connection).get_current_revision()

    async with engine.connect() as connection:
        found = await connection.run_sync(current)
    if found != head_revision():
        raise StaleSchemaError(f"schema is at {found}, this code needs {head_revision()}: run `peiyu migrate`")


async def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url` in one transaction, as a login that may create roles and tables."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), revision))
    await engine.dispose()


async def check_models_match(url: str) -> None:
    """Alembic's check: raises CommandError when the models and the migrated database differ."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.check(_config(sync)))
    await engine.dispose()
