"""Databases for tests: one after the other made empty again, which costs a tenth of making a new one."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import asyncpg

# What a test may have changed besides rows. A database that differs in it is thrown away.
_SHAPE = """
    SELECT md5(string_agg(part, ',' ORDER BY part)) FROM (
        SELECT format('%s %s %s', oid, relacl, relchecks) AS part FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s %s', oid, tgenabled) FROM pg_trigger
        UNION ALL SELECT format('%s %s', oid, convalidated) FROM pg_constraint
        UNION ALL SELECT format('%s %s', oid, xmin) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s %s %s', attrelid, attnum, attacl) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        UNION ALL SELECT version_num FROM alembic_version
    ) AS parts
"""
_TABLES = """
    SELECT quote_ident(relname) AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
"""
# Without triggers and foreign keys: history refuses to be deleted, and rightly so.
_EMPTY = f"""
    DO $$
    DECLARE name text;
    BEGIN
        SET LOCAL session_replication_role = replica;
        FOR name IN {_TABLES} LOOP
            EXECUTE 'DELETE FROM ' || name;
        END LOOP;
    END $$
"""
# Rows that were deleted still lie in the files; beyond this a new database is quicker.
_LARGEST = 24 * 1024 * 1024
_USES = 40


@dataclass(slots=True)
class Databases:
    """Copies of `template` on the server at `url` (as its superuser, in libpq's form)."""

    url: str
    template: str
    _spare: str | None = None
    _shape: str | None = None
    _uses: int = field(default=0)

    async def take(self) -> str:
        """The name of an empty, migrated database that nobody else uses."""
        if self._spare is not None:
            name, self._spare = self._spare, None
            return name
        name = f"test_{uuid.uuid4().hex}"
        server = await asyncpg.connect(self.url)
        await server.execute(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        await server.close()
        self._uses = 0
        database = await self._connect(name)
        self._shape = await database.fetchval(_SHAPE)
        for table in await database.fetch(_TABLES):
            # What migrations put in would be gone for the second test.
            assert await database.fetchval(f"SELECT count(*) FROM {table['name']}") == 0, table
        await database.close()
        return name

    async def give_back(self, name: str) -> None:
        """Empty the database for the next test, or drop it where it is no longer as it was made."""
        self._uses += 1
        server = await asyncpg.connect(self.url)
        busy = await server.fetch(
            # Those that only wait stay: the services are kept for the next test.
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND state <> 'idle'",
            name,
        )
        if not busy and self._spare is None and self._uses < _USES and await self._emptied(name):
            self._spare = name
        else:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()

    async def _emptied(self, name: str) -> bool:
        database = await self._connect(name)
        try:
            if await database.fetchval("SELECT pg_database_size(current_database())") > _LARGEST:
                return False
            if await database.fetchval(_SHAPE) != self._shape:
                return False
            await database.execute(_EMPTY)
            return True
        finally:
            await database.close()

    async def _connect(self, name: str) -> asyncpg.Connection:
        return await asyncpg.connect(self.url.rsplit("/", 1)[0] + f"/{name}")
