"""What came of meetings, and the follow-ups that are due."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.finance.matchmaking.errors import (
    AMOUNT_NOT_MEANT,
    NOT_MET,
    RESULT_MISSING,
    STAGE_UNKNOWN,
    TOO_EARLY,
)
from services.finance.matchmaking.event_queries import event_by_id, hours_of, lock_event, newest_release, within_reach
from services.finance.matchmaking.money import fen_of, yuan_of
from services.finance.matchmaking.plan_schemas import (
    FollowUpOut,
    FollowUpPage,
    OutcomeIn,
    OutcomeOut,
    OutcomePage,
    StandingOutcome,
)
from services.finance.matchmaking.terms import match_terms
from shared import audit, calendar
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.matchmaking import (
    RESULTS_WITH_MONEY,
    MatchEvent,
    MatchMeeting,
    MatchOutcome,
    MatchParticipant,
    MatchSlot,
)
from shared.security.actor import Actor


async def record_outcome(session: AsyncSession, actor: Actor, event_id: uuid.UUID, told: OutcomeIn) -> OutcomeOut:
    """What came of a meeting of the timetable in force; the same said again changes nothing.

    Problems `not_found`, `match_stage_unknown`, `match_result_wrong`, `match_amount_not_meant`, `match_not_met`,
    `match_too_early`.
    """
    await event_by_id(session, actor, event_id)
    await lock_event(session, event_id)
    _check(told)
    met = await _meeting(session, event_id, told)
    await _check_time(session, event_id, told, met)
    fen = fen_of(told.amount_cny)
    latest = await _latest(session, event_id, told, told.after_days)
    if latest is not None and (latest.held, latest.result, latest.amount_fen, latest.note) == (
        told.held,
        told.result,
        fen,
        told.note,
    ):
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
    return _out(outcome)


def _check(told: OutcomeIn) -> None:
    if told.after_days and told.after_days not in match_terms().follow_up_days:
        raise Problem(STAGE_UNKNOWN)
    # A follow-up is about a meeting that was held.
    if told.held != (told.result is not None) or (told.after_days and not told.held):
        raise Problem(RESULT_MISSING)
    if told.amount_cny is not None and (told.result not in RESULTS_WITH_MONEY or not fen_of(told.amount_cny)):
        raise Problem(AMOUNT_NOT_MEANT)


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
    if told.after_days == 0:
        if now < hours[met.slot].starts_at:
            raise Problem(TOO_EARLY)
        return
    held = await _latest(session, event_id, told, 0)
    if held is None or not held.held:
        raise Problem(NOT_MET)
    if calendar.business_date(now) < due_on(calendar.business_date(hours[0].starts_at), told.after_days):
        raise Problem(TOO_EARLY)


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
    return OutcomeOut.model_validate(_values(one))


def _values(one: MatchOutcome) -> dict[str, object]:
    return {
        "id": one.id,
        "event_id": one.event_id,
        "enterprise_id": one.enterprise_id,
        "partner_id": one.partner_id,
        "after_days": one.after_days,
        "held": one.held,
        "result": one.result,
        "amount_cny": yuan_of(one.amount_fen),
        "note": one.note,
        "recorded_at": one.recorded_at,
    }


def _has_later(*, after_days: int | None = None):  # noqa: ANN202 (an EXISTS over an alias of its own)
    """Whether a later word on the same stage of the same pair is on record; or any word on stage `after_days`."""
    other = aliased(MatchOutcome)
    same = (
        select(other.id)
        .where(
            other.event_id == MatchOutcome.event_id,
            other.enterprise_id == MatchOutcome.enterprise_id,
            other.partner_id == MatchOutcome.partner_id,
        )
        .correlate(MatchOutcome)
    )
    if after_days is not None:
        return same.where(other.after_days == after_days).exists()
    return same.where(other.after_days == MatchOutcome.after_days, other.id > MatchOutcome.id).exists()


async def outcome_page(
    session: AsyncSession, event_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> OutcomePage:
    """Every word on an event's meetings, in order."""
    statement = select(MatchOutcome, _has_later()).where(MatchOutcome.event_id == event_id)
    if after is not None:
        statement = statement.where(MatchOutcome.id > after)
    rows = list(await session.execute(statement.order_by(MatchOutcome.id).limit(limit + 1)))
    items = [StandingOutcome.model_validate(_values(one) | {"latest": not later}) for one, later in rows[:limit]]
    return OutcomePage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def follow_up_page(
    session: AsyncSession, actor: Actor, day: date, *, after: uuid.UUID | None, limit: int
) -> FollowUpPage:
    """Follow-ups due by `day` of meetings that were held and did not end in a no, within reach."""
    enterprise, partner = aliased(MatchParticipant), aliased(MatchParticipant)
    days = match_terms().follow_up_days
    done = [_has_later(after_days=one).label(f"done_{one}") for one in days]
    statement = (
        select(MatchOutcome, enterprise.name, partner.name, MatchSlot.during, *done)
        .join(MatchEvent, MatchEvent.id == MatchOutcome.event_id)
        .join(enterprise, enterprise.id == MatchOutcome.enterprise_id)
        .join(partner, partner.id == MatchOutcome.partner_id)
        .join(MatchSlot, (MatchSlot.event_id == MatchOutcome.event_id) & (MatchSlot.slot == 0))
        .where(
            within_reach(actor),
            MatchOutcome.after_days == 0,
            MatchOutcome.held,
            MatchOutcome.result != "no",
            ~_has_later(),
        )
        .order_by(MatchOutcome.id)
    )
    if after is not None:
        statement = statement.where(MatchOutcome.id > after)
    rows = list(await session.execute(statement.limit(limit + 1)))
    items: list[FollowUpOut] = []
    for one, enterprise_name, partner_name, during, *was_done in rows[:limit]:
        assert during.lower is not None  # noqa: S101 (a CHECK keeps it)
        first = calendar.business_date(during.lower)
        for after_days, is_done in zip(days, was_done, strict=True):
            if is_done or due_on(first, after_days) > day:
                continue
            items.append(
                FollowUpOut.model_validate(
                    _values(one)
                    | {
                        "enterprise": enterprise_name,
                        "partner": partner_name,
                        "after_days": after_days,
                        "due_on": due_on(first, after_days),
                        "meeting_result": one.result,
                    }
                )
            )
    return FollowUpPage(items=items, next_cursor=rows[limit - 1][0].id if len(rows) > limit else None)
