"""Put an approved plan under public notice (公示): from here the names are fixed, and objections are taken."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.open_notice import Entry, open_notice
from services.evaluation.notices.queries import notice_shown
from services.evaluation.notices.schemas import NoticeOut
from services.evaluation.notices.standing import notice_of_plan
from services.evaluation.notices.terms import NoticeTerms
from services.evaluation.selection.errors import PLAN_EMPTY, PLAN_EXPIRED, PLAN_STATUS
from services.evaluation.selection.plans import admitted_of, lock_plan, refuse_stale
from shared.errors import Problem
from shared.security.actor import Actor


async def publish(session: AsyncSession, actor: Actor, plan_id: uuid.UUID, terms: NoticeTerms) -> NoticeOut:
    """The plan's notice, which its first publication opens; it is refused as stale as a commit would be.

    Nor is a plan published that would not be valid any more once its notice is over.
    """
    plan, cycle = await lock_plan(session, plan_id)
    notice = await notice_of_plan(session, plan.id)
    if notice is None:
        if plan.status != "approved":
            raise Problem(PLAN_STATUS)
        admitted = admitted_of(await refuse_stale(session, plan, cycle))
        if not admitted:
            raise Problem(PLAN_EMPTY)
        entries = [Entry(uuid.UUID(one.assessment_id), one.uscc, one.city_code) for one in admitted]
        notice = await open_notice(session, actor, plan, cycle, entries, terms)
        if notice.ends_on >= plan.valid_until:
            raise Problem(PLAN_EXPIRED)
        plan.status = "under_notice"
        await session.flush()
    return await notice_shown(session, actor, notice)
