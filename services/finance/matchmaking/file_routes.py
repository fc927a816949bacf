"""HTTP: calendars of participants, and the timetable for the venue."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.finance.matchmaking.act_routes import ParticipantPath
from services.finance.matchmaking.decision_routes import VersionPath
from services.finance.matchmaking.errors import NO_TIMETABLE
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.icalendar_file import calendar_file
from services.finance.matchmaking.participant_queries import participant_by_id
from services.finance.matchmaking.routes import EventPath
from services.finance.matchmaking.timetables import release_of
from services.finance.matchmaking.venue_workbook import venue_workbook
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
MEDIA_TYPE = "text/calendar"
CALENDAR: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "An iCalendar file",
        "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": "BEGIN:VCALENDAR\r\n…\r\nEND:VCALENDAR"}},
    }
}

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A workbook",
        "content": {WORKBOOK_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
Reader = Annotated[Actor, requires("matchmaking:read")]


@router.get(
    "/match-participants/{participant_id}/calendar.ics",
    response_class=Response,
    responses=CALENDAR | refuses(NOT_FOUND),
    summary="Read a participant's calendar",
)
async def get_calendar(participant_id: ParticipantPath, session: SessionDep, actor: Reader) -> Response:
    """Its meetings in the version in force, and as cancelled those of earlier versions that are no more."""
    one = await participant_by_id(session, actor, participant_id)
    event = await event_by_id(session, actor, one.event_id)
    return Response(await calendar_file(session, event, one), media_type=MEDIA_TYPE)


@router.get(
    "/match-events/{event_id}/timetables/{version}/venue.xlsx",
    response_class=Response,
    responses=WORKBOOK | refuses(NOT_FOUND, NO_TIMETABLE),
    summary="Read a version's workbook for the venue",
)
async def get_workbook(event_id: EventPath, version: VersionPath, session: SessionDep, actor: Reader) -> Response:
    """By slot and room, by participant, and the list at the door; without contact details."""
    event = await event_by_id(session, actor, event_id)
    release = await release_of(session, event.id, version)
    headers = {"Content-Disposition": f'attachment; filename="venue-{version}.xlsx"'}
    return Response(await venue_workbook(session, event, release), media_type=WORKBOOK_TYPE, headers=headers)
