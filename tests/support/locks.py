"""Real waits for real locks, so that a race is run in one order on purpose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

_WAITING = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""


async def until_blocked(owner: asyncpg.Connection, connections: int = 1) -> None:
    """Returns once so many connections of this database wait for a lock."""
    async with asyncio.timeout(10):
        while await owner.fetchval(_WAITING) < connections:
            pass


@asynccontextmanager
async def holding(url: str, statement: str, *values: object) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's connection that has run the statement and not yet ended its transaction."""
    holder = await asyncpg.connect(url.replace("+asyncpg", ""))
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute(statement, *values)
    try:
        yield holder
    finally:
        await transaction.rollback()
        await holder.close()
