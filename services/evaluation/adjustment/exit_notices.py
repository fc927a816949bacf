"""Exit notices (退库告知): the enterprise's reply within the window, and a second person's decision after it."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.act_schemas import (
    EvidenceOut,
    ExitDecisionIn,
    ExitNoticeOut,
    ExitNoticePage,
    ReplyIn,
)
from services.evaluation.adjustment.errors import (
    NOTICE_DECIDED,
    REPLIED_ALREADY,
    REPLY_OVER,
    REPLY_RUNNING,
    SECOND_PERSON,
)
from services.evaluation.adjustment.plan_schemas import ReasonOut
from services.evaluation.adjustment.plans import lock_pool
from services.evaluation.notices.errors import EVIDENCE_NOT_FOUND
from services.evaluation.review.assigning import person_of
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import ExitNotice
from shared.models.reads import codes_of, enterprise_names, evidence_of
from shared.security.actor import Actor
from shared.working_days import working_days_left


async def reply(session: AsyncSession, actor: Actor, notice_id: uuid.UUID, reply_in: ReplyIn) -> ExitNoticeOut:
    """By the enterprise itself, once, until the last day of the window; the same words again change nothing."""
    notice = await _locked(session, actor, notice_id)
    if notice.reply is not None:
        if (notice.reply, notice.replied_by) != (reply_in.reply, actor.subject):
            raise Problem(REPLIED_ALREADY)
        return await _shown(session, actor, notice)
    if notice.decision is not None:
        raise Problem(NOTICE_DECIDED)
    moment = calendar.now()
    if calendar.business_date(moment) > notice.reply_until:
        raise Problem(REPLY_OVER)
    wanted = sorted(set(reply_in.attachment_ids))
    found = await evidence_of(session, {notice.uscc, actor.uscc or notice.uscc}, wanted) if wanted else {}
    if found.keys() != set(wanted):
        raise Problem(EVIDENCE_NOT_FOUND)
    notice.evidence = [{"attachment_id": str(one), "digest": found[one]} for one in wanted]
    notice.reply, notice.replied_by, notice.replied_at = reply_in.reply, actor.subject, moment
    await session.flush()
    await _record(session, actor, "exit_notice.reply", notice, {"evidence": len(wanted)})
    return await _shown(session, actor, notice)


async def decide(
    session: AsyncSession, actor: Actor, notice_id: uuid.UUID, decision_in: ExitDecisionIn
) -> ExitNoticeOut:
    """By somebody else than who sent it: to keep at any time, to end once the window is over. A plan carries it out."""
    notice = await _locked(session, actor, notice_id)
    await lock_pool(session, notice.pool_code)
    if await person_of(session, actor.subject) == await person_of(session, notice.sent_by):
        raise Problem(SECOND_PERSON)
    if notice.decision is not None:
        if (notice.decision, notice.decided_by) != (decision_in.decision, actor.subject):
            raise Problem(NOTICE_DECIDED)
        return await _shown(session, actor, notice)
    moment = calendar.now()
    if decision_in.decision == "end" and calendar.business_date(moment) <= notice.reply_until:
        last = notice.reply_until.isoformat()
        raise Problem(REPLY_RUNNING, detail_en=f"The last day is {last}", detail_zh=f"最后一日为{last}，次日起可作决定")
    notice.decision, notice.decision_reason = decision_in.decision, decision_in.reason
    notice.decided_by, notice.decided_at = actor.subject, moment
    await session.flush()
    await _record(session, actor, f"exit_notice.{decision_in.decision}", notice, {"reason": decision_in.reason})
    return await _shown(session, actor, notice)


async def notice_by_id(session: AsyncSession, actor: Actor, notice_id: uuid.UUID) -> ExitNoticeOut:
    """One notice within reach; Problem `not_found`."""
    notice = (await session.execute(_within_reach(actor).where(ExitNotice.id == notice_id))).scalar_one_or_none()
    if notice is None:
        raise Problem(NOT_FOUND)
    return await _shown(session, actor, notice)


async def notice_page(
    session: AsyncSession, actor: Actor, *, undecided: bool, after: uuid.UUID | None, limit: int
) -> ExitNoticePage:
    """Notices within reach, the oldest first."""
    statement = _within_reach(actor).order_by(ExitNotice.id).limit(limit + 1)
    if undecided:
        statement = statement.where(ExitNotice.decision.is_(None))
    if after is not None:
        statement = statement.where(ExitNotice.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [await _shown(session, actor, one) for one in rows[:limit]]
    return ExitNoticePage(items=items, next_cursor=rows[limit - 1].id if len(rows) > limit else None)


def _within_reach(actor: Actor) -> Select[ExitNotice]:
    statement = select(ExitNotice)
    if actor.uscc is not None:
        codes = codes_of([actor.uscc]).subquery()
        return statement.where(ExitNotice.uscc.in_(select(codes.c.code)))
    return statement if actor.city_code is None else statement.where(ExitNotice.city_code == actor.city_code)


async def _locked(session: AsyncSession, actor: Actor, notice_id: uuid.UUID) -> ExitNotice:
    statement = _within_reach(actor).where(ExitNotice.id == notice_id).with_for_update()
    notice = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()
    if notice is None:
        raise Problem(NOT_FOUND)
    return notice


async def _record(
    session: AsyncSession, actor: Actor, action: str, notice: ExitNotice, detail: dict[str, object]
) -> None:
    subject = ("exit_notice", notice.id)
    await audit.record(session, service="evaluation", actor=actor, action=action, subject=subject, detail=detail)


async def _shown(session: AsyncSession, actor: Actor, notice: ExitNotice) -> ExitNoticeOut:
    names = await enterprise_names(session, [notice.uscc])
    officer = actor.uscc is None
    today = calendar.business_date(calendar.now())
    return ExitNoticeOut(
        id=notice.id,
        pool=notice.pool_code,
        uscc=notice.uscc,
        name=names.get(notice.uscc, ""),
        city_code=notice.city_code,
        reason_code=notice.reason_code,
        reasons=[ReasonOut.model_validate(one) for one in notice.reasons],
        sent_by=notice.sent_by if officer else None,
        sent_at=notice.sent_at,
        reply_until=notice.reply_until,
        working_days_left=working_days_left(today, notice.reply_until) if today <= notice.reply_until else 0,
        reply=notice.reply,
        evidence=[EvidenceOut.model_validate(one) for one in notice.evidence],
        replied_at=notice.replied_at,
        decision=notice.decision,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        decided_by=notice.decided_by if officer else None,
        decided_at=notice.decided_at,
        decision_reason=notice.decision_reason,
    )
