"""Which contents may be counted on: uploads announce what they are about to store, sweeps claim what nobody needs.

One row per content decides between the two. An upload of the same content that comes while a sweep deletes it is
asked to try again; a sweep that comes after an announcement leaves the content alone.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import UNAVAILABLE, Problem
from shared.models.intake import ApplicationSnapshot, Attachment, StoredContent


async def announce(session: AsyncSession, digest: str, grace: timedelta) -> None:
    """Keep sweeps off this content for `grace`; Problem `unavailable` while it is being deleted."""
    needed_until = func.now() + grace
    statement = (
        insert(StoredContent)
        .values(digest=digest, needed_until=needed_until)
        .on_conflict_do_update(
            index_elements=[StoredContent.digest],
            set_={"needed_until": needed_until, "removed_at": None},
            where=StoredContent.removing_since.is_(None),
        )
        .returning(StoredContent.digest)
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise Problem(UNAVAILABLE)


async def confirm(session: AsyncSession, digest: str, grace: timedelta) -> None:
    """Count on a content that was announced and stored, in the transaction that links it.

    It is an update, not a mere lock: a sweep that waits for this row must find it changed and look again.
    """
    statement = (
        update(StoredContent)
        .where(
            StoredContent.digest == digest, StoredContent.removing_since.is_(None), StoredContent.removed_at.is_(None)
        )
        .values(needed_until=func.now() + grace)
        .returning(StoredContent.digest)
    )
    if (await session.execute(statement)).one_or_none() is None:
        raise Problem(UNAVAILABLE)


async def claim_for_removal(session: AsyncSession, digest: str) -> bool:
    """Whether the content may be deleted now; from then on no upload counts on it until `removed`."""
    statement = (
        insert(StoredContent)
        .values(digest=digest, needed_until=func.now(), removing_since=func.now())
        .on_conflict_do_update(
            index_elements=[StoredContent.digest],
            set_={"removing_since": func.now(), "removed_at": None},
            where=and_(StoredContent.needed_until < func.now(), ~_needed(digest)),
        )
        .returning(StoredContent.digest)
    )
    return (await session.execute(statement)).one_or_none() is not None


async def removed(session: AsyncSession, digest: str) -> None:
    """End a claim: the content is gone, and may be stored anew."""
    await session.execute(
        update(StoredContent).where(StoredContent.digest == digest).values(removing_since=None, removed_at=func.now())
    )


async def removable(session: AsyncSession, *, after: str, limit: int) -> list[str]:
    """Digests of contents that nobody needs, or whose removal was begun by a process that died; in order."""
    statement = (
        select(StoredContent.digest)
        .where(
            StoredContent.digest > after,
            StoredContent.removed_at.is_(None),
            or_(
                StoredContent.removing_since.is_not(None),
                and_(StoredContent.needed_until < func.now(), ~_needed(StoredContent.digest)),
            ),
        )
        .order_by(StoredContent.digest)
        .limit(limit)
    )
    return list((await session.execute(statement)).scalars())


async def kept(session: AsyncSession, digests: list[str]) -> set[str]:
    """Those of `digests` that are on record as stored or about to be."""
    statement = select(StoredContent.digest).where(
        StoredContent.digest.in_(digests), StoredContent.removed_at.is_(None)
    )
    return set((await session.execute(statement)).scalars())


def _needed(digest: object) -> ColumnElement[bool]:
    """Whether an attachment needs the content: a live one, or one that was part of what was once submitted."""
    submitted_with_it = exists().where(
        ApplicationSnapshot.application_id == Attachment.application_id,
        ApplicationSnapshot.created_at >= Attachment.created_at,
        ApplicationSnapshot.created_at < Attachment.removed_at,
    )
    return exists().where(Attachment.digest == digest, or_(Attachment.removed_at.is_(None), submitted_with_it))
