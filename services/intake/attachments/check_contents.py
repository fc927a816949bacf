"""Read every stored content that attachments need and tell which are missing or damaged."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from obstore.store import ObjectStore
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.attachments.errors import CONTENT_DAMAGED
from services.intake.attachments.storage import DamagedOnTheWayError, open_content
from shared.db import Database
from shared.errors import Problem
from shared.models.intake import Attachment, StoredContent

_BATCH = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """`whole` is False where the content is missing or is not what its digest says."""

    digest: str
    whole: bool


async def check_contents(database: Database, store: ObjectStore) -> AsyncGenerator[Checked]:
    """Every content that is kept for an attachment, in order of digest. Problem `unavailable` where the store is away."""
    after = ""
    while True:
        async with database.sessions.begin() as session:
            batch = await _kept(session, after)
        for digest, size in batch:
            yield Checked(digest, await _is_whole(store, digest, size))
        if len(batch) < _BATCH:
            return
        after = batch[-1][0]


async def _is_whole(store: ObjectStore, digest: str, size: int) -> bool:
    try:
        async for _ in await open_content(store, digest, size):
            pass
    except DamagedOnTheWayError:
        return False
    except Problem as problem:
        if problem.kind is not CONTENT_DAMAGED:
            raise
        return False
    return True


async def _kept(session: AsyncSession, after: str) -> list[tuple[str, int]]:
    statement = (
        select(Attachment.digest, Attachment.size)
        .join(StoredContent, StoredContent.digest == Attachment.digest)
        .where(Attachment.digest > after, StoredContent.removed_at.is_(None), StoredContent.removing_since.is_(None))
        .distinct()
        .order_by(Attachment.digest)
        .limit(_BATCH)
    )
    return [(digest, size) for digest, size in await session.execute(statement)]
