"""Remove an attachment from what stands today; that it was there, and who removed it when, stays."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.attachments.errors import ATTACHMENT_IN_USE, ATTACHMENTS_CLOSED, NOT_YOUR_ATTACHMENT
from services.intake.attachments.evidence_open import may_remove
from services.intake.attachments.queries import attachment_within_reach, owner_within_reach
from services.intake.attachments.schemas import Owner
from shared import audit
from shared.errors import Problem
from shared.models.intake import Attachment
from shared.security.actor import Actor


async def remove_attachment(session: AsyncSession, actor: Actor, attachment_id: uuid.UUID) -> None:
    """Remove it, once: a second removal changes nothing. Problem where the status, the uploader or a use forbids it.

    An enterprise removes what the enterprise attached, officers of a role what that role attached.
    """
    seen = await attachment_within_reach(session, actor, attachment_id)
    owner = Owner(application_id=seen.application_id) if seen.application_id else Owner(uscc=seen.uscc)
    # The owner first, as when attaching, so that two acts never wait for each other.
    found = await owner_within_reach(session, actor, owner, lock=True)
    locked = select(Attachment).where(Attachment.id == attachment_id).with_for_update()
    attachment = (await session.execute(locked.execution_options(populate_existing=True))).scalar_one()
    if attachment.removed_at is not None:
        return
    if attachment.role != actor.role:
        raise Problem(NOT_YOUR_ATTACHMENT)
    if attachment.held_at is not None:
        raise Problem(ATTACHMENT_IN_USE)
    if found.status is not None and not may_remove(found.status):
        raise Problem(ATTACHMENTS_CLOSED)
    attachment.removed_by = actor.subject
    # As when attaching: after the lock, so that what was submitted meanwhile was submitted with it.
    attachment.removed_at = func.clock_timestamp()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="attachment.remove",
        subject=("attachment", attachment.id),
        detail={"digest": attachment.digest, "criterion": attachment.criterion},
    )
