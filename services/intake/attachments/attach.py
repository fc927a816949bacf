"""Attach a file: receive it whole, find out what it is, store its content, and only then write the row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

from obstore.store import ObjectStore
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.attachments import contents
from services.intake.attachments.content.identification import identify
from services.intake.attachments.errors import ATTACHMENTS_CLOSED, AUDIENCE_NOT_ALLOWED, TOO_MANY_ATTACHMENTS
from services.intake.attachments.evidence_open import may_add
from services.intake.attachments.media_types import named_after_type
from services.intake.attachments.queries import FoundOwner, attachment_within_reach, owner_within_reach
from services.intake.attachments.reception import Received, received
from services.intake.attachments.schemas import AttachmentOut, Audience, Owner, Words
from services.intake.attachments.storage import put_content
from shared import audit
from shared.db import Database
from shared.errors import Problem
from shared.models.intake import Attachment
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where evidence is kept, and its limits. `grace` must exceed the time that an upload takes."""

    database: Database
    store: ObjectStore
    most: int
    grace: timedelta


@dataclass(frozen=True, slots=True)
class Attached:
    """`new` is False where the same content was already attached in the same place."""

    attachment: AttachmentOut
    new: bool


async def attach(
    shelf: Shelf, actor: Actor, owner: Owner, words: Words, body: AsyncIterator[bytes], announced: str | None
) -> Attached:
    """Store the body and link it to its owner. Nothing remains of an upload that is refused or broken off.

    `announced` is the SHA-256 that the client says the body has. No transaction is open while bytes travel.
    """
    audience = _audience(actor, words)
    async with shelf.database.sessions.begin() as session:
        await _open_owner(session, actor, owner)
    async with received(body, announced) as whole:
        media_type = await asyncio.to_thread(identify, whole.file)
        async with shelf.database.sessions.begin() as session:
            await contents.announce(session, whole.digest, shelf.grace)
        await put_content(shelf.store, whole.digest, whole.file)
    async with shelf.database.sessions.begin() as session:
        found = await _open_owner(session, actor, owner, lock=True)
        return await _link(session, shelf, actor, _row(actor, found, words, audience, whole, media_type))


def _audience(actor: Actor, words: Words) -> Audience:
    if actor.uscc is not None:
        if words.audience == "officers":
            raise Problem(AUDIENCE_NOT_ALLOWED)
        return "all"
    # What an officer has against an enterprise is not shown to it unless somebody says so.
    return words.audience or ("officers" if words.purpose == "incident" else "all")


async def _open_owner(session: AsyncSession, actor: Actor, owner: Owner, *, lock: bool = False) -> FoundOwner:
    found = await owner_within_reach(session, actor, owner, lock=lock)
    if found.status is not None and not may_add(actor, found.status):
        raise Problem(ATTACHMENTS_CLOSED)
    return found


def _row(
    actor: Actor, owner: FoundOwner, words: Words, audience: Audience, whole: Received, media_type: str
) -> Attachment:
    return Attachment(
        application_id=owner.application_id,
        enterprise_id=owner.enterprise_id if owner.application_id is None else None,
        purpose=words.purpose,
        criterion=words.criterion,
        audience=audience,
        title=words.title or words.file_name,
        file_name=named_after_type(words.file_name, media_type),
        media_type=media_type,
        size=whole.size,
        digest=whole.digest,
        uploaded_by=actor.subject,
        role=actor.role,
        # Not the transaction's beginning: the owner was locked after that, and what a submission that came in
        # between was submitted with must not change behind it.
        created_at=func.clock_timestamp(),
    )


async def _link(session: AsyncSession, shelf: Shelf, actor: Actor, row: Attachment) -> Attached:
    await contents.confirm(session, row.digest, shelf.grace)
    live = (
        Attachment.application_id.is_not_distinct_from(row.application_id),
        Attachment.enterprise_id.is_not_distinct_from(row.enterprise_id),
        Attachment.removed_at.is_(None),
    )
    same = select(Attachment.id).where(
        *live,
        Attachment.purpose == row.purpose,
        Attachment.criterion.is_not_distinct_from(row.criterion),
        Attachment.audience == row.audience,
        Attachment.digest == row.digest,
    )
    present = (await session.execute(same)).scalar_one_or_none()
    if present is not None:
        return Attached(await attachment_within_reach(session, actor, present), new=False)
    if (await session.execute(select(func.count()).where(*live))).scalar_one() >= shelf.most:
        raise Problem(TOO_MANY_ATTACHMENTS, detail_zh=f"最多 {shelf.most} 个", detail_en=f"At most {shelf.most}")
    session.add(row)
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="attachment.add",
        subject=("attachment", row.id),
        detail={
            "owner": str(row.application_id or row.enterprise_id),
            "criterion": row.criterion,
            "media_type": row.media_type,
            "bytes": row.size,
            "digest": row.digest,
        },
    )
    return Attached(await attachment_within_reach(session, actor, row.id), new=True)
