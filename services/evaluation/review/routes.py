"""HTTP: findings and deviations."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Response

from services.evaluation.assessment.schemas import DeviationOut
from services.evaluation.review.deviations import propose_deviation, sign_deviation
from services.evaluation.review.findings import enter_findings
from services.evaluation.review.schemas import DeviationIn, FindingsIn, ReviewState
from shared.security.actor import Actor
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["review"])
Reviewer = Annotated[Actor, requires("assessments:review")]


@router.post("/assessments/{assessment_id}/findings", summary="Enter findings")
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


@router.post("/deviations/{deviation_id}:sign", summary="Sign a deviation")
async def post_signature(deviation_id: uuid.UUID, session: SessionDep, actor: Reviewer) -> ReviewState:
    """Sign a deviation that somebody else proposed."""
    return await sign_deviation(session, actor, deviation_id)
