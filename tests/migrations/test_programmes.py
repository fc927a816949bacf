"""Lists by rule and what banks answered, back to the release before and up again: what it knew stays."""

from __future__ import annotations

import asyncpg
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from shared.schema import _config, migrate

_EDITION = """
    WITH programme AS (
        INSERT INTO list_programme (code, title, clause, pool_code, valid_days, valid_days_basis)
        VALUES ('p', '名单', '三（三）', 'pool', 31, '取一个月') RETURNING code
    ), edition AS (
        INSERT INTO edition (programme_code, serial, previous_serial, issued_at, expires_at, entry_count, digest, head,
                             body, signature, cause_event_id)
        SELECT code, 1, 0, '2026-01-01', '2026-02-01', 1, encode(sha256('x'), 'hex'), '{}', 'x', 's', gen_random_uuid()
        FROM programme RETURNING programme_code, serial
    )
    INSERT INTO edition_change (programme_code, serial, uscc, change, entry, basis, basis_id)
    SELECT programme_code, serial, 'A', 'added', '{}', 'judgement', gen_random_uuid() FROM edition
"""
_LEDGER = """
    INSERT INTO support_action (id, kind, uscc, city_code, source, happened_on, provider, amount_fen, claim, recorded_by,
                                source_key, outcome_id)
    VALUES (gen_random_uuid(), 'other_loan', 'A', '420100', 'bank', '2026-01-01', '银行', 1, 'c', 'system', 'k',
            gen_random_uuid())
"""


async def test_what_an_earlier_release_knew_stays(database_urls: dict[str, str]) -> None:
    url = database_urls["owner"]
    owner = await asyncpg.connect(url.replace("+asyncpg", ""))
    await owner.execute(_EDITION)
    await owner.execute(_LEDGER)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), "0024"))
    await engine.dispose()
    assert await owner.fetchval("SELECT basis FROM edition_change") == "before_records"
    assert await owner.fetchval("SELECT count(*) FROM support_action") == 0
    await migrate(url)
    assert await owner.fetchval("SELECT count(*) FROM edition") == 1
    await owner.close()
