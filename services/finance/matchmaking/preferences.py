"""Wishes, bans and conflicts of interest."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import NOT_A_PAIR
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.participant_schemas import (
    ConflictIn,
    ConflictOut,
    PairIn,
    PreferenceIn,
    PreferenceOut,
)
from services.finance.matchmaking.register import still_open
from shared import audit
from shared.errors import Problem
from shared.models.matchmaking import MatchConflict, MatchParticipant, MatchPreference
from shared.security.actor import Actor


async def prefer(session: AsyncSession, actor: Actor, event_id: uuid.UUID, wanted: PreferenceIn) -> PreferenceOut:
    """What one side asks for now; asking the same again changes nothing.

    Problems `not_found`, `match_call_closed`, `match_not_a_pair`.
    """
    await event_by_id(session, actor, event_id, lock=True)
    await still_open(session, event_id)
    await check_pair(session, event_id, wanted)
    values = {"event_id": event_id, "recorded_by": actor.subject} | wanted.model_dump()
    statement = insert(MatchPreference).values(values)
    changed: datetime | None = (
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=["event_id", "enterprise_id", "partner_id", "by_side"],
                set_={"word": wanted.word, "recorded_by": actor.subject, "recorded_at": func.now()},
                where=MatchPreference.word != wanted.word,
            ).returning(MatchPreference.recorded_at)
        )
    ).scalar_one_or_none()
    if changed is not None:
        await _audit(session, actor, "match_preference.set", event_id, wanted.model_dump(mode="json"))
    return PreferenceOut(event_id=event_id, **wanted.model_dump())


async def declare_conflict(session: AsyncSession, actor: Actor, event_id: uuid.UUID, told: ConflictIn) -> ConflictOut:
    """Record a conflict of interest; the first ground on record stays.

    Problems `not_found`, `match_call_closed`, `match_not_a_pair`.
    """
    await event_by_id(session, actor, event_id, lock=True)
    await still_open(session, event_id)
    await check_pair(session, event_id, told)
    values = {"event_id": event_id, "recorded_by": actor.subject} | told.model_dump()
    statement = insert(MatchConflict).values(values).on_conflict_do_nothing().returning(MatchConflict.ground)
    if (await session.execute(statement)).scalar_one_or_none() is not None:
        await _audit(session, actor, "match_conflict.record", event_id, told.model_dump(mode="json"))
        return ConflictOut(event_id=event_id, **told.model_dump())
    ground = select(MatchConflict.ground).where(
        MatchConflict.event_id == event_id,
        MatchConflict.enterprise_id == told.enterprise_id,
        MatchConflict.partner_id == told.partner_id,
    )
    stands = (await session.execute(ground)).scalar_one()
    return ConflictOut(event_id=event_id, enterprise_id=told.enterprise_id, partner_id=told.partner_id, ground=stands)


async def check_pair(session: AsyncSession, event_id: uuid.UUID, pair: PairIn) -> None:
    """Problem `match_not_a_pair` unless these are an enterprise and a partner of the event."""
    statement = select(MatchParticipant.id, MatchParticipant.side).where(
        MatchParticipant.event_id == event_id, MatchParticipant.id.in_([pair.enterprise_id, pair.partner_id])
    )
    sides = {row.id: row.side for row in await session.execute(statement)}
    if (sides.get(pair.enterprise_id), sides.get(pair.partner_id)) != ("enterprise", "partner"):
        raise Problem(NOT_A_PAIR)


async def _audit(session: AsyncSession, actor: Actor, action: str, event_id: uuid.UUID, detail: dict[str, str]) -> None:
    await audit.record(
        session, service="finance", actor=actor, action=action, subject=("match_event", event_id), detail=detail
    )
