"""Released timetables: meetings as people read them, and what changed between two versions."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Row, Select, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.finance.matchmaking.errors import NO_TIMETABLE
from services.finance.matchmaking.plan_schemas import ChangesOut, MeetingOut, MovedOut, TimetableOut
from shared.errors import Problem
from shared.models.matchmaking import MatchMeeting, MatchParticipant, MatchRelease, MatchRoom, MatchSlot

_Enterprise = aliased(MatchParticipant)
_Partner = aliased(MatchParticipant)
_Read: TypeAlias = Row[MatchMeeting, MatchParticipant, MatchParticipant, MatchSlot, MatchRoom]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a timetable: where a page ended."""

    slot: int
    room: int

    @classmethod
    def of(cls, cursor: str | None) -> Place | None:
        """`3.2` is slot 3, room 2."""
        if cursor is None:
            return None
        slot, room = cursor.split(".")
        return cls(int(slot), int(room))


async def release_of(session: AsyncSession, event_id: uuid.UUID, version: int | None) -> MatchRelease:
    """One version, or the newest; Problem `match_no_timetable`."""
    statement = select(MatchRelease).where(MatchRelease.event_id == event_id)
    if version is not None:
        statement = statement.where(MatchRelease.version == version)
    found = (await session.execute(statement.order_by(MatchRelease.version.desc()).limit(1))).scalar_one_or_none()
    if found is None:
        raise Problem(NO_TIMETABLE)
    return found


def _meetings(plan_id: uuid.UUID) -> Select[MatchMeeting, MatchParticipant, MatchParticipant, MatchSlot, MatchRoom]:
    room_of = and_(MatchRoom.event_id == MatchMeeting.event_id, MatchRoom.room == MatchMeeting.room)
    return (
        select(MatchMeeting, _Enterprise, _Partner, MatchSlot, MatchRoom)
        .join(_Enterprise, _Enterprise.id == MatchMeeting.enterprise_id)
        .join(_Partner, _Partner.id == MatchMeeting.partner_id)
        .join(MatchSlot, and_(MatchSlot.event_id == MatchMeeting.event_id, MatchSlot.slot == MatchMeeting.slot))
        .join(MatchRoom, room_of)
        .where(MatchMeeting.plan_id == plan_id)
        .order_by(MatchMeeting.slot, MatchMeeting.room)
    )


def _out(row: _Read) -> MeetingOut:
    meeting, enterprise, partner, slot, room = row
    lower, upper = slot.during.lower, slot.during.upper
    assert lower is not None and upper is not None  # noqa: S101, PT018 (a CHECK keeps both)
    both = enterprise.consented_at is not None and partner.consented_at is not None
    return MeetingOut(
        enterprise_id=enterprise.id,
        enterprise=enterprise.name,
        partner_id=partner.id,
        partner=partner.name,
        slot=meeting.slot,
        starts_at=lower,
        ends_at=upper,
        room=room.name,
        online=room.online,
        points=meeting.points,
        enterprise_contact=enterprise.contact if both else None,
        partner_contact=partner.contact if both else None,
    )


async def meetings_in(
    session: AsyncSession, plan_id: uuid.UUID, participant_id: uuid.UUID | None = None
) -> list[MeetingOut]:
    """A plan's meetings, or those of one participant, in order of slot and room."""
    statement = _meetings(plan_id)
    if participant_id is not None:
        statement = statement.where(
            or_(MatchMeeting.enterprise_id == participant_id, MatchMeeting.partner_id == participant_id)
        )
    return [_out(row) for row in await session.execute(statement)]


async def timetable_page(
    session: AsyncSession, release: MatchRelease, *, after: Place | None, limit: int
) -> TimetableOut:
    """One version, page by page."""
    statement = _meetings(release.plan_id)
    if after is not None:
        statement = statement.where(tuple_(MatchMeeting.slot, MatchMeeting.room) > (after.slot, after.room))
    rows = list(await session.execute(statement.limit(limit + 1)))
    last = rows[limit - 1][0] if len(rows) > limit else None
    return TimetableOut(
        event_id=release.event_id,
        version=release.version,
        plan_id=release.plan_id,
        items=[_out(row) for row in rows[:limit]],
        next_cursor=None if last is None else f"{last.slot}.{last.room}",
    )


async def changes_of(session: AsyncSession, release: MatchRelease) -> ChangesOut:
    """What makes this version of the one before; all of it is added in the first."""
    now = await meetings_in(session, release.plan_id)
    before: Sequence[MeetingOut] = ()
    if release.version > 1:
        earlier = await release_of(session, release.event_id, release.version - 1)
        before = await meetings_in(session, earlier.plan_id)
    was = {(one.enterprise_id, one.partner_id): one for one in before}
    now_is = {(one.enterprise_id, one.partner_id): one for one in now}
    added = [one for pair, one in now_is.items() if pair not in was]
    removed = [one for pair, one in was.items() if pair not in now_is]
    moved = [
        MovedOut(before=was[pair], after=one)
        for pair, one in now_is.items()
        if pair in was and (was[pair].slot, was[pair].room) != (one.slot, one.room)
    ]
    affected = await _still_here(session, _both([*added, *removed, *(one.after for one in moved)]))
    return ChangesOut(
        event_id=release.event_id, version=release.version, added=added, removed=removed, moved=moved, affected=affected
    )


async def _still_here(session: AsyncSession, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Without those who cancelled: they know."""
    statement = select(MatchParticipant.id).where(MatchParticipant.id.in_(ids), MatchParticipant.cancelled_at.is_(None))
    return sorted((await session.execute(statement)).scalars())


def _both(meetings: Iterable[MeetingOut]) -> list[uuid.UUID]:
    return sorted({side for one in meetings for side in (one.enterprise_id, one.partner_id)})
