"""HTTP: findings and deviations."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Response

from services.evaluation.assessment.schemas import DeviationOut
from services.evaluation.review.deviations import propose_deviation, sign_deviation
from services.evaluation.review.errors import (
    ASSESSMENT_SUPERSEDED,
    DEVIATION_EXISTS,
    NOT_EXCUSABLE,
    PART_SETTLED,
    PART_UNKNOWN,
    SECOND_PERSON,
)
from services.evaluation.review.findings import enter_findings
from services.evaluation.review.schemas import DeviationIn, FindingsIn, ReviewState
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["review"])
Reviewer = Annotated[Actor, requires("assessments:review")]


@router.post(
    "/assessments/{assessment_id}/findings",
    summary="Enter findings",
    responses=refuses(NOT_FOUND, ASSESSMENT_SUPERSEDED, PART_UNKNOWN, PART_SETTLED),
)
async def post_findings(
    assessment_id: uuid.UUID, body: FindingsIn, session: SessionDep, actor: Reviewer
) -> ReviewState:
    """Settle parts that the facts leave unknown; a computed verdict is never overridden."""
    return await enter_findings(session, actor, assessment_id, body)


@router.post(
    "/assessments/{assessment_id}/deviations",
    status_code=201,
    response_model=DeviationOut,
    summary="Propose a deviation",
    responses=refuses(NOT_FOUND, ASSESSMENT_SUPERSEDED, PART_UNKNOWN, NOT_EXCUSABLE, DEVIATION_EXISTS),
)
async def post_deviation(
    assessment_id: uuid.UUID,
    body: DeviationIn,
    session: SessionDep,
    actor: Reviewer,
    idempotency: IdempotencyDep,
) -> Response:
    """Propose to excuse an 原则上 part that is not met; it needs a second person's signature."""
    return await idempotency.run(session, actor, 201, lambda: propose_deviation(session, actor, assessment_id, body))


@router.post(
    "/deviations/{deviation_id}:sign",
    summary="Sign a deviation",
    responses=refuses(NOT_FOUND, ASSESSMENT_SUPERSEDED, SECOND_PERSON),
)
async def post_signature(deviation_id: uuid.UUID, session: SessionDep, actor: Reviewer) -> ReviewState:
    """Sign a deviation that somebody else proposed."""
    return await sign_deviation(session, actor, deviation_id)
