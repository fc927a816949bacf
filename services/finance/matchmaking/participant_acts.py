"""A participant consents, and comes."""

from __future__ import annotations

import uuid

from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import CANCELLED, TOO_EARLY
from services.finance.matchmaking.event_queries import hours_of, lock_event
from services.finance.matchmaking.participant_queries import participant_by_id, participant_out
from services.finance.matchmaking.participant_schemas import ParticipantOut
from shared import audit, calendar
from shared.errors import Problem
from shared.models.matchmaking import MatchParticipant
from shared.security.actor import Actor


async def consent(session: AsyncSession, actor: Actor, participant_id: uuid.UUID) -> ParticipantOut:
    """Contact details may be shown to whom it meets, if they have consented too; once is enough.

    Problems `not_found`, `match_participant_cancelled`.
    """
    one = await _taking_part(session, actor, participant_id)
    if one.consented_at is None:
        one.consented_at, one.consented_by = calendar.now(), actor.subject
        await _record(session, actor, "match_participant.consent", one)
    return participant_out(one)


async def check_in(session: AsyncSession, actor: Actor, participant_id: uuid.UUID) -> ParticipantOut:
    """The participant is there; the first time counts. From the day of the event on.

    Problems `not_found`, `match_participant_cancelled`, `match_too_early`.
    """
    one = await _taking_part(session, actor, participant_id)
    first = (await hours_of(session, one.event_id))[0].starts_at
    if calendar.business_date(calendar.now()) < calendar.business_date(first):
        raise Problem(TOO_EARLY)
    if one.checked_in_at is None:
        one.checked_in_at, one.checked_in_by = calendar.now(), actor.subject
        await _record(session, actor, "match_participant.check_in", one)
    return participant_out(one)


async def _taking_part(session: AsyncSession, actor: Actor, participant_id: uuid.UUID) -> MatchParticipant:
    one = await participant_by_id(session, actor, participant_id)
    await lock_event(session, one.event_id)
    await session.refresh(one)
    if one.cancelled_at is not None:
        raise Problem(CANCELLED)
    return one


async def _record(session: AsyncSession, actor: Actor, action: str, one: MatchParticipant) -> None:
    await session.flush()
    subject = ("match_participant", one.id)
    detail = {"event": str(one.event_id)}
    await audit.record(session, service="finance", actor=actor, action=action, subject=subject, detail=detail)
