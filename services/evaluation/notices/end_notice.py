"""End a notice that was published without a length; one that has a length runs to its last day."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.errors import NOTICE_HAS_A_LENGTH
from services.evaluation.notices.standing import notice_by_number, wait_for_plan
from shared import audit, calendar
from shared.errors import Problem
from shared.models.evaluation import PublicNotice
from shared.security.actor import Actor


async def end_notice(session: AsyncSession, actor: Actor, number: str) -> PublicNotice:
    """Close the window now; ending it again changes nothing."""
    notice = await notice_by_number(session, number)
    await wait_for_plan(session, notice)
    await session.refresh(notice, with_for_update=True)
    if notice.working_days > 0:
        raise Problem(NOTICE_HAS_A_LENGTH)
    if notice.ended_at is None:
        notice.ended_by, notice.ended_at = actor.subject, calendar.now()
        await session.flush()
        await audit.record(
            session,
            service="evaluation",
            actor=actor,
            action="notice.end",
            subject=("public_notice", notice.id),
            detail={"number": notice.number},
        )
    return notice
