"""Real servers for all tests: embedded PostgreSQL and Valkey, a migrated template, a database per test."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pydantic import HttpUrl, SecretStr
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from support.databases import Databases
from support.kept_system import KeptSystem
from support.national_system import CLIENT, NationalSystem, running_national_system
from support.notices import Clock, Notices
from support.system import System, running_system
from support.thoroughness import drawn

from services.local.databases import prepare_database
from shared.embedded import PostgresServer, ValkeyServer, prepare_postgres, prepare_valkey, running
from shared.security.keys import create_key, load_key
from shared.settings import Settings

hypothesis_settings.register_profile(
    "house", deadline=None, derandomize=True, max_examples=drawn(40, 1000), suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("house")
TEMPLATE = "peiyu_template"


@dataclass(frozen=True)
class Servers:
    home: Path
    postgres: PostgresServer
    valkey: ValkeyServer


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """One PostgreSQL and one Valkey for the whole run, in a folder of this run's own."""
    home = Path(__file__).parent.parent / ".peiyu" / f"tests-{os.getpid()}"
    home.mkdir(parents=True)
    for name in ("token", "list", "national"):
        create_key(home / "secrets" / f"{name}-key.pem")
    with running(prepare_postgres(home, durable=False)) as postgres, running(prepare_valkey(home)) as valkey:
        yield Servers(home, postgres, valkey)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
async def template(servers: Servers) -> dict[str, str]:
    """Each service's URL of the migrated template database."""
    return await prepare_database(servers.postgres, TEMPLATE, servers.home)


@pytest.fixture(scope="session")
def databases(servers: Servers, template: dict[str, str]) -> Databases:  # noqa: ARG001 (the template must be there)
    return Databases(servers.postgres.url().replace("+asyncpg", ""), TEMPLATE)


@pytest.fixture
async def database_urls(databases: Databases, template: dict[str, str]) -> AsyncIterator[dict[str, str]]:
    """A database of the test's own, as the template: each service's URL, and the owner's."""
    name = await databases.take()
    yield {
        service: make_url(url).set(database=name).render_as_string(hide_password=False)
        for service, url in template.items()
    }
    await databases.give_back(name)


@pytest.fixture(scope="session")
def common(servers: Servers, template: dict[str, str]) -> Settings:
    """What the settings of all services and tests have in common."""
    return Settings.model_validate(
        {
            "database_url": template["owner"],
            "redis_url": servers.valkey.url(),
            "token_key_file": servers.home / "secrets" / "token-key.pem",
            "list_key_file": servers.home / "secrets" / "list-key.pem",
            "docs_enabled": True,
            "evaluation_url": "http://evaluation",
            # Most tests are about something else than waiting for a public notice to end.
            "notice_working_days": 0,
            "notice_basis": "测试不设公示期",
            # Receivers on loopback, and no days of waiting for the next attempt.
            "webhook_allowed_networks": ["127.0.0.0/8"],
            "webhook_retry_seconds": [0, 0],
            # What is remembered may be older by the time that a notification takes: tests/services/test_remembered_lists.
            "list_memory_bytes": 0,
        }
    )


@pytest.fixture
def settings(servers: Servers, common: Settings, database_urls: dict[str, str]) -> Iterator[dict[str, Settings]]:
    """Settings per service, as its process would have them; a test's own database and folder of files."""
    folder = servers.home / "attachments" / str(make_url(database_urls["owner"]).database)
    yield {
        service: common.model_copy(update={"database_url": SecretStr(url), "attachments_url": folder.as_uri()})
        for service, url in database_urls.items()
    }
    for left in folder.iterdir() if folder.exists() else ():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


@pytest.fixture(scope="session")
async def kept_system(databases: Databases) -> AsyncIterator[KeptSystem]:  # noqa: ARG001 (closed before they are)
    system = KeptSystem()
    yield system
    await system.close()


@pytest.fixture
async def system(kept_system: KeptSystem, settings: dict[str, Settings]) -> System:
    """The three services running in this process."""
    return await kept_system.take(settings)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The business clock, standing where the test puts it; tokens and the database keep the real time."""
    standing = Clock(datetime.now(UTC))
    monkeypatch.setattr("shared.calendar.now", standing)
    return standing


@pytest.fixture
async def strict(settings: dict[str, Settings]) -> AsyncIterator[Notices]:
    """A system with the province's own length of public notice, as in production."""
    ours = {"notice_working_days": None, "notice_basis": None}
    async with running_system({name: one.model_copy(update=ours) for name, one in settings.items()}) as running:
        yield Notices(running)


@pytest.fixture
def national() -> Iterator[NationalSystem]:
    """The stand-in for the national system, listening."""
    with running_national_system() as stand_in:
        yield stand_in


@pytest.fixture
def line(settings: dict[str, Settings], servers: Servers, national: NationalSystem) -> dict[str, Settings]:
    """Settings with the line to the stand-in over HTTP, and short patience."""
    key_file = servers.home / "secrets" / "national-key.pem"
    key = load_key(key_file)
    national.trusted[key.thumbprint()] = key.as_pem(private=False)
    changes = {
        "national_adapter": "http",
        "national_url": HttpUrl(national.url),
        "national_key_file": key_file,
        "national_client_id": CLIENT[0],
        "national_client_secret": SecretStr(CLIENT[1]),
        "national_timeout_seconds": 5.0,
    }
    return {service: one.model_copy(update=changes) for service, one in settings.items()}


@pytest.fixture
async def linked(line: dict[str, Settings]) -> AsyncIterator[System]:
    """The three services with a line to the national system."""
    async with running_system(line) as running:
        yield running


@pytest.fixture
async def owner(database_urls: dict[str, str]) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection as the owner, to look at what is stored."""
    connection = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    yield connection
    await connection.close()


@pytest.fixture
async def session(template: dict[str, str]) -> AsyncIterator[AsyncSession]:
    """A session on the template as its owner; everything, commits included, is rolled back at the end."""
    engine = create_async_engine(template["owner"])
    async with engine.connect() as connection:
        transaction = await connection.begin()
        async with AsyncSession(connection, join_transaction_mode="create_savepoint") as opened:
            yield opened
        await transaction.rollback()
    await engine.dispose()
