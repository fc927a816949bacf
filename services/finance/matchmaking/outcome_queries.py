"""Reads of outcomes, and the follow-ups that are due."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.finance.matchmaking.event_queries import within_reach
from services.finance.matchmaking.outcomes import due_on, values_of
from services.finance.matchmaking.record_schemas import FollowUpOut, FollowUpPage, OutcomePage, StandingOutcome
from services.finance.matchmaking.terms import match_terms
from shared import calendar
from shared.models.matchmaking import MatchEvent, MatchOutcome, MatchParticipant, MatchSlot
from shared.security.actor import Actor


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
    items = [StandingOutcome.model_validate(values_of(one) | {"latest": not later}) for one, later in rows[:limit]]
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
                    values_of(one)
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
