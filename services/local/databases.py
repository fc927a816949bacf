"""Make an embedded PostgreSQL ready for the services: a database, its schema, and a login per service."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db import role_of
from shared.embedded import PostgresServer
from shared.schema import migrate

SERVICES = ("intake", "evaluation", "finance", "relay")


async def create_database(server: PostgresServer, name: str) -> None:
    """Create the database unless it exists."""
    connection = await asyncpg.connect(server.url().replace("+asyncpg", ""))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


async def prepare_database(server: PostgresServer, name: str, home: Path) -> dict[str, str]:
    """Create and migrate `name`; returns the URL that each service logs in with, and `owner`'s."""
    await create_database(server, name)
    owner = server.url(database=name)
    await migrate(owner)
    passwords = _passwords(home / "secrets" / "service-passwords.json")
    engine = create_async_engine(owner)
    async with engine.begin() as connection:
        for service in SERVICES:
            # Our own random hexadecimal: safe to write into a statement that takes no parameters.
            await connection.execute(text(f"ALTER ROLE {role_of(service)} LOGIN PASSWORD '{passwords[service]}'"))
    await engine.dispose()
    urls = {
        service: server.url(user=role_of(service), password=passwords[service], database=name) for service in SERVICES
    }
    return {**urls, "owner": owner}


def _passwords(path: Path) -> dict[str, str]:
    if path.exists():
        return json.loads(path.read_text())
    passwords = {service: secrets.token_hex(24) for service in SERVICES}
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(passwords, file)
    return passwords
