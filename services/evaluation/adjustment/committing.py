"""Carry out an adjustment: memberships end, credits are booked, replacements come in, notices go out; all or nothing."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.computation import Adjustment, MemberLine
from services.evaluation.adjustment.credit_rules import expiry
from services.evaluation.adjustment.entries import reasons_of
from services.evaluation.selection.baselines import freeze_baselines
from shared import audit, calendar, outbox
from shared.events import PoolAdjusted
from shared.models.base import new_id
from shared.models.evaluation import AdjustmentPlan, ExitNotice, FollowOn, Membership, ReplacementCreditEntry
from shared.security.actor import Actor
from shared.working_days import end_of_term


async def carry_out(session: AsyncSession, actor: Actor, plan: AdjustmentPlan, adjustment: Adjustment) -> None:
    """For a plan marked as committed, its pool locked. First who leaves, then who comes in: the cap holds all along."""
    moment = plan.committed_at or calendar.now()
    graduates = [one for one in adjustment.members if one.action.action == "graduate"]
    exits = [one for one in adjustment.members if one.action.action == "exit"]
    for line in (*graduates, *exits):
        await _end(session, plan, line, moment)
    await _follow_on(session, plan, graduates, moment)
    await _book_credits(session, plan, adjustment, graduates)
    admitted = await _admit(session, plan, adjustment, moment)
    await _give_notices(session, actor, plan, adjustment)
    if graduates or exits or admitted:
        await outbox.publish(session, PoolAdjusted(plan_id=plan.id, pool_code=plan.pool_code))


async def _end(session: AsyncSession, plan: AdjustmentPlan, line: MemberLine, moment: datetime) -> None:
    reason = "graduated" if line.action.action == "graduate" else line.outcome["exit_reason"]
    statement = update(Membership).where(Membership.id == line.member.membership_id)
    during = func.tstzrange(func.lower(Membership.during), moment)
    await session.execute(
        statement.values(during=during, ended_reason=reason, ended_by_plan=plan.id, known_from=moment)
    )


async def _follow_on(
    session: AsyncSession, plan: AdjustmentPlan, graduates: list[MemberLine], moment: datetime
) -> None:
    """接续培育, 二(六)12(2): every graduate goes on; its track is a person's to assign."""
    session.add_all(
        FollowOn(
            membership_id=one.member.membership_id,
            plan_id=plan.id,
            pool_code=plan.pool_code,
            uscc=one.member.uscc,
            city_code=one.member.city_code,
            began_at=moment,
        )
        for one in graduates
    )
    await session.flush()


async def _book_credits(
    session: AsyncSession, plan: AdjustmentPlan, adjustment: Adjustment, graduates: list[MemberLine]
) -> None:
    rolling, on = adjustment.asked.rules.rolling, plan.judged_on
    place: dict[str, Any] = {"pool_code": plan.pool_code, "entered_on": on, "plan_id": plan.id}
    rows = [
        {"city_code": one.city_code, "kind": "expired", "credits": -one.expired, **place}
        for one in adjustment.credits
        if one.expired
    ]
    rows += [
        {
            "city_code": one.member.city_code,
            "kind": "minted",
            "credits": rolling.credits_per_graduate,
            "expires_on": expiry(rolling, on),
            "membership_id": one.member.membership_id,
            **place,
        }
        for one in graduates
        if rolling.credits_per_graduate
    ]
    session.add_all(ReplacementCreditEntry(**row) for row in rows)
    await session.flush()


async def _admit(session: AsyncSession, plan: AdjustmentPlan, adjustment: Adjustment, moment: datetime) -> int:
    """Replacements as members from now on; the database takes a credit of the city for each."""
    admitted = {new_id(): one.candidate for one in adjustment.candidates if one.action == "admit"}
    if not admitted:
        return 0
    rows = [
        {
            "id": id_,
            "pool_code": plan.pool_code,
            "uscc": one.uscc,
            "city_code": one.city_code,
            "during": Range(moment, None),
            "opened_by_adjustment": plan.id,
            "known_from": moment,
        }
        for id_, one in admitted.items()
    ]
    await session.execute(insert(Membership), rows)
    await freeze_baselines(session, {id_: uuid.UUID(one.assessment_id) for id_, one in admitted.items()})
    return len(admitted)


async def _give_notices(session: AsyncSession, actor: Actor, plan: AdjustmentPlan, adjustment: Adjustment) -> None:
    """Whoever is to leave is told why and until when to reply; somebody else decides once that is over."""
    told = [one for one in adjustment.members if one.action.action == "give_notice"]
    if not told:
        return
    moment = calendar.now()
    rules = adjustment.asked.rules
    reply_until = end_of_term(calendar.business_date(moment), rules.exit.reply_working_days)
    notices = [
        ExitNotice(
            id=new_id(),
            membership_id=one.member.membership_id,
            pool_code=plan.pool_code,
            uscc=one.member.uscc,
            city_code=one.member.city_code,
            reason_code=one.outcome["exit_reason"],
            ground=one.action.ground,
            reasons=reasons_of(rules, one, plan.judged_on)[0],
            receipt=one.receipt,
            sent_by=actor.subject,
            sent_at=moment,
            reply_until=reply_until,
            evidence=[],
        )
        for one in told
    ]
    session.add_all(notices)
    await session.flush()
    acts = [
        (("exit_notice", one.id), {"uscc": one.uscc, "reason": one.reason_code, "reply_until": reply_until.isoformat()})
        for one in notices
    ]
    await audit.record_each(session, service="evaluation", actor=actor, action="exit_notice.send", acts=acts)
