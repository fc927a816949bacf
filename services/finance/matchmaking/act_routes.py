"""HTTP: what participants ask for, consent, cancellations and check-in."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.finance.matchmaking.cancel import cancel
from services.finance.matchmaking.errors import CALL_CLOSED, CANCELLED, NOT_A_PAIR, NOT_SOLVED, TOO_EARLY
from services.finance.matchmaking.participant_acts import check_in, consent
from services.finance.matchmaking.participant_schemas import (
    CancellationIn,
    CancellationOut,
    ConflictIn,
    ConflictOut,
    ParticipantOut,
    PreferenceIn,
    PreferenceOut,
)
from services.finance.matchmaking.preferences import declare_conflict, prefer
from services.finance.matchmaking.routes import EventPath
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Writer = Annotated[Actor, requires("matchmaking:write")]
ParticipantPath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]


@router.post(
    "/match-events/{event_id}/preferences",
    status_code=201,
    response_model=PreferenceOut,
    summary="Record a wish or a ban",
    responses=refuses(NOT_FOUND, CALL_CLOSED, NOT_A_PAIR),
)
async def post_preference(
    event_id: EventPath, body: PreferenceIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """What one side asks for; the newest word counts."""
    return await idempotency.run(session, actor, 201, lambda: prefer(session, actor, event_id, body))


@router.post(
    "/match-events/{event_id}/conflicts",
    status_code=201,
    response_model=ConflictOut,
    summary="Record a conflict of interest",
    responses=refuses(NOT_FOUND, CALL_CLOSED, NOT_A_PAIR),
)
async def post_conflict(
    event_id: EventPath, body: ConflictIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """The two do not meet at this event."""
    return await idempotency.run(session, actor, 201, lambda: declare_conflict(session, actor, event_id, body))


@router.post(
    "/match-participants/{participant_id}:consent",
    response_model=ParticipantOut,
    summary="Record a participant's consent",
    responses=refuses(NOT_FOUND, CANCELLED),
)
async def post_consent(
    participant_id: ParticipantPath, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """Contact details are shown to the other side of a meeting once both have consented."""
    return await idempotency.run(session, actor, 200, lambda: consent(session, actor, participant_id))


@router.post(
    "/match-participants/{participant_id}:cancel",
    response_model=CancellationOut,
    summary="Cancel a participant",
    responses=refuses(NOT_FOUND, NOT_SOLVED),
)
async def post_cancellation(
    participant_id: ParticipantPath,
    body: CancellationIn,
    session: SessionDep,
    actor: Writer,
    idempotency: IdempotencyDep,
) -> Response:
    """For good. Of a released timetable only what it touches is planned anew; the new plan is to be released."""
    return await idempotency.run(session, actor, 200, lambda: cancel(session, actor, participant_id, body))


@router.post(
    "/match-participants/{participant_id}:check-in",
    response_model=ParticipantOut,
    summary="Check a participant in",
    responses=refuses(NOT_FOUND, CANCELLED, TOO_EARLY),
)
async def post_check_in(
    participant_id: ParticipantPath, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """From the day of the event on; the first time counts."""
    return await idempotency.run(session, actor, 200, lambda: check_in(session, actor, participant_id))
