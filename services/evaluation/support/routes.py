"""HTTP: the support ledger, timelines, and what was reported before and after support."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BeforeValidator

from services.evaluation.support.correct_action import correct_action
from services.evaluation.support.errors import (
    AMOUNT_MISSING,
    AMOUNT_NOT_MEANT,
    CLAIMED_ALREADY,
    CORRECTED_ALREADY,
    IN_FUTURE,
    KIND_UNKNOWN,
    NOT_YOURS,
    OF_A_BANK,
    OF_A_REPORT,
    OF_AN_EVENT,
    PERIOD_UNKNOWN,
    PERIODS_REVERSED,
    WITHDRAWN_ALREADY,
)
from services.evaluation.support.kinds import support_data
from services.evaluation.support.ledger import Wanted
from services.evaluation.support.outcome_schemas import OutcomesOut
from services.evaluation.support.outcomes import outcomes
from services.evaluation.support.queries import action_by_id, action_page, totals
from services.evaluation.support.record_actions import record_action, record_actions
from services.evaluation.support.schemas import (
    ActionIn,
    ActionOut,
    ActionPage,
    ActionsIn,
    ActionsOut,
    CorrectionIn,
    KindOut,
    KindsOut,
    TotalsOut,
)
from services.evaluation.support.timeline import After, TimelinePage, timeline
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["support"])
Reader = Annotated[Actor, requires("support:read")]
Writer = Annotated[Actor, requires("support:write")]
Limit = Annotated[int, Query(ge=1, le=500)]
Code = Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
KindQuery = Annotated[str, Query(min_length=1, max_length=40, examples=["ip_pledge_loan"])]
Period = Annotated[str, Query(min_length=1, max_length=40, examples=["2025-H1"])]
Day = Annotated[date | None, BeforeValidator(iso_date), Query(examples=["2024-01-01"])]
_FAULTS = (NOT_FOUND, KIND_UNKNOWN, AMOUNT_MISSING, AMOUNT_NOT_MEANT, IN_FUTURE, CLAIMED_ALREADY)


def _wanted(
    uscc: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$")] = None,
    kind: KindQuery | None = None,
    city: Annotated[str | None, Query(pattern=r"^[0-9]{6}$", examples=["420100"])] = None,
    happened_from: Day = None,
    happened_to: Day = None,
) -> Wanted:
    return Wanted(uscc, kind, city, happened_from, happened_to)


Filters = Annotated[Wanted, Depends(_wanted)]


@router.get("/support-kinds", summary="List the kinds of support")
async def get_kinds(_: Reader) -> KindsOut:
    """The kinds that the province counts, each with the plan's clause."""
    return KindsOut(
        items=[
            KindOut(
                code=one.code,
                title=one.title,
                clause=one.clause,
                amount=one.amount,
                taken_from_reports=one.taken_from is not None,
            )
            for one in support_data().kinds.values()
        ]
    )


@router.get("/support-actions", summary="List support actions")
async def get_actions(
    session: SessionDep,
    actor: Reader,
    wanted: Filters,
    counted: Annotated[bool, Query(description="Only rows that sums take; false shows every row")] = True,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ActionPage:
    """Within reach, in the order in which they were recorded. A row without a day is in no span of days."""
    return await action_page(session, actor, wanted, counted=counted, after=cursor, limit=limit)


@router.post(
    "/support-actions",
    status_code=201,
    response_model=ActionOut,
    summary="Record a support action",
    responses=refuses(*_FAULTS),
)
async def post_action(body: ActionIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """Record it for good; the same support of the same enterprise is recorded once, whoever records it."""
    return await idempotency.run(session, actor, 201, lambda: record_action(session, actor, body))


@router.post(
    "/support-actions:batch",
    status_code=201,
    response_model=ActionsOut,
    summary="Record many support actions at once",
    responses=refuses(*_FAULTS),
)
async def post_actions(body: ActionsIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """All or none, at most 1,000; a refusal has the code of the first fault and names the place of each."""
    return await idempotency.run(session, actor, 201, lambda: record_actions(session, actor, body))


@router.get("/support-actions/{action_id}", summary="Read a support action", responses=refuses(NOT_FOUND))
async def get_action(action_id: uuid.UUID, session: SessionDep, actor: Reader) -> ActionOut:
    """One row of the ledger, with the row that it corrects and the one that corrects it."""
    return await action_by_id(session, actor, action_id)


@router.post(
    "/support-actions/{action_id}:correct",
    status_code=201,
    response_model=ActionOut,
    summary="Correct a support action",
    responses=refuses(*_FAULTS, NOT_YOURS, OF_A_BANK, OF_A_REPORT, OF_AN_EVENT, CORRECTED_ALREADY, WITHDRAWN_ALREADY),
)
async def post_correction(
    action_id: uuid.UUID, body: CorrectionIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """Put another row in its place, with a reason, or withdraw it; the earlier row stays on record."""
    return await idempotency.run(session, actor, 201, lambda: correct_action(session, actor, action_id, body))


@router.get("/support-totals", summary="Read totals of support")
async def get_totals(session: SessionDep, actor: Reader, wanted: Filters) -> TotalsOut:
    """By kind, over exactly the rows that the list of support actions shows as counted under the same filters."""
    return await totals(session, actor, wanted)


@router.get("/enterprises/{uscc}/timeline", summary="Read an enterprise's timeline", responses=refuses(NOT_FOUND))
async def get_timeline(
    uscc: Code,
    session: SessionDep,
    actor: Reader,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Limit = 100,
) -> TimelinePage:
    """Counted support, stays in pools, accepted reports and confirmed incidents, the newest first."""
    return await timeline(session, actor, uscc, After(cursor, limit))


@router.get(
    "/support-outcomes",
    summary="Compare reports before and after support",
    responses=refuses(KIND_UNKNOWN, PERIOD_UNKNOWN, PERIODS_REVERSED),
)
async def get_outcomes(
    session: SessionDep,
    actor: Annotated[Actor, requires("support:compare")],
    kind: KindQuery,
    before: Period,
    after: Annotated[str, Query(min_length=1, max_length=40, examples=["2026-H1"])],
) -> OutcomesOut:
    """What members with and without a kind of support reported on two periods. It makes no claim about causes."""
    return await outcomes(session, actor, kind, before, after)
