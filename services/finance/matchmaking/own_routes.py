"""HTTP: an enterprise's own part in events."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Response

from services.finance.matchmaking.errors import CALL_CLOSED, CANCELLED, NO_TIMETABLE, NOT_A_PAIR
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.file_routes import CALENDAR, MEDIA_TYPE
from services.finance.matchmaking.icalendar_file import calendar_file
from services.finance.matchmaking.own import own_page, own_participant
from services.finance.matchmaking.participant_acts import consent
from services.finance.matchmaking.participant_queries import participant_page
from services.finance.matchmaking.participant_schemas import (
    OwnPreferenceIn,
    ParticipantOut,
    ParticipantPage,
    PreferenceIn,
    PreferenceOut,
)
from services.finance.matchmaking.plan_queries import plan_by_id, reason_page
from services.finance.matchmaking.plan_schemas import OwnEventPage, ReasonPage
from services.finance.matchmaking.preferences import prefer
from services.finance.matchmaking.routes import EventPath, Limit
from services.finance.matchmaking.timetables import release_of
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Own = Annotated[Actor, requires("matchmaking:own")]


@router.get("/own-match-events", summary="List one's own events")
async def get_own(session: SessionDep, actor: Own, cursor: uuid.UUID | None = None, limit: Limit = 100) -> OwnEventPage:
    """Events that the enterprise is registered for, with its meetings in the version in force."""
    return await own_page(session, actor, after=cursor, limit=limit)


@router.get("/own-match-events/{event_id}/partners", summary="List whom one may meet", responses=refuses(NOT_FOUND))
async def get_partners(
    event_id: EventPath, session: SessionDep, actor: Own, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> ParticipantPage:
    """The other side of one's own event, without contact details."""
    await own_participant(session, actor, event_id)
    return await participant_page(session, event_id, side="partner", after=cursor, limit=limit)


@router.post(
    "/own-match-events/{event_id}:consent",
    response_model=ParticipantOut,
    summary="Consent to show one's contact details",
    responses=refuses(NOT_FOUND, CANCELLED),
)
async def post_consent(event_id: EventPath, session: SessionDep, actor: Own, idempotency: IdempotencyDep) -> Response:
    """To those whom one meets, once they have consented too."""
    one = await own_participant(session, actor, event_id)
    return await idempotency.run(session, actor, 200, lambda: consent(session, actor, one.id))


@router.post(
    "/own-match-events/{event_id}/preferences",
    status_code=201,
    response_model=PreferenceOut,
    summary="Ask for a meeting, or for none",
    responses=refuses(NOT_FOUND, CALL_CLOSED, NOT_A_PAIR),
)
async def post_preference(
    event_id: EventPath, body: OwnPreferenceIn, session: SessionDep, actor: Own, idempotency: IdempotencyDep
) -> Response:
    """One's own wish or ban; the newest word counts."""
    one = await own_participant(session, actor, event_id)
    wanted = PreferenceIn(enterprise_id=one.id, partner_id=body.partner_id, by_side="enterprise", word=body.word)
    return await idempotency.run(session, actor, 201, lambda: prefer(session, actor, event_id, wanted))


@router.get(
    "/own-match-events/{event_id}/reasons",
    summary="Read why one does not meet others",
    responses=refuses(NOT_FOUND, NO_TIMETABLE),
)
async def get_reasons(
    event_id: EventPath, session: SessionDep, actor: Own, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> ReasonPage:
    """A reason with its figures for every partner whom the timetable in force does not have one meet."""
    one = await own_participant(session, actor, event_id)
    found = await release_of(session, event_id, None)
    plan = await plan_by_id(session, actor, found.plan_id)
    return await reason_page(session, plan, one.id, after=cursor, limit=limit)


@router.get(
    "/own-match-events/{event_id}/calendar.ics",
    response_class=Response,
    responses=CALENDAR | refuses(NOT_FOUND),
    summary="Read one's own calendar",
)
async def get_calendar(event_id: EventPath, session: SessionDep, actor: Own) -> Response:
    """One's meetings in the version in force, and as cancelled those of earlier versions that are no more."""
    one = await own_participant(session, actor, event_id)
    event = await event_by_id(session, actor, event_id)
    return Response(await calendar_file(session, event, one), media_type=MEDIA_TYPE)
