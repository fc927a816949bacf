"""The present state of an event as a gathering, and the meetings of a plan."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.event_queries import hours_of, rooms_of
from services.finance.matchmaking.gathering import Gathering, PairIds, Side
from services.finance.matchmaking.profiles import Profile
from shared.models.matchmaking import MatchConflict, MatchEvent, MatchMeeting, MatchParticipant, MatchPreference


async def gathering_of(session: AsyncSession, event: MatchEvent) -> Gathering:
    """Everybody who has not cancelled, in the order of registration, with what they ask for now."""
    statement = (
        select(MatchParticipant)
        .where(MatchParticipant.event_id == event.id, MatchParticipant.cancelled_at.is_(None))
        .order_by(MatchParticipant.id)
    )
    present = list((await session.execute(statement)).scalars())
    here = {str(one.id) for one in present}
    bans: dict[PairIds, frozenset[Side]] = {}
    wishes: dict[PairIds, frozenset[Side]] = {}
    preferences = select(MatchPreference).where(MatchPreference.event_id == event.id)
    for one in (await session.execute(preferences)).scalars():
        pair = (str(one.enterprise_id), str(one.partner_id))
        if one.word != "neutral" and here.issuperset(pair):
            found = bans if one.word == "ban" else wishes
            side: Side = "enterprise" if one.by_side == "enterprise" else "partner"
            found[pair] = found.get(pair, frozenset[Side]()) | frozenset[Side]((side,))
    conflicts = select(MatchConflict).where(MatchConflict.event_id == event.id)
    grounds = {
        (str(one.enterprise_id), str(one.partner_id)): one.ground
        for one in (await session.execute(conflicts)).scalars()
        if here.issuperset((str(one.enterprise_id), str(one.partner_id)))
    }
    return Gathering(
        kind=event.kind,
        slots=len(await hours_of(session, event.id)),
        rooms=len(await rooms_of(session, event.id)),
        enterprises=tuple(_profile(one) for one in present if one.side == "enterprise"),
        partners=tuple(_profile(one) for one in present if one.side == "partner"),
        bans=bans,
        wishes=wishes,
        conflicts=grounds,
    )


def _profile(one: MatchParticipant) -> Profile:
    facts: dict[str, Any] = one.profile
    return Profile(
        id=str(one.id),
        name=one.name,
        capacity=one.capacity,
        ipc=tuple(facts["ipc"]),
        industries=tuple(facts["industries"]),
        least=facts["least"],
        most=facts["most"],
        regions=tuple(facts["regions"]),
        stages=tuple(facts["stages"]),
        text=facts["text"],
    )


async def meetings_of(session: AsyncSession, plan_id: uuid.UUID) -> list[MatchMeeting]:
    """A plan's meetings in order of slot and room."""
    statement = select(MatchMeeting).where(MatchMeeting.plan_id == plan_id)
    found = (await session.execute(statement.order_by(MatchMeeting.slot, MatchMeeting.room))).scalars()
    return list(found)
