"""Files of evidence by digest."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ARRAY, Uuid, any_, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Application, ApplicationSnapshot, Attachment, Enterprise, EnterpriseCode


@dataclass(frozen=True, slots=True)
class AttachmentDigest:
    """One file that an application rested on; `criterion` is the entry standard it proves, None if it is for all."""

    attachment_id: uuid.UUID
    criterion: int | None
    digest: str


async def attachment_digests(session: AsyncSession, application_id: uuid.UUID, at: datetime) -> list[AttachmentDigest]:
    """The SHA-256 of each file that the application had at a moment, such as when a snapshot was made; by id."""
    statement = (
        select(Attachment.id, Attachment.criterion, Attachment.digest)
        .where(
            Attachment.application_id == application_id,
            Attachment.created_at <= at,
            Attachment.removed_at.is_(None) | (Attachment.removed_at > at),
        )
        .order_by(Attachment.id)
    )
    return [AttachmentDigest(*row) for row in await session.execute(statement)]


async def attachment_digests_of(
    session: AsyncSession, snapshot_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[AttachmentDigest]]:
    """`attachment_digests` of many snapshots, each at the moment that it was made; those without files are left out."""
    statement = (
        select(ApplicationSnapshot.id, Attachment.id, Attachment.criterion, Attachment.digest)
        .join(Attachment, Attachment.application_id == ApplicationSnapshot.application_id)
        .where(
            ApplicationSnapshot.id == any_(cast(list(snapshot_ids), ARRAY(Uuid))),
            Attachment.created_at <= ApplicationSnapshot.created_at,
            Attachment.removed_at.is_(None) | (Attachment.removed_at > ApplicationSnapshot.created_at),
        )
        .order_by(Attachment.id)
    )
    found: dict[uuid.UUID, list[AttachmentDigest]] = {}
    for snapshot_id, attachment_id, criterion, digest in await session.execute(statement):
        found.setdefault(snapshot_id, []).append(AttachmentDigest(attachment_id, criterion, digest))
    return found


async def files_on_record(
    session: AsyncSession, attachment_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[str, str]]:
    """By id of each file that is there: the present code of the enterprise that it is about, and its SHA-256."""
    statement = (
        select(Attachment.id, Enterprise.uscc, Attachment.digest)
        .outerjoin(Application, Application.id == Attachment.application_id)
        .join(Enterprise, Enterprise.id == func.coalesce(Attachment.enterprise_id, Application.enterprise_id))
        .where(Attachment.id.in_(attachment_ids), Attachment.removed_at.is_(None))
    )
    return {row.id: (row.uscc, row.digest) for row in await session.execute(statement)}


async def evidence_of(
    session: AsyncSession, usccs: Collection[str], attachment_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, str]:
    """SHA-256 by id, of those attachments that are there and belong to an enterprise by one of these codes."""
    enterprises = select(EnterpriseCode.enterprise_id).where(EnterpriseCode.code.in_(usccs))
    applications = select(Application.id).where(Application.enterprise_id.in_(enterprises))
    statement = select(Attachment.id, Attachment.digest).where(
        Attachment.id.in_(attachment_ids),
        Attachment.removed_at.is_(None),
        Attachment.enterprise_id.in_(enterprises) | Attachment.application_id.in_(applications),
    )
    return {row.id: row.digest for row in await session.execute(statement)}
