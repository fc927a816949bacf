"""HTTP: two-sided events, the year's calendar, and who takes part."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.finance.matchmaking.create_event import create_event
from services.finance.matchmaking.errors import (
    CALL_CLOSED,
    CHAIN_UNKNOWN,
    EVENT_EXISTS,
    KIND_UNKNOWN,
    MAY_NOT_TAKE_PART,
    NOT_OF_KIND,
    OUTSIDE_CITY,
    ROOM_TAKEN,
    RULE_UNKNOWN,
    SLOT_OUTSIDE,
    SLOTS_OVERLAP,
    TWICE,
    USCC_MISSING,
)
from services.finance.matchmaking.event_queries import event_by_id, event_out, event_page
from services.finance.matchmaking.gathering import Side
from services.finance.matchmaking.kinds import kinds_out
from services.finance.matchmaking.participant_queries import participant_page
from services.finance.matchmaking.participant_schemas import ParticipantPage, ParticipantsIn, ParticipantsOut
from services.finance.matchmaking.register import register
from services.finance.matchmaking.schemas import CalendarOut, EventIn, EventOut, EventPage, KindsOut
from services.finance.matchmaking.year import calendar_of
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Reader = Annotated[Actor, requires("matchmaking:read")]
Writer = Annotated[Actor, requires("matchmaking:write")]
Limit = Annotated[int, Query(ge=1, le=500)]
EventPath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]


@router.get("/match-kinds", summary="List kinds of events and industry chains")
async def get_kinds(_: Reader) -> KindsOut:
    """Kinds with their sides, weights and hard conditions; stages; and the province's industry chains with sources."""
    return kinds_out()


@router.get("/match-calendar", summary="Read a year's calendar of events")
async def get_calendar(
    session: SessionDep, actor: Reader, year: Annotated[int, Query(ge=2000, le=2999, examples=[2027])]
) -> CalendarOut:
    """Each month's events with their chains, months without one (一月一链), and cities below their yearly minimum."""
    return await calendar_of(session, actor, year)


@router.post(
    "/match-events",
    status_code=201,
    response_model=EventOut,
    summary="Call an event",
    responses=refuses(
        KIND_UNKNOWN, CHAIN_UNKNOWN, RULE_UNKNOWN, OUTSIDE_CITY, SLOT_OUTSIDE, SLOTS_OVERLAP, ROOM_TAKEN, EVENT_EXISTS
    ),
)
async def post_event(body: EventIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """An event with its slots and rooms; a room that another event has at that time is refused by the database."""
    return await idempotency.run(session, actor, 201, lambda: create_event(session, actor, body))


@router.get("/match-events", summary="List events")
async def get_events(
    session: SessionDep, actor: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> EventPage:
    """Within reach, in the order in which they were called."""
    return await event_page(session, actor, after=cursor, limit=limit)


@router.get("/match-events/{event_id}", summary="Read an event", responses=refuses(NOT_FOUND))
async def get_event(event_id: EventPath, session: SessionDep, actor: Reader) -> EventOut:
    """One event with its slots and rooms, and the version of its timetable in force."""
    return await event_out(session, await event_by_id(session, actor, event_id))


@router.post(
    "/match-events/{event_id}/participants",
    status_code=201,
    response_model=ParticipantsOut,
    summary="Register participants",
    responses=refuses(NOT_FOUND, CALL_CLOSED, NOT_OF_KIND, USCC_MISSING, MAY_NOT_TAKE_PART, TWICE),
)
async def post_participants(
    event_id: EventPath, body: ParticipantsIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """Enterprises with what they need, partners with what they offer: all or none, each once."""
    return await idempotency.run(session, actor, 201, lambda: register(session, actor, event_id, body))


@router.get(
    "/match-events/{event_id}/participants", summary="List who takes part in an event", responses=refuses(NOT_FOUND)
)
async def get_participants(
    event_id: EventPath,
    session: SessionDep,
    actor: Reader,
    side: Side | None = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ParticipantPage:
    """In the order of registration, without contact details."""
    event = await event_by_id(session, actor, event_id)
    return await participant_page(session, event.id, side=side, after=cursor, limit=limit)
