"""Reads of who takes part."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.event_queries import within_reach
from services.finance.matchmaking.gathering import Side
from services.finance.matchmaking.money import yuan_of
from services.finance.matchmaking.participant_schemas import ParticipantOut, ParticipantPage
from shared.errors import NOT_FOUND, Problem
from shared.models.matchmaking import MatchEvent, MatchParticipant
from shared.security.actor import Actor


def participant_out(one: MatchParticipant) -> ParticipantOut:
    """As HTTP shows a participant: never its contact details."""
    profile: dict[str, Any] = one.profile
    side: Side = "enterprise" if one.side == "enterprise" else "partner"
    return ParticipantOut(
        id=one.id,
        event_id=one.event_id,
        side=side,
        kind=one.kind,
        uscc=one.uscc,
        name=one.name,
        capacity=one.capacity,
        ipc=profile["ipc"],
        industries=profile["industries"],
        least_cny=yuan_of(profile["least"]),
        most_cny=yuan_of(profile["most"]),
        regions=profile["regions"],
        stages=profile["stages"],
        text=profile["text"],
        consented=one.consented_at is not None,
        cancelled=one.cancelled_at is not None,
        checked_in_at=one.checked_in_at,
    )


async def participant_by_id(session: AsyncSession, actor: Actor, participant_id: uuid.UUID) -> MatchParticipant:
    """The participant of an event within reach; Problem `not_found`."""
    statement = (
        select(MatchParticipant)
        .join(MatchEvent, MatchEvent.id == MatchParticipant.event_id)
        .where(MatchParticipant.id == participant_id, within_reach(actor))
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


async def participant_page(
    session: AsyncSession, event_id: uuid.UUID, *, side: Side | None, after: uuid.UUID | None, limit: int
) -> ParticipantPage:
    """In the order of registration, cancelled ones too."""
    statement = select(MatchParticipant).where(MatchParticipant.event_id == event_id)
    if side is not None:
        statement = statement.where(MatchParticipant.side == side)
    if after is not None:
        statement = statement.where(MatchParticipant.id > after)
    found = list((await session.execute(statement.order_by(MatchParticipant.id).limit(limit + 1))).scalars())
    items = [participant_out(one) for one in found[:limit]]
    return ParticipantPage(items=items, next_cursor=items[-1].id if len(found) > limit else None)
