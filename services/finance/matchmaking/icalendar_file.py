"""A participant's meetings as an iCalendar file (RFC 5545)."""

from __future__ import annotations

import uuid
from datetime import datetime

from icalendar import Calendar, Event
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.plan_schemas import MeetingOut
from services.finance.matchmaking.timetables import meetings_in
from shared.models.matchmaking import MatchEvent, MatchParticipant, MatchRelease


async def calendar_file(session: AsyncSession, event: MatchEvent, participant: MatchParticipant) -> bytes:
    """The meetings of the version in force, and as cancelled those of earlier versions that are no more.

    A meeting keeps its UID through all versions, and `SEQUENCE` counts them, so that a calendar that takes the file in
    again moves what has moved.
    """
    releases = list(
        (
            await session.execute(
                select(MatchRelease).where(MatchRelease.event_id == event.id).order_by(MatchRelease.version)
            )
        ).scalars()
    )
    latest: dict[tuple[uuid.UUID, uuid.UUID], tuple[MeetingOut, MatchRelease]] = {}
    for release in releases:
        for one in await meetings_in(session, release.plan_id, participant.id):
            latest[one.enterprise_id, one.partner_id] = (one, release)
    calendar = Calendar()
    calendar.add("prodid", "-//Peiyu//matchmaking//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", event.title)
    for one, release in sorted(latest.values(), key=lambda each: (each[0].starts_at, each[0].partner_id)):
        newest = releases[-1]
        is_on = release.version == newest.version
        calendar.add_component(_event(event, participant, one, newest.version, newest.released_at, is_on=is_on))
    return calendar.to_ical()


def _event(
    event: MatchEvent, participant: MatchParticipant, one: MeetingOut, version: int, at: datetime, *, is_on: bool
) -> Event:
    mine = participant.id == one.enterprise_id
    other, contact = (one.partner, one.partner_contact) if mine else (one.enterprise, one.enterprise_contact)
    found = Event()
    found.add("uid", f"{event.id}-{one.enterprise_id}-{one.partner_id}@peiyu")
    found.add("sequence", version)
    found.add("dtstamp", at)
    found.add("dtstart", one.starts_at)
    found.add("dtend", one.ends_at)
    found.add("summary", f"{event.title}：{other}")
    found.add("location", one.room if one.online else f"{event.venue} {one.room}")
    found.add("status", "CONFIRMED" if is_on else "CANCELLED")
    if contact is not None and is_on:
        found.add("description", f"联系方式：{contact}")
    return found
