"""Reads of evidence, always within the actor's reach: an enterprise its own, a city its own, others all.

What is for officers only does not exist for an enterprise.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.queries import open_to_reviewer, within_reach
from services.intake.applications.who_acted import Reader
from services.intake.attachments.schemas import AttachmentOut, AttachmentPage, Owner
from services.intake.enterprises.queries import by_code, own_records
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Application, ApplicationSnapshot, Attachment, Enterprise, StoredContent
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class FoundOwner:
    """Whose evidence it is. `status` is the application's, None for an enterprise; `enterprise_id` is always known."""

    application_id: uuid.UUID | None
    enterprise_id: uuid.UUID
    status: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The evidence as of a moment, or of a submitted revision: exactly what that revision was submitted with."""

    at: datetime | None = None
    revision: int | None = None


async def owner_within_reach(session: AsyncSession, actor: Actor, owner: Owner, *, lock: bool = False) -> FoundOwner:
    """The application or enterprise; Problem `not_found` outside the actor's reach.

    `lock` holds it for the transaction: evidence of one owner changes one act at a time, and never while the
    application is being submitted again.
    """
    row = (await session.execute(_owners(actor, owner, lock=lock))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return FoundOwner(*row) if owner.application_id is not None else FoundOwner(None, row[0], None)


def _owners(actor: Actor, owner: Owner, *, lock: bool) -> Select[*tuple[Any, ...]]:
    if owner.application_id is not None:
        application = (
            select(Application.id, Application.enterprise_id, Application.status)
            .join(Enterprise, Enterprise.id == Application.enterprise_id)
            .where(Application.id == owner.application_id)
        )
        application = within_reach(application, actor)
        return application.with_for_update(key_share=True, of=Application) if lock else application
    enterprise = _enterprises(actor).where(Enterprise.id.in_(by_code(owner.uscc or "")))
    return enterprise.with_for_update(key_share=True) if lock else enterprise


def _enterprises(actor: Actor) -> Select[uuid.UUID]:
    statement = select(Enterprise.id)
    if actor.uscc is not None:
        statement = statement.where(Enterprise.id.in_(own_records(actor.uscc)))
    if actor.city_code is not None:
        statement = statement.where(Enterprise.city_code == actor.city_code)
    if actor.role == "reviewer":
        # What an enterprise has on file serves whoever reviews an application of it.
        seen = select(Application.enterprise_id).where(Application.id.in_(open_to_reviewer(actor)))
        statement = statement.where(Enterprise.id.in_(seen))
    return statement


def _select(actor: Actor) -> Select[Attachment, str, str]:
    applications = within_reach(
        select(Application.id).join(Enterprise, Enterprise.id == Application.enterprise_id), actor
    )
    statement = (
        select(Attachment, Enterprise.uscc, func.coalesce(Application.city_code, Enterprise.city_code))
        .outerjoin(Application, Application.id == Attachment.application_id)
        .join(Enterprise, Enterprise.id == func.coalesce(Attachment.enterprise_id, Application.enterprise_id))
    )
    if actor.uscc is None and actor.city_code is None and actor.role != "reviewer":
        return statement
    if actor.uscc is not None:
        statement = statement.where(Attachment.audience == "all")
    return statement.where(
        or_(Attachment.application_id.in_(applications), Attachment.enterprise_id.in_(_enterprises(actor)))
    )


def shown(actor: Actor, attachment: Attachment, uscc: str, city_code: str) -> AttachmentOut:
    """The attachment as HTTP shows it to the actor; `city_code` is its owner's. Only its own role may remove one."""
    reader = Reader(actor, city_code)
    return AttachmentOut(
        id=attachment.id,
        application_id=attachment.application_id,
        uscc=uscc,
        purpose=attachment.purpose,
        criterion=attachment.criterion,
        audience=attachment.audience,
        title=attachment.title,
        file_name=attachment.file_name,
        media_type=attachment.media_type,
        size=attachment.size,
        digest=attachment.digest,
        uploaded_by=reader.name(attachment.uploaded_by, attachment.role),
        role=attachment.role,
        created_at=attachment.created_at,
        held=attachment.held_at is not None,
        removed_by=attachment.removed_by and reader.name(attachment.removed_by, attachment.role),
        removed_at=attachment.removed_at,
    )


async def attachment_within_reach(session: AsyncSession, actor: Actor, attachment_id: uuid.UUID) -> AttachmentOut:
    """One attachment, removed or not; Problem `not_found` outside the actor's reach."""
    row = (await session.execute(_select(actor).where(Attachment.id == attachment_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return shown(actor, *row)


async def attachments_within_reach(
    session: AsyncSession, actor: Actor, attachment_ids: list[uuid.UUID]
) -> dict[uuid.UUID, AttachmentOut]:
    """Those of the attachments that are within reach, by id."""
    rows = await session.execute(_select(actor).where(Attachment.id.in_(attachment_ids)))
    return {attachment.id: shown(actor, attachment, uscc, city) for attachment, uscc, city in rows}


async def content_is_kept(session: AsyncSession, digest: str) -> bool:
    """Whether the content has not been swept, nor is just being swept."""
    statement = select(StoredContent.digest).where(
        StoredContent.digest == digest, StoredContent.removing_since.is_(None), StoredContent.removed_at.is_(None)
    )
    return (await session.execute(statement)).one_or_none() is not None


async def attachment_page(
    session: AsyncSession,
    actor: Actor,
    owner: Owner,
    *,
    criterion: int | None = None,
    moment: Moment | None = None,
    after: uuid.UUID | None,
    limit: int,
) -> AttachmentPage:
    """Up to `limit` attachments of one owner in order of id: today's, or those of `moment`."""
    found = await owner_within_reach(session, actor, owner)
    statement = _select(actor).order_by(Attachment.id).limit(limit + 1)
    if found.application_id is not None:
        statement = statement.where(Attachment.application_id == found.application_id)
    else:
        statement = statement.where(Attachment.enterprise_id == found.enterprise_id)
    if criterion is not None:
        statement = statement.where(Attachment.criterion == criterion)
    if after is not None:
        statement = statement.where(Attachment.id > after)
    statement = await _as_of(session, statement, found, moment or Moment())
    rows = (await session.execute(statement)).all()
    items = [shown(actor, *row) for row in rows[:limit]]
    return AttachmentPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def _as_of(
    session: AsyncSession, statement: Select[Attachment, str, str], owner: FoundOwner, moment: Moment
) -> Select[Attachment, str, str]:
    at = moment.at
    if moment.revision is not None:
        submitted = select(ApplicationSnapshot.created_at).where(
            ApplicationSnapshot.application_id == owner.application_id,
            ApplicationSnapshot.revision == moment.revision,
        )
        at = (await session.execute(submitted)).scalar_one_or_none()
        if at is None:
            raise Problem(NOT_FOUND)
    if at is None:
        return statement.where(Attachment.removed_at.is_(None))
    return statement.where(
        Attachment.created_at <= at, or_(Attachment.removed_at.is_(None), Attachment.removed_at > at)
    )
