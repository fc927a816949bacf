"""HTTP: /v1/major-problems."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.intake.enterprises.errors import USCC_SUPERSEDED
from services.intake.reports.errors import MAJOR_PROBLEM_STATUS
from services.intake.reports.major_problem_queries import major_problem_by_id, major_problem_page
from services.intake.reports.major_problem_schemas import (
    AnswerIn,
    MajorProblemIn,
    MajorProblemOut,
    MajorProblemPage,
    Severity,
)
from services.intake.reports.major_problems import (
    acknowledge_major_problem,
    report_major_problem,
    settle_major_problem,
)
from services.intake.reports.transitions import MajorProblemStatus
from shared.errors import FORBIDDEN, NOT_FOUND, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/major-problems", tags=["reports"])


@router.post(
    "",
    status_code=201,
    response_model=MajorProblemOut,
    responses=refuses(FORBIDDEN, NOT_FOUND, USCC_SUPERSEDED, VALIDATION_FAILED),
    summary="Report a major problem (重大问题上报)",
)
async def post_problem(
    body: MajorProblemIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:decide")],
    idempotency: IdempotencyDep,
) -> Response:
    """Report a problem of one's city upward."""
    return await idempotency.run(session, actor, 201, lambda: report_major_problem(session, actor, body))


@router.get("", summary="List major problems within reach")
async def get_problems(
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:read")],
    status: MajorProblemStatus | None = None,
    severity: Severity | None = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MajorProblemPage:
    """Problems in the order in which they were reported; an enterprise sees none."""
    return await major_problem_page(session, actor, status=status, severity=severity, after=cursor, limit=limit)


@router.get("/{problem_id}", responses=refuses(NOT_FOUND), summary="Read a major problem")
async def get_problem(
    problem_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("reports:read")]
) -> MajorProblemOut:
    """One problem with its answer."""
    return await major_problem_by_id(session, actor, problem_id)


@router.post(
    "/{problem_id}:acknowledge",
    response_model=MajorProblemOut,
    responses=refuses(NOT_FOUND, MAJOR_PROBLEM_STATUS),
    summary="Acknowledge a major problem",
)
async def post_acknowledgement(
    problem_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:admin")],
    idempotency: IdempotencyDep,
) -> Response:
    """Say that the province has taken notice."""
    return await idempotency.run(session, actor, 200, lambda: acknowledge_major_problem(session, actor, problem_id))


@router.post(
    "/{problem_id}:settle",
    response_model=MajorProblemOut,
    responses=refuses(NOT_FOUND, MAJOR_PROBLEM_STATUS, VALIDATION_FAILED),
    summary="Settle a major problem",
)
async def post_settlement(
    problem_id: uuid.UUID,
    body: AnswerIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("reports:admin")],
    idempotency: IdempotencyDep,
) -> Response:
    """Answer an acknowledged problem, which ends it."""
    return await idempotency.run(
        session, actor, 200, lambda: settle_major_problem(session, actor, problem_id, body.answer)
    )
