"""Record what a citizen or an enterprise hands in against one entry; from then on that entry is held."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.errors import EVIDENCE_NOT_FOUND, NOT_ON_NOTICE, WINDOW_CLOSED
from services.evaluation.notices.queries import objection_shown
from services.evaluation.notices.schemas import Evidenced, ObjectionIn, ObjectionOut
from services.evaluation.notices.standing import is_open, is_replaced, notice_by_number, wait_for_plan
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Objection, Objector, PublicNotice, PublicNoticeEntry
from shared.models.reads import evidence_of, present_codes
from shared.security.actor import Actor


async def record_objection(session: AsyncSession, actor: Actor, number: str, objection_in: ObjectionIn) -> ObjectionOut:
    """Hold the entry named. Problem `objection_window_closed` outside the notice's days, `not_on_notice` for another.

    The clock is read after a commit under way was waited for, so an entry is never both admitted and held.
    """
    notice = await notice_by_number(session, number)
    plan = await wait_for_plan(session, notice)
    moment = calendar.now()
    if (
        plan.status != "under_notice"
        or not is_open(notice, calendar.business_date(moment))
        or await is_replaced(session, notice)
    ):
        raise Problem(WINDOW_CLOSED)
    entry = await _entry(session, actor, notice, objection_in)
    objection = Objection(
        notice_id=notice.id,
        assessment_id=entry.assessment_id,
        grounds=objection_in.grounds,
        document=objection_in.document,
        evidence=await evidence_or_refuse(session, {entry.uscc}, objection_in),
        status="open",
        recorded_by=actor.subject,
        recorded_at=moment,
    )
    session.add(objection)
    await session.flush()
    objector = objection_in.objector
    session.add(Objector(objection_id=objection.id, name=objector.name, contact=objector.contact))
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="objection.record",
        subject=("objection", objection.id),
        # Never who objected: the trail is read by more people than decide.
        detail={"notice": notice.number, "uscc": entry.uscc, "evidence": len(objection.evidence)},
    )
    return objection_shown(objection, notice.number, entry)


async def evidence_or_refuse(session: AsyncSession, usccs: Collection[str], given: Evidenced) -> list[dict[str, str]]:
    """The files named, with their digests; Problem `evidence_not_found` for one that is not the enterprise's."""
    wanted: list[uuid.UUID] = sorted(set(given.attachment_ids))
    found = await evidence_of(session, usccs, wanted) if wanted else {}
    if found.keys() != set(wanted):
        raise Problem(EVIDENCE_NOT_FOUND)
    return [{"attachment_id": str(one), "digest": found[one]} for one in wanted]


async def _entry(
    session: AsyncSession, actor: Actor, notice: PublicNotice, objection_in: ObjectionIn
) -> PublicNoticeEntry:
    statement = select(PublicNoticeEntry).where(PublicNoticeEntry.notice_id == notice.id)
    if objection_in.uscc is not None:
        given = objection_in.uscc
        present = (await present_codes(session, [given]))[given]
        statement = statement.where(or_(PublicNoticeEntry.uscc == given, PublicNoticeEntry.uscc == present))
    else:
        statement = statement.where(PublicNoticeEntry.name == objection_in.enterprise_name)
    found = (await session.execute(statement.limit(2))).scalars().all()
    if len(found) > 1:
        raise Problem(
            NOT_ON_NOTICE,
            detail_en="Several bear that name; name the code",
            detail_zh="有多家同名企业，请填写统一社会信用代码",
        )
    if not found:
        raise Problem(NOT_ON_NOTICE)
    if actor.city_code is not None and actor.city_code != found[0].city_code:
        raise Problem(NOT_FOUND)
    return found[0]
