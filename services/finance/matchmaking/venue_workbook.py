"""The timetable for the venue as XLSX: by slot and room, by participant, and the list at the door."""

from __future__ import annotations

import io
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from xlsxwriter import Workbook
from xlsxwriter.format import Format

from services.finance.matchmaking.event_queries import Hours, hours_of, rooms_of
from services.finance.matchmaking.plan_schemas import MeetingOut
from services.finance.matchmaking.timetables import meetings_in
from shared.calendar import local_minute
from shared.models.matchmaking import MatchEvent, MatchParticipant, MatchRelease

GRID, BY_PARTICIPANT, DOOR = "总表", "分参加方", "签到表"
_SIDES = {"enterprise": "企业", "partner": "对接方"}


async def venue_workbook(session: AsyncSession, event: MatchEvent, release: MatchRelease) -> bytes:
    """One version's three sheets; contact details are in none of them."""
    meetings = await meetings_in(session, release.plan_id)
    times = [_span(one) for one in await hours_of(session, event.id)]
    rooms = [f"{one.name}（线上）" if one.online else one.name for one in await rooms_of(session, event.id)]
    statement = (
        select(MatchParticipant)
        .where(MatchParticipant.event_id == event.id, MatchParticipant.cancelled_at.is_(None))
        .order_by(MatchParticipant.side, MatchParticipant.name, MatchParticipant.id)
    )
    people = list((await session.execute(statement)).scalars())
    file = io.BytesIO()
    workbook = Workbook(file, {"in_memory": True, "strings_to_urls": False})
    # The file says when the version was released, so that its bytes are the version's own.
    workbook.set_properties({"title": event.title, "created": release.released_at.replace(tzinfo=None)})
    heading = workbook.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#17375E", "text_wrap": True})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    title = f"{event.title}（{event.venue}，第{release.version}版）"
    for name, rows, widths in (
        (GRID, _grid(meetings, times, rooms), (26, *(30 for _ in rooms))),
        (BY_PARTICIPANT, _by_participant(meetings, people, times), (10, 34, 26, 20, 34)),
        (DOOR, _door(meetings, people), (10, 34, 10, 22, 20)),
    ):
        _write(workbook, name, title, rows, widths, (heading, wrapped))
    workbook.close()
    return file.getvalue()


def _span(hours: Hours) -> str:
    return f"{local_minute(hours.starts_at)}–{local_minute(hours.ends_at)[-5:]}"


def _grid(meetings: Sequence[MeetingOut], times: Sequence[str], rooms: Sequence[str]) -> list[list[str]]:
    """A row per slot, a column per room; rooms are told apart by name."""
    at = {(one.slot, f"{one.room}（线上）" if one.online else one.room): one for one in meetings}
    rows = [["时间", *rooms]]
    for slot, time in enumerate(times):
        found = [at.get((slot, room)) for room in rooms]
        rows.append([time, *("" if one is None else f"{one.enterprise}\n{one.partner}" for one in found)])
    return rows


def _by_participant(
    meetings: Sequence[MeetingOut], people: Iterable[MatchParticipant], times: Sequence[str]
) -> list[list[str]]:
    rows = [["类别", "参加方", "时间", "场地", "见面对象"]]
    of_each = _of_each(meetings)
    for person in people:
        for one in of_each[person.id]:
            other = one.partner if person.id == one.enterprise_id else one.enterprise
            rows.append([_SIDES[person.side], person.name, times[one.slot], one.room, other])
    return rows


def _of_each(meetings: Iterable[MeetingOut]) -> defaultdict[uuid.UUID, list[MeetingOut]]:
    found: defaultdict[uuid.UUID, list[MeetingOut]] = defaultdict(list)
    for one in meetings:
        found[one.enterprise_id].append(one)
        found[one.partner_id].append(one)
    return found


def _door(meetings: Sequence[MeetingOut], people: Iterable[MatchParticipant]) -> list[list[str]]:
    rows = [["类别", "参加方", "场数", "到场时间", "签名"]]
    of_each = _of_each(meetings)
    for person in people:
        came = "" if person.checked_in_at is None else local_minute(person.checked_in_at)
        rows.append([_SIDES[person.side], person.name, str(len(of_each[person.id])), came, ""])
    return rows


def _write(
    workbook: Workbook,
    name: str,
    title: str,
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    looks: tuple[Format, Format],
) -> None:
    sheet = workbook.add_worksheet(name)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(1)
    sheet.freeze_panes(2, 1)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, title)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            # Always text: a name that begins with = is no formula.
            sheet.write_string(number, column, cell, looks[0] if number == 1 else looks[1])
