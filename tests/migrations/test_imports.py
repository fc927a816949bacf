"""Imports from before any format was taken keep what they said, and go back to saying no more than that."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from services.local.databases import create_database
from shared.schema import _config, migrate

_CYCLE = (
    "INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on) "
    "VALUES (uuidv7(), 'c', 'c', 'r', 'd', now(), now() + interval '1 day', '2024-06-30')"
)
_WORKBOOK = (
    "INSERT INTO workbook_import (id, cycle_id, file_name, content, digest, uploaded_by, status, rows_read, "
    "rows_accepted, rows_rejected) SELECT $1, id, 'a.xlsx', 'x', 'd', 'p', 'processed', 2, 1, 1 FROM cycle"
)
_LINES = (
    "INSERT INTO application_import (id, cycle_id, format, digest, uploaded_by, mode, max_error_share, validate_only, "
    "status) SELECT $1, id, 'ndjson', 'd', 'p', 'accept_good', 0.5, false, 'received' FROM cycle"
)


async def test_rejected_rows_of_earlier_workbooks_are_kept_there_and_back(servers, template) -> None:  # noqa: ARG001
    name = f"imports_{uuid.uuid4().hex}"
    await create_database(servers.postgres, name)
    url = servers.postgres.url(database=name)
    await migrate(url, "0004")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    workbook, lines = uuid.uuid4(), uuid.uuid4()
    await connection.execute(_CYCLE)
    await connection.execute(_WORKBOOK, workbook)
    await connection.execute("INSERT INTO rejected_row VALUES ($1, 0, '企业', 5, NULL, '{\"items\": []}')", workbook)
    await migrate(url, "0005")
    row = await connection.fetchrow("SELECT sheet, row, outcome, application_id FROM import_row")
    assert tuple(row) == ("企业", 5, "rejected", None)
    assert await connection.fetchval("SELECT format || ' ' || mode FROM application_import") == "workbook accept_good"
    await connection.execute(_LINES, lines)
    await connection.execute("INSERT INTO import_chunk VALUES ($1, 0, 1, 'x')", lines)
    await connection.execute("INSERT INTO import_row VALUES ($1, 1, NULL, 1, NULL, 'held_back', NULL, NULL)", lines)
    await connection.execute("INSERT INTO import_progress VALUES ($1, 1, 0, 0, 0)", lines)
    engine = create_async_engine(url)
    async with engine.begin() as opened:
        await opened.run_sync(lambda sync: command.downgrade(_config(sync), "0004"))
    await engine.dispose()
    assert [row["id"] for row in await connection.fetch("SELECT id FROM workbook_import")] == [workbook]
    assert tuple(await connection.fetchrow("SELECT sheet, row FROM rejected_row")) == ("企业", 5)
    with pytest.raises(asyncpg.RestrictViolationError):
        await connection.execute("DELETE FROM rejected_row")
    await migrate(url)
    assert await connection.fetchval("SELECT count(*) FROM import_row") == 1
    await connection.close()
