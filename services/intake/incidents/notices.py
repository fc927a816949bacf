"""Record and end notices such as 经营异常名录: shown beside incidents, never counted."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.incidents.documents import stored_document
from services.intake.incidents.errors import NOTICE_REMOVED
from services.intake.incidents.queries import enterprise_or_refuse, lock_notice, notice_shown
from services.intake.incidents.schemas import NoticeIn, NoticeOut, NoticeRemovalIn
from shared import audit
from shared.errors import Problem
from shared.models.intake import BusinessNotice
from shared.security.actor import Actor


async def record_notice(session: AsyncSession, actor: Actor, notice_in: NoticeIn) -> NoticeOut:
    """Record a listing of an enterprise within reach."""
    enterprise = await enterprise_or_refuse(session, actor, notice_in.uscc, hold=True)
    notice = BusinessNotice(
        enterprise_id=enterprise.id,
        kind=notice_in.kind,
        listed_on=notice_in.listed_on,
        source=await stored_document(session, actor, enterprise.id, notice_in.source, pointer="/source"),
        recorded_by=actor.subject,
    )
    session.add(notice)
    await session.flush()
    await _audit(session, actor, "business_notice.record", notice)
    return notice_shown(notice, enterprise)


async def end_notice(
    session: AsyncSession, actor: Actor, notice_id: uuid.UUID, removal_in: NoticeRemovalIn
) -> NoticeOut:
    """Record that the enterprise was taken off the list (移出)."""
    notice, enterprise = await lock_notice(session, actor, notice_id)
    if notice.removed_on is not None:
        raise Problem(NOTICE_REMOVED)
    source = await stored_document(session, actor, enterprise.id, removal_in.source, pointer="/source")
    notice.removed_on, notice.removal_source = removal_in.removed_on, source
    await session.flush()
    await _audit(session, actor, "business_notice.remove", notice)
    return notice_shown(notice, enterprise)


async def _audit(session: AsyncSession, actor: Actor, action: str, notice: BusinessNotice) -> None:
    await audit.record(session, service="intake", actor=actor, action=action, subject=("business_notice", notice.id))
