"""Reads of events within reach: officers of a city see its own, others all."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.chains import chains
from services.finance.matchmaking.errors import CHAIN_UNKNOWN
from services.finance.matchmaking.schemas import EventBrief, EventOut, EventPage, RoomOut, SlotOut
from shared.errors import NOT_FOUND, Problem
from shared.models.matchmaking import MatchEvent, MatchParticipant, MatchRelease, MatchRoom, MatchSlot
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Hours:
    """A slot's beginning and end."""

    starts_at: datetime
    ends_at: datetime


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """Which events the actor may see: an enterprise those that it takes part in."""
    if actor.uscc is not None:
        holder = func.holder_of_code(MatchParticipant.uscc)
        return MatchEvent.id.in_(select(MatchParticipant.event_id).where(holder == func.holder_of_code(actor.uscc)))
    return true() if actor.city_code is None else MatchEvent.city_code == actor.city_code


async def event_by_id(session: AsyncSession, actor: Actor, event_id: uuid.UUID, *, lock: bool = False) -> MatchEvent:
    """The event within reach; Problem `not_found`. `lock` makes whoever plans the same event wait."""
    statement = select(MatchEvent).where(MatchEvent.id == event_id, within_reach(actor))
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    if lock:
        await lock_event(session, event_id)
    return found


async def lock_event(session: AsyncSession, event_id: uuid.UUID) -> None:
    """Until the end of the transaction: who takes part, plans and releases of one event change one after the other."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"match:{event_id}", 0))))


async def hours_of(session: AsyncSession, event_id: uuid.UUID) -> list[Hours]:
    """The event's slots, by number."""
    statement = select(MatchSlot.during).where(MatchSlot.event_id == event_id).order_by(MatchSlot.slot)
    found: list[Hours] = []
    for during in (await session.execute(statement)).scalars():
        assert during.lower is not None and during.upper is not None  # noqa: S101, PT018 (a CHECK keeps both)
        found.append(Hours(during.lower, during.upper))
    return found


async def rooms_of(session: AsyncSession, event_id: uuid.UUID) -> list[MatchRoom]:
    """The event's rooms, by number."""
    statement = select(MatchRoom).where(MatchRoom.event_id == event_id).order_by(MatchRoom.room)
    return list((await session.execute(statement)).scalars())


async def newest_release(session: AsyncSession, event_id: uuid.UUID) -> MatchRelease | None:
    """The version of the timetable in force."""
    statement = select(MatchRelease).where(MatchRelease.event_id == event_id).order_by(MatchRelease.version.desc())
    return (await session.execute(statement.limit(1))).scalar_one_or_none()


async def event_out(session: AsyncSession, event: MatchEvent) -> EventOut:
    """One event as HTTP shows it."""
    release = await newest_release(session, event.id)
    hours = await hours_of(session, event.id)
    return EventOut(
        id=event.id,
        kind=event.kind,
        title=event.title,
        month=event.month,
        chain=event.chain,
        chain_name=chain_name(event.chain),
        city_code=event.city_code,
        venue=event.venue,
        who=event.who,
        slots=[SlotOut(slot=at, starts_at=one.starts_at, ends_at=one.ends_at) for at, one in enumerate(hours)],
        rooms=[RoomOut(room=one.room, name=one.name, online=one.online) for one in await rooms_of(session, event.id)],
        version=None if release is None else release.version,
    )


def chain_name(code: str) -> str:
    """The chain's name; a code that the lists no longer have stands for itself."""
    known = chains().get(code)
    return code if known is None else known.name


def known_chain(code: str) -> str:
    """`code`, if the lists have it; Problem `match_chain_unknown`."""
    if code not in chains():
        raise Problem(CHAIN_UNKNOWN)
    return code


def brief(event: MatchEvent) -> EventBrief:
    """One event in a line."""
    return EventBrief(
        id=event.id,
        kind=event.kind,
        title=event.title,
        chain_name=chain_name(event.chain),
        city_code=event.city_code,
    )


def page_of(statement: Select[MatchEvent], after: uuid.UUID | None, limit: int) -> Select[MatchEvent]:
    """One more than `limit` events after a cursor, in the order in which they were recorded."""
    if after is not None:
        statement = statement.where(MatchEvent.id > after)
    return statement.order_by(MatchEvent.id).limit(limit + 1)


async def event_page(session: AsyncSession, actor: Actor, *, after: uuid.UUID | None, limit: int) -> EventPage:
    """Events within reach, in the order in which they were recorded."""
    found: Sequence[MatchEvent] = (
        (await session.execute(page_of(select(MatchEvent).where(within_reach(actor)), after, limit))).scalars().all()
    )
    items = [await event_out(session, one) for one in found[:limit]]
    return EventPage(items=items, next_cursor=items[-1].id if len(found) > limit else None)
