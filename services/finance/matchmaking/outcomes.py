"""What came of meetings, and the follow-ups that are due."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import (
    AMOUNT_NOT_MEANT,
    DAY_WRONG,
    NOT_MET,
    RESULT_MISSING,
    STAGE_UNKNOWN,
    TOO_EARLY,
)
from services.finance.matchmaking.event_queries import event_by_id, hours_of, lock_event, newest_release
from services.finance.matchmaking.money import fen_of, yuan_of
from services.finance.matchmaking.record_schemas import OutcomeIn, OutcomeOut
from services.finance.matchmaking.terms import match_terms
from shared import audit, calendar, outbox
from shared.errors import Problem
from shared.events import MatchRecorded
from shared.models.base import new_id
from shared.models.matchmaking import (
    RESULTS_WITH_DAY,
    RESULTS_WITH_MONEY,
    MatchMeeting,
    MatchOutcome,
)
from shared.models.reads import agreed_as, attended_as
from shared.security.actor import Actor


async def record_outcome(session: AsyncSession, actor: Actor, event_id: uuid.UUID, told: OutcomeIn) -> OutcomeOut:
    """What came of a meeting of the timetable in force; the same said again changes nothing.

    Problems `not_found`, `match_stage_unknown`, `match_result_wrong`, `match_amount_not_meant`, `match_day_wrong`, `match_not_met`,
    `match_too_early`.
    """
    await event_by_id(session, actor, event_id)
    await lock_event(session, event_id)
    _check(told)
    met = await _meeting(session, event_id, told)
    await _check_time(session, event_id, told, met)
    fen = fen_of(told.amount_cny)
    latest = await _latest(session, event_id, told, told.after_days)
    if latest is not None and (
        latest.held,
        latest.result,
        latest.amount_fen,
        latest.happened_on,
        latest.note,
    ) == (told.held, told.result, fen, told.happened_on, told.note):
        return _out(latest)
    outcome = MatchOutcome(
        id=new_id(),
        event_id=event_id,
        enterprise_id=told.enterprise_id,
        partner_id=told.partner_id,
        after_days=told.after_days,
        held=told.held,
        result=told.result,
        amount_fen=fen,
        happened_on=told.happened_on,
        note=told.note,
        recorded_by=actor.subject,
    )
    session.add(outcome)
    await session.flush()
    await session.refresh(outcome)
    subject, detail = ("match_outcome", outcome.id), {"event": str(event_id), "result": told.result}
    await audit.record(
        session, service="finance", actor=actor, action="match_outcome.record", subject=subject, detail=detail
    )
    names = [attended_as(told.enterprise_id), agreed_as(told.enterprise_id, told.partner_id)]
    await outbox.publish(session, MatchRecorded(names=names))
    return _out(outcome)


def _check(told: OutcomeIn) -> None:
    if told.after_days and told.after_days not in match_terms().follow_up_days:
        raise Problem(STAGE_UNKNOWN)
    # A follow-up is about a meeting that was held.
    if told.held != (told.result is not None) or (told.after_days and not told.held):
        raise Problem(RESULT_MISSING)
    if told.amount_cny is not None and (told.result not in RESULTS_WITH_MONEY or not fen_of(told.amount_cny)):
        raise Problem(AMOUNT_NOT_MEANT)
    if (told.happened_on is not None) != (told.result in RESULTS_WITH_DAY):
        raise Problem(DAY_WRONG)


async def _meeting(session: AsyncSession, event_id: uuid.UUID, told: OutcomeIn) -> MatchMeeting:
    release = await newest_release(session, event_id)
    if release is not None:
        statement = select(MatchMeeting).where(
            MatchMeeting.plan_id == release.plan_id,
            MatchMeeting.enterprise_id == told.enterprise_id,
            MatchMeeting.partner_id == told.partner_id,
        )
        if (found := (await session.execute(statement)).scalar_one_or_none()) is not None:
            return found
    raise Problem(NOT_MET)


async def _check_time(session: AsyncSession, event_id: uuid.UUID, told: OutcomeIn, met: MatchMeeting) -> None:
    hours = await hours_of(session, event_id)
    now = calendar.now()
    first, today = calendar.business_date(hours[0].starts_at), calendar.business_date(now)
    if told.after_days:
        held = await _latest(session, event_id, told, 0)
        if held is None or not held.held:
            raise Problem(NOT_MET)
    is_early = today < due_on(first, told.after_days) if told.after_days else now < hours[met.slot].starts_at
    if is_early:
        raise Problem(TOO_EARLY)
    if told.happened_on is not None and not first <= told.happened_on <= today:
        raise Problem(DAY_WRONG)


def due_on(day: date, after_days: int) -> date:
    """The day of a follow-up, counted from the event's first day."""
    return day + timedelta(days=after_days)


async def _latest(session: AsyncSession, event_id: uuid.UUID, told: OutcomeIn, after_days: int) -> MatchOutcome | None:
    statement = select(MatchOutcome).where(
        MatchOutcome.event_id == event_id,
        MatchOutcome.enterprise_id == told.enterprise_id,
        MatchOutcome.partner_id == told.partner_id,
        MatchOutcome.after_days == after_days,
    )
    return (await session.execute(statement.order_by(MatchOutcome.id.desc()).limit(1))).scalar_one_or_none()


def _out(one: MatchOutcome) -> OutcomeOut:
    return OutcomeOut.model_validate(values_of(one))


def values_of(one: MatchOutcome) -> dict[str, object]:
    return {
        "id": one.id,
        "event_id": one.event_id,
        "enterprise_id": one.enterprise_id,
        "partner_id": one.partner_id,
        "after_days": one.after_days,
        "held": one.held,
        "result": one.result,
        "amount_cny": yuan_of(one.amount_fen),
        "happened_on": one.happened_on,
        "note": one.note,
        "recorded_at": one.recorded_at,
    }
