"""HTTP: calendars of participants."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.finance.matchmaking.act_routes import ParticipantPath
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.icalendar_file import calendar_file
from services.finance.matchmaking.participant_queries import participant_by_id
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


@router.get(
    "/match-participants/{participant_id}/calendar.ics",
    response_class=Response,
    responses=CALENDAR | refuses(NOT_FOUND),
    summary="Read a participant's calendar",
)
async def get_calendar(
    participant_id: ParticipantPath, session: SessionDep, actor: Annotated[Actor, requires("matchmaking:read")]
) -> Response:
    """Its meetings in the version in force, and as cancelled those of earlier versions that are no more."""
    one = await participant_by_id(session, actor, participant_id)
    event = await event_by_id(session, actor, one.event_id)
    return Response(await calendar_file(session, event, one), media_type=MEDIA_TYPE)
