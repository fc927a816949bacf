"""The schema: models and migrations agree, it goes down and up again, roles keep their own tables."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from services.evaluation.app import create_app
from services.local.databases import create_database
from shared.db import open_database, role_of
from shared.models import metadata
from shared.schema import StaleSchemaError, _config, check_models_match, ensure_current_schema, migrate
from shared.settings import Settings

OWNERS = {"intake": "cycle", "evaluation": "selection_plan", "finance": "edition"}


async def test_models_and_migrations_agree(database_urls: dict[str, str]) -> None:
    await check_models_match(database_urls["owner"])


async def test_migrations_go_down_to_nothing_and_up_again(servers, template) -> None:  # noqa: ARG001
    name = f"updown_{uuid.uuid4().hex}"
    await create_database(servers.postgres, name)
    url = servers.postgres.url(database=name)
    await migrate(url)
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config(sync), "base"))
    await migrate(url)
    await check_models_match(url)
    await engine.dispose()


_LIFE = """
    INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on)
    VALUES (gen_random_uuid(), 'c', 'c', 'r', 'd', '2024-01-01', '2024-06-01', '2024-06-30');
    INSERT INTO enterprise (id, uscc, name, division_code, city_code)
    SELECT gen_random_uuid(), '91420106MAXQ0000' || n || 'A', '【虚构】', '420106', '420100' FROM generate_series(1, 3) n;
    INSERT INTO application (id, cycle_id, enterprise_id, city_code, status, revision, return_reasons)
    SELECT gen_random_uuid(), cycle.id, enterprise.id, '420100', status, 1,
           CASE status WHEN 'returned' THEN '{"items": []}'::jsonb END
    FROM cycle, enterprise
    JOIN (VALUES ('1', 'submitted'), ('2', 'returned'), ('3', 'recommended')) AS v (n, status)
        ON uscc LIKE '%' || n || 'A';
"""


async def test_applications_of_before_live_on_and_go_back(servers, template) -> None:  # noqa: ARG001
    name = f"life_{uuid.uuid4().hex}"
    await create_database(servers.postgres, name)
    url = servers.postgres.url(database=name)
    await migrate(url, "0002")
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    await connection.execute(_LIFE)
    await migrate(url, "0003")
    rows = await connection.fetch("SELECT status, cardinality(reopened_sections), correct_until FROM application")
    returned = (10, await connection.fetchval("SELECT closes_at FROM cycle"))
    assert {row[0]: tuple(row)[1:] for row in rows} == {
        "submitted": (None, None),
        "returned": returned,
        "recommended": (None, None),
    }
    assert await connection.fetchval("SELECT count(*) FROM section_confirmation") == 10
    await connection.execute("UPDATE application SET status = 'passed_on' WHERE status = 'recommended'")
    await connection.execute(
        "UPDATE application SET status = 'withdrawn', return_reasons = NULL, reopened_sections = NULL, "
        "correct_until = NULL WHERE status = 'returned'"
    )
    engine = create_async_engine(url)
    async with engine.begin() as one:
        await one.run_sync(lambda sync: command.downgrade(_config(sync), "0002"))
    await engine.dispose()
    rows = await connection.fetch("SELECT status FROM application ORDER BY status")
    assert [row["status"] for row in rows] == ["recommended", "returned", "submitted"]
    await connection.close()


async def test_a_service_refuses_a_stale_schema(settings: dict[str, Settings], owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE alembic_version SET version_num = '0001'")
    app = create_app(settings["evaluation"])
    with pytest.raises(StaleSchemaError, match="peiyu migrate"):
        async with app.router.lifespan_context(app):
            pass
    database = open_database(settings["relay"], "relay")
    with pytest.raises(StaleSchemaError):
        await ensure_current_schema(database.engine)
    await database.close()


@pytest.mark.parametrize("service", OWNERS)
async def test_a_service_writes_its_own_tables_only(database_urls: dict[str, str], service: str) -> None:
    connection = await asyncpg.connect(database_urls[service].replace("+asyncpg", ""))
    assert await connection.fetchval("SELECT current_user") == role_of(service)
    for owner, table in OWNERS.items():
        statement = f"INSERT INTO {table} SELECT * FROM {table} WHERE false"
        if owner == service:
            await connection.execute(statement)
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("DELETE FROM audit_entry")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("INSERT INTO api_client SELECT * FROM api_client")
    await connection.close()


async def test_a_login_that_owns_everything_still_acts_as_the_service(
    settings: dict[str, Settings], database_urls: dict[str, str]
) -> None:
    shared = settings["intake"].model_copy(update={"database_url": settings["owner"].database_url})
    assert database_urls["owner"] == shared.database_url.get_secret_value()
    database = open_database(shared, "intake")
    async with database.engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT current_user")).scalar_one() == "peiyu_intake"
    await database.close()


async def test_every_table_is_granted_to_somebody(owner: asyncpg.Connection) -> None:
    granted = await owner.fetch(
        "SELECT DISTINCT table_name FROM information_schema.role_table_grants WHERE grantee LIKE 'peiyu\\_%'"
    )
    assert {row["table_name"] for row in granted} == set(metadata.tables) | {"alembic_version"}
