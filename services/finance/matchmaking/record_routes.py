"""HTTP: outcomes of meetings, and follow-ups that are due."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator

from services.finance.matchmaking.errors import (
    AMOUNT_NOT_MEANT,
    DAY_WRONG,
    NOT_MET,
    RESULT_MISSING,
    STAGE_UNKNOWN,
    TOO_EARLY,
)
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.outcome_queries import follow_up_page, outcome_page
from services.finance.matchmaking.outcomes import record_outcome
from services.finance.matchmaking.record_schemas import FollowUpPage, OutcomeIn, OutcomeOut, OutcomePage, SummaryOut
from services.finance.matchmaking.routes import EventPath, Limit
from services.finance.matchmaking.summary import summary_of
from shared import calendar
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Reader = Annotated[Actor, requires("matchmaking:read")]


@router.post(
    "/match-events/{event_id}/outcomes",
    status_code=201,
    response_model=OutcomeOut,
    summary="Record what came of a meeting",
    responses=refuses(NOT_FOUND, STAGE_UNKNOWN, RESULT_MISSING, AMOUNT_NOT_MEANT, DAY_WRONG, NOT_MET, TOO_EARLY),
)
async def post_outcome(
    event_id: EventPath,
    body: OutcomeIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("matchmaking:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Held or not, and the result, on the day or at a follow-up; a later word on the same stage replaces an earlier one."""
    return await idempotency.run(session, actor, 201, lambda: record_outcome(session, actor, event_id, body))


@router.get("/match-events/{event_id}/outcomes", summary="List outcomes of an event", responses=refuses(NOT_FOUND))
async def get_outcomes(
    event_id: EventPath, session: SessionDep, actor: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> OutcomePage:
    """Every word in order; `latest` marks those that hold."""
    event = await event_by_id(session, actor, event_id)
    return await outcome_page(session, event.id, after=cursor, limit=limit)


@router.get("/match-events/{event_id}/summary", summary="Read what an event came to", responses=refuses(NOT_FOUND))
async def get_summary(event_id: EventPath, session: SessionDep, actor: Reader) -> SummaryOut:
    """Who came, what was held, and the amounts intended, agreed and invested."""
    return await summary_of(session, await event_by_id(session, actor, event_id))


@router.get("/match-follow-ups", summary="List follow-ups that are due")
async def get_follow_ups(
    session: SessionDep,
    actor: Reader,
    on: Annotated[date | None, BeforeValidator(iso_date), Query(examples=["2027-04-09"])] = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> FollowUpPage:
    """Due by a day (today), of meetings that were held and did not end in a no."""
    day = on or calendar.business_date(calendar.now())
    return await follow_up_page(session, actor, day, after=cursor, limit=limit)
