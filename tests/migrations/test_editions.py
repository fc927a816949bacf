"""Editions from before their changes were recorded: linked, with changes as their bytes tell them, and back again."""

from __future__ import annotations

import hashlib
import json
import uuid

import asyncpg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from services.local.databases import create_database
from shared.canonical import canonical_text
from shared.schema import _config, migrate

_PROGRAMME = """
    INSERT INTO list_programme (code, title, clause, pool_code, valid_days, valid_days_basis)
    VALUES ('p', '名单', '三（三）', 'pool', 31, '取一个月')
"""
_EDITION = """
    INSERT INTO edition (programme_code, serial, issued_at, expires_at, entry_count, digest, body, signature,
                         cause_event_id)
    VALUES ('p', $1, '2026-01-01', '2026-02-01', $2, $3, $4, 's', gen_random_uuid())
"""
_HISTORY = ({"A": "甲", "B": "甲"}, {"A": "乙", "C": "甲"}, {"C": "甲"})


def _body(serial: int, state: dict[str, str], previous: str | None) -> bytes:
    entries = [{"uscc": code, "name": name, "plan_id": str(uuid.UUID(int=1))} for code, name in state.items()]
    return canonical_text({"serial": serial, "previous_digest": previous, "entries": entries}).encode()


async def test_earlier_editions_are_linked_and_their_changes_recorded(servers, template) -> None:  # noqa: ARG001
    name = f"editions_{uuid.uuid4().hex}"
    await create_database(servers.postgres, name)
    url = servers.postgres.url(database=name)
    await migrate(url, "0020")
    owner = await asyncpg.connect(url.replace("+asyncpg", ""))
    await owner.execute(_PROGRAMME)
    digests: list[str] = []
    for serial, state in enumerate(_HISTORY, start=1):
        body = _body(serial, state, digests[-1] if digests else None)
        digests.append(hashlib.sha256(body).hexdigest())
        await owner.execute(_EDITION, serial, len(state), digests[-1], body)
    await migrate(url)

    linked = await owner.fetch("SELECT previous_serial, previous_digest, head FROM edition ORDER BY serial")
    assert [tuple(row)[:2] for row in linked] == [(0, None), (1, digests[0]), (2, digests[1])]
    assert json.loads(linked[1]["head"]) == {"serial": 2, "previous_digest": digests[0]}
    rows = await owner.fetch("SELECT serial, uscc, change, basis, entry ->> 'name' FROM edition_change ORDER BY 1, 2")
    assert [tuple(row) for row in rows] == [
        (1, "A", "added", "before_records", "甲"),
        (1, "B", "added", "before_records", "甲"),
        (2, "A", "changed", "before_records", "乙"),
        (2, "B", "removed", "before_records", None),
        (2, "C", "added", "before_records", "甲"),
        (3, "A", "removed", "before_records", None),
    ]
    with pytest.raises(asyncpg.RestrictViolationError, match="never changed"):
        await owner.execute("UPDATE edition SET head = '{}'")

    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), "0020"))
    await engine.dispose()
    assert await owner.fetchval("SELECT count(*) FROM edition") == 3
    await owner.close()
    await migrate(url)
