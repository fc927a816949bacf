"""Enterprises that were on record before histories were kept begin theirs on the day that they came."""

from __future__ import annotations

import uuid

import asyncpg
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine
from support.forms import uscc

from services.local.databases import create_database
from shared.schema import _config, migrate


async def test_what_is_on_record_already_gets_its_history(servers, template) -> None:  # noqa: ARG001
    name = f"history_{uuid.uuid4().hex}"
    await create_database(servers.postgres, name)
    url = servers.postgres.url(database=name)
    await migrate(url, "0003")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(
        "INSERT INTO enterprise (id, uscc, name, division_code, city_code, created_at) "
        "VALUES (uuidv7(), $1, '【虚构】旧有', '420106', '420100', '2024-01-01')",
        uscc(1),
    )
    await migrate(url)
    row = await connection.fetchrow(
        "SELECT v.uscc, v.name, lower(v.during) = e.created_at AS begun, upper_inf(v.during) AS open, c.kind "
        "FROM enterprise e JOIN enterprise_version v ON v.enterprise_id = e.id JOIN enterprise_code c ON c.code = e.uscc"
    )
    assert tuple(row) == (uscc(1), "【虚构】旧有", True, True, "current")
    await connection.execute("UPDATE enterprise SET name = '【虚构】新名'")
    assert await connection.fetchval("SELECT count(*) FROM enterprise_version") == 2
    await connection.close()
    engine = create_async_engine(url)
    async with engine.begin() as open_connection:
        await open_connection.run_sync(lambda sync: command.downgrade(_config(sync), "0003"))
    await migrate(url)
    await engine.dispose()
