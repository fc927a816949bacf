"""An enterprise's own part in events."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.event_queries import newest_release
from services.finance.matchmaking.plan_schemas import OwnEventOut, OwnEventPage
from services.finance.matchmaking.timetables import meetings_in
from shared.errors import NOT_FOUND, Problem
from shared.models.matchmaking import MatchEvent, MatchParticipant
from shared.security.actor import Actor


async def own_participant(session: AsyncSession, actor: Actor, event_id: uuid.UUID) -> MatchParticipant:
    """The enterprise's own registration at an event; Problem `not_found`."""
    statement = select(MatchParticipant).where(
        MatchParticipant.event_id == event_id,
        func.holder_of_code(MatchParticipant.uscc) == func.holder_of_code(actor.uscc),
        MatchParticipant.side == "enterprise",
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None or actor.uscc is None:
        raise Problem(NOT_FOUND)
    return found


async def own_page(session: AsyncSession, actor: Actor, *, after: uuid.UUID | None, limit: int) -> OwnEventPage:
    """Events that the enterprise is registered for, in order, with its meetings in the version in force."""
    statement = (
        select(MatchParticipant, MatchEvent)
        .join(MatchEvent, MatchEvent.id == MatchParticipant.event_id)
        .where(
            func.holder_of_code(MatchParticipant.uscc) == func.holder_of_code(actor.uscc),
            MatchParticipant.side == "enterprise",
        )
        .order_by(MatchEvent.id)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(MatchEvent.id > after)
    rows = list(await session.execute(statement))
    items = [await _own(session, participant, event) for participant, event in rows[:limit]]
    return OwnEventPage(items=items, next_cursor=items[-1].event_id if len(rows) > limit else None)


async def _own(session: AsyncSession, one: MatchParticipant, event: MatchEvent) -> OwnEventOut:
    release = await newest_release(session, event.id)
    return OwnEventOut(
        event_id=event.id,
        participant_id=one.id,
        title=event.title,
        consented=one.consented_at is not None,
        cancelled=one.cancelled_at is not None,
        version=None if release is None else release.version,
        meetings=[] if release is None else await meetings_in(session, release.plan_id, one.id),
    )
