"""HTTP: what a reviewer does: declare, find, propose, sign, resolve, delegate."""

from __future__ import annotations

import uuid
from typing import Annotated, TypeVar

from fastapi import APIRouter, Response

from services.evaluation.assessment.schemas import DeviationOut
from services.evaluation.review.assigning import delegate_review
from services.evaluation.review.declaring import declare, declare_none
from services.evaluation.review.deviations import propose_deviation, sign_deviation
from services.evaluation.review.errors import (
    ASSESSMENT_SUPERSEDED,
    CONFLICT_OF_INTEREST,
    DELEGATED_TO_ONESELF,
    DEVIATION_EXISTS,
    EVIDENCE_UNKNOWN,
    NOT_A_REVIEWER,
    NOT_ASSIGNED,
    NOT_EXCUSABLE,
    NOTHING_TO_RESOLVE,
    OWN_CITY,
    PART_SETTLED,
    PART_UNKNOWN,
    REVIEWER_FULL,
    STANDING,
)
from services.evaluation.review.findings import enter_findings
from services.evaluation.review.queries import review_declared, review_summary
from services.evaluation.review.refused import attempt
from services.evaluation.review.resolving import resolve_item
from services.evaluation.review.review_schemas import (
    DeclarationIn,
    DeclarationsIn,
    DeclaredOut,
    HandOverIn,
    ResolutionIn,
    ReviewOut,
)
from services.evaluation.review.schemas import DeviationIn, FindingsIn, ReviewState
from shared.errors import NOT_FOUND, Problem
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.problems import problem_response
from shared.web.security import requires
from shared.web.sessions import SessionDep

T = TypeVar("T")
router = APIRouter(prefix="/v1", tags=["review"])
Reviewer = Annotated[Actor, requires("assessments:review")]
_BARS = (CONFLICT_OF_INTEREST, NOT_A_REVIEWER, NOT_ASSIGNED, OWN_CITY)


def _answer(outcome: T | Problem) -> T | Response:
    """A refusal is answered, not raised, so that the transaction with the entry about it is committed."""
    return problem_response(outcome) if isinstance(outcome, Problem) else outcome


@router.post(
    "/assessments/{assessment_id}/findings",
    summary="Enter findings",
    response_model=ReviewState,
    responses=refuses(
        NOT_FOUND, ASSESSMENT_SUPERSEDED, PART_UNKNOWN, PART_SETTLED, EVIDENCE_UNKNOWN, *STANDING.values()
    ),
)
async def post_findings(
    assessment_id: uuid.UUID, body: FindingsIn, session: SessionDep, actor: Reviewer
) -> ReviewState | Response:
    """Settle parts that the facts leave unknown; a computed verdict is never overridden.

    By the assigned reviewer, after declaring. `evidence` names attachments of the application; their digests are kept.
    """
    subject = ("assessment", assessment_id)
    return _answer(
        await attempt(session, actor, "findings", subject, lambda: enter_findings(session, actor, assessment_id, body))
    )


@router.post(
    "/assessments/{assessment_id}/deviations",
    status_code=201,
    response_model=DeviationOut,
    summary="Propose a deviation",
    responses=refuses(
        NOT_FOUND, ASSESSMENT_SUPERSEDED, PART_UNKNOWN, NOT_EXCUSABLE, DEVIATION_EXISTS, *STANDING.values()
    ),
)
async def post_deviation(
    assessment_id: uuid.UUID,
    body: DeviationIn,
    session: SessionDep,
    actor: Reviewer,
    idempotency: IdempotencyDep,
) -> Response:
    """Propose to excuse an 原则上 part that is not met; it needs a second person's signature."""

    async def propose() -> Response:
        return await idempotency.run(
            session, actor, 201, lambda: propose_deviation(session, actor, assessment_id, body)
        )

    return _answer(await attempt(session, actor, "deviation", ("assessment", assessment_id), propose))


@router.post(
    "/deviations/{deviation_id}:sign",
    summary="Sign a deviation",
    response_model=ReviewState,
    responses=refuses(NOT_FOUND, ASSESSMENT_SUPERSEDED, *STANDING.values()),
)
async def post_signature(deviation_id: uuid.UUID, session: SessionDep, actor: Reviewer) -> ReviewState | Response:
    """Sign a deviation that somebody else proposed, after declaring on its review.

    Not by whoever found something on the same criterion, nor by anybody of the application's own city.
    """
    subject = ("deviation", deviation_id)
    return _answer(await attempt(session, actor, "sign", subject, lambda: sign_deviation(session, actor, deviation_id)))


@router.post(
    "/reviews:declare",
    summary="Declare that there is no conflict in many reviews",
    response_model=DeclaredOut,
    responses=refuses(NOT_FOUND, *_BARS),
)
async def post_declarations(body: DeclarationsIn, session: SessionDep, actor: Reviewer) -> DeclaredOut | Response:
    """All or none. A conflict is declared on its own review, with its reason."""

    async def run() -> DeclaredOut:
        return DeclaredOut(declared=await declare_none(session, actor, body.review_ids))

    return _answer(await attempt(session, actor, "declare", ("review", body.review_ids[0]), run))


@router.post(
    "/reviews/{review_id}:declare",
    summary="Declare whether there is a conflict of interest",
    response_model=ReviewOut,
    responses=refuses(NOT_FOUND, *_BARS),
)
async def post_declaration(
    review_id: uuid.UUID, body: DeclarationIn, session: SessionDep, actor: Reviewer
) -> ReviewOut | Response:
    """Before anything is shown. With a conflict the review goes to somebody else, and is never seen."""

    async def run() -> ReviewOut:
        await declare(session, actor, review_id, body)
        return await review_declared(session, actor, review_id)

    return _answer(await attempt(session, actor, "declare", ("review", review_id), run))


@router.post(
    "/reviews/{review_id}:delegate",
    summary="Delegate a review",
    response_model=ReviewOut,
    responses=refuses(NOT_FOUND, REVIEWER_FULL, DELEGATED_TO_ONESELF, *_BARS),
)
async def post_delegation(
    review_id: uuid.UUID, body: HandOverIn, session: SessionDep, actor: Reviewer
) -> ReviewOut | Response:
    """The assignee gives it to another reviewer, who declares in turn; who did what stays on record."""

    async def run() -> ReviewOut:
        return await review_summary(session, await delegate_review(session, actor, review_id, body))

    return _answer(await attempt(session, actor, "delegate", ("review", review_id), run))


@router.post(
    "/reviews/{review_id}:resolve",
    summary="Resolve an item that no finding settles",
    response_model=ReviewState,
    responses=refuses(NOT_FOUND, ASSESSMENT_SUPERSEDED, NOTHING_TO_RESOLVE, *STANDING.values()),
)
async def post_resolution(
    review_id: uuid.UUID, body: ResolutionIn, session: SessionDep, actor: Reviewer
) -> ReviewState | Response:
    """Say that no deviation is proposed, or that conflicting sources leave the verdict as it is; no verdict changes."""
    subject = ("review", review_id)
    return _answer(
        await attempt(session, actor, "resolve", subject, lambda: resolve_item(session, actor, review_id, body))
    )
