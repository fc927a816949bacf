"""Tell those for whom a released timetable changes something, and nobody else."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.plan_schemas import ChangesOut, MeetingOut
from services.finance.matchmaking.timetables import changes_of, release_of
from shared.calendar import local_minute
from shared.models.base import new_id
from shared.models.matchmaking import MatchNotice

What: TypeAlias = Literal["added", "removed", "moved"]
_WORDS: dict[What, str] = {"added": "新增", "removed": "取消", "moved": "改期"}


async def tell_participants(session: AsyncSession, event_id: uuid.UUID, version: int) -> int:
    """Write a notice to each participant whom the version affects, once; how many were new."""
    changes = await changes_of(session, await release_of(session, event_id, version))
    told = lines_by_participant(changes)
    rows = [
        {"id": new_id(), "event_id": event_id, "participant_id": one, "version": version, "changes": told[one]}
        for one in changes.affected
    ]
    if not rows:
        return 0
    statement = insert(MatchNotice).values(rows).on_conflict_do_nothing().returning(MatchNotice.id)
    return len(list(await session.execute(statement)))


def lines_by_participant(changes: ChangesOut) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """What a version changes for each participant, in order of time; contact details are in nobody's notice."""
    lines: defaultdict[uuid.UUID, list[dict[str, Any]]] = defaultdict(list)
    for what, meeting, before in sorted(_every(changes), key=lambda one: (one[1].starts_at, one[0], one[1].room)):
        for mine, other_id, other in (
            (meeting.enterprise_id, meeting.partner_id, meeting.partner),
            (meeting.partner_id, meeting.enterprise_id, meeting.enterprise),
        ):
            lines[mine].append(
                {
                    "change": what,
                    "other_id": str(other_id),
                    "other": other,
                    "starts_at": meeting.starts_at.isoformat(),
                    "ends_at": meeting.ends_at.isoformat(),
                    "room": meeting.room,
                    "text": _text(what, other, meeting, before),
                }
            )
    return lines


def _every(changes: ChangesOut) -> Iterator[tuple[What, MeetingOut, MeetingOut | None]]:
    for one in changes.added:
        yield "added", one, None
    for one in changes.removed:
        yield "removed", one, None
    for pair in changes.moved:
        yield "moved", pair.after, pair.before


def _text(what: What, other: str, meeting: MeetingOut, before: MeetingOut | None) -> str:
    moved = "" if before is None else f"（原{_when(before)}）"
    return f"{_WORDS[what]}：{_when(meeting)}，与{other}见面{moved}"


def _when(meeting: MeetingOut) -> str:
    return f"{local_minute(meeting.starts_at)}–{local_minute(meeting.ends_at)[-5:]}，{meeting.room}"
