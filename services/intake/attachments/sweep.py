"""Sweep the store: contents that nobody needs, leftovers of processes that died, objects that nobody knows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from obstore.store import ObjectStore
from sqlalchemy import text

from services.intake.attachments import contents
from services.intake.attachments.storage import delete_content, local_folder, stored_digests
from shared.db import Database

logger = structlog.get_logger(__name__)
_BATCH = 500
# Any number, as long as nothing else takes it.
_LOCK = 6_014_001
# How a local store names a file that it has not finished; it never lists them.
_UNFINISHED = re.compile(r".+#\d+")


@dataclass(slots=True)
class Swept:
    """How many contents were deleted, how many unknown objects, how many unfinished files."""

    contents: int = 0
    strangers: int = 0
    unfinished: int = 0


async def sweep(database: Database, store: ObjectStore, grace: timedelta) -> Swept | None:
    """Delete what nobody needs and nobody wrote within `grace`; None while another sweep is running.

    Killed at any point, it is simply run again. Each content is claimed in one transaction, deleted without one, and
    reported gone in another; meanwhile an upload of the same content is asked to try again.
    """
    async with _alone(database) as alone:
        if not alone:
            return None
        done = Swept()
        done.contents = await _sweep_contents(database, store)
        done.strangers = await _sweep_strangers(database, store, datetime.now(UTC) - grace)
        done.unfinished = await asyncio.to_thread(_sweep_unfinished, local_folder(store), datetime.now(UTC) - grace)
    logger.info("attachments_swept", contents=done.contents, strangers=done.strangers, unfinished=done.unfinished)
    return done


@asynccontextmanager
async def _alone(database: Database) -> AsyncGenerator[bool]:
    # A lock of the connection, not of a transaction: none stays open while the store works.
    statements = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with statements.connect() as connection:
        taken = bool((await connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK})).scalar_one())
        try:
            yield taken
        finally:
            if taken:
                await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})


async def _sweep_contents(database: Database, store: ObjectStore) -> int:
    swept, after = 0, ""
    while True:
        async with database.sessions.begin() as session:
            digests = await contents.removable(session, after=after, limit=_BATCH)
        for digest in digests:
            swept += await _remove(database, store, digest)
        if len(digests) < _BATCH:
            return swept
        after = digests[-1]


async def _sweep_strangers(database: Database, store: ObjectStore, before: datetime) -> int:
    """Objects without a record: the database was restored from an older copy, or a claimed upload came too late."""
    swept = 0
    async for chunk in stored_digests(store):
        old = [digest for digest, written_at in chunk if written_at < before]
        async with database.sessions.begin() as session:
            known = await contents.kept(session, old)
        for digest in old:
            if digest not in known and re.fullmatch(r"[0-9a-f]{64}", digest):
                swept += await _remove(database, store, digest)
    return swept


async def _remove(database: Database, store: ObjectStore, digest: str) -> bool:
    async with database.sessions.begin() as session:
        claimed = await contents.claim_for_removal(session, digest)
    if claimed:
        await delete_content(store, digest)
        async with database.sessions.begin() as session:
            await contents.removed(session, digest)
    return claimed


def _sweep_unfinished(folder: Path | None, before: datetime) -> int:
    if folder is None:
        return 0
    swept = 0
    for path in folder.rglob("*#*"):
        # One that is finished meanwhile is not there any more.
        with suppress(FileNotFoundError):
            if _UNFINISHED.fullmatch(path.name) and path.stat().st_mtime < before.timestamp():
                path.unlink()
                swept += 1
    return swept
