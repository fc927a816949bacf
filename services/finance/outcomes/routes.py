"""HTTP: what banks answer about enterprises on a list."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.finance.lists.errors import PROGRAMME_NOT_FOUND
from services.finance.lists.routes import ProgrammePath
from services.finance.outcomes.correct_outcome import correct_outcome, release_pledges
from services.finance.outcomes.errors import (
    CORRECTED_ALREADY,
    DRAWN_ABOVE_LINE,
    DUE_TOO_EARLY,
    NOT_ON_LIST,
    NOT_PLEDGED,
    OUTCOME_IN_FUTURE,
    OUTCOME_WITHDRAWN,
    PLEDGE_REFUSED,
    PLEDGED_ALREADY,
    REASON_UNKNOWN,
    REFERENCE_TWICE,
    REFERENCE_USED,
    RELEASED_TOO_EARLY,
)
from services.finance.outcomes.queries import outcome_page, reasons
from services.finance.outcomes.report_outcomes import report_outcome, report_outcomes
from services.finance.outcomes.schemas import (
    OutcomeCorrectionIn,
    OutcomeIn,
    OutcomeOut,
    OutcomePage,
    OutcomesIn,
    OutcomesOut,
    ReasonsOut,
    ReleaseIn,
)
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["outcomes"])
Reader = Annotated[Actor, requires("outcomes:read")]
Bank = Annotated[Actor, requires("outcomes:write")]
OutcomePath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]
_CONTENT = (
    OUTCOME_IN_FUTURE,
    DRAWN_ABOVE_LINE,
    DUE_TOO_EARLY,
    REASON_UNKNOWN,
    PLEDGE_REFUSED,
    PLEDGED_ALREADY,
)


@router.get("/refusal-reasons", summary="List coded reasons")
async def get_reasons(_: Reader) -> ReasonsOut:
    """Why a bank refuses, and the grounds on which a patent pledge is not registered, each with its source."""
    return reasons()


@router.get("/credit-outcomes", summary="List credit outcomes")
async def get_outcomes(
    session: SessionDep,
    actor: Reader,
    uscc: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$")] = None,
    current: bool = False,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> OutcomePage:
    """A bank's own, an enterprise's own, those of a city, or all; newest first."""
    return await outcome_page(session, actor, uscc=uscc, current=current, before=cursor, limit=limit)


@router.post(
    "/lists/{programme}/outcomes",
    status_code=201,
    response_model=OutcomeOut,
    summary="Report a credit outcome",
    responses=refuses(PROGRAMME_NOT_FOUND, NOT_ON_LIST, REFERENCE_USED, *_CONTENT),
)
async def post_outcome(
    programme: ProgrammePath, body: OutcomeIn, session: SessionDep, actor: Bank, idempotency: IdempotencyDep
) -> Response:
    """Of an enterprise that the list in force on the day of the decision has; patents are checked before they count."""
    return await idempotency.run(session, actor, 201, lambda: report_outcome(session, actor, programme, body))


@router.post(
    "/lists/{programme}/outcomes:batch",
    status_code=201,
    response_model=OutcomesOut,
    summary="Report many credit outcomes",
    responses=refuses(PROGRAMME_NOT_FOUND, NOT_ON_LIST, REFERENCE_USED, REFERENCE_TWICE, *_CONTENT),
)
async def post_outcomes(
    programme: ProgrammePath, body: OutcomesIn, session: SessionDep, actor: Bank, idempotency: IdempotencyDep
) -> Response:
    """All of them or none, at most 500; a fault anywhere names each place."""
    return await idempotency.run(session, actor, 201, lambda: report_outcomes(session, actor, programme, body))


@router.post(
    "/credit-outcomes/{outcome_id}:correct",
    status_code=201,
    response_model=OutcomeOut,
    summary="Correct a credit outcome",
    responses=refuses(NOT_FOUND, CORRECTED_ALREADY, OUTCOME_WITHDRAWN, *_CONTENT),
)
async def post_correction(
    outcome_id: OutcomePath,
    body: OutcomeCorrectionIn,
    session: SessionDep,
    actor: Bank,
    idempotency: IdempotencyDep,
) -> Response:
    """What holds instead, or that there was no such decision; both rows stay on record."""
    return await idempotency.run(session, actor, 201, lambda: correct_outcome(session, actor, outcome_id, body))


@router.post(
    "/credit-outcomes/{outcome_id}:release",
    status_code=201,
    response_model=OutcomeOut,
    summary="Release the patents pledged for a credit",
    responses=refuses(NOT_FOUND, NOT_PLEDGED, RELEASED_TOO_EARLY),
)
async def post_release(
    outcome_id: OutcomePath, body: ReleaseIn, session: SessionDep, actor: Bank, idempotency: IdempotencyDep
) -> Response:
    """From that day they are free to be pledged again, and count for the whitelist at its next judgement."""
    return await idempotency.run(session, actor, 201, lambda: release_pledges(session, actor, outcome_id, body))
