"""HTTP: the queue of reviews, and who gives them to whom."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.evaluation.assessment.errors import CYCLE_NOT_FOUND
from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.review.assigning import assign_reviews, reassign_review
from services.evaluation.review.errors import CONFLICT_OF_INTEREST, NOT_A_REVIEWER, OWN_CITY, REVIEWER_FULL
from services.evaluation.review.queries import Wanted, review_counts, review_in_full, review_page
from services.evaluation.review.refused import attempt
from services.evaluation.review.review_schemas import (
    AssignIn,
    AssignmentOut,
    HandOverIn,
    Kind,
    ReviewCounts,
    ReviewerIn,
    ReviewerOut,
    ReviewerPage,
    ReviewOut,
    ReviewPage,
    Status,
    Whose,
)
from services.evaluation.review.reviewers import register_reviewer, reviewer_page
from shared.errors import NOT_FOUND, Problem
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.problems import problem_response
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["review"])
Reader = Annotated[Actor, requires("assessments:read")]
Assigner = Annotated[Actor, requires("reviews:assign")]
Code = Annotated[str, Path(max_length=50)]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post("/reviewers", status_code=201, response_model=ReviewerOut, summary="Register a reviewer")
async def post_reviewer(
    body: ReviewerIn, session: SessionDep, actor: Assigner, idempotency: IdempotencyDep
) -> Response:
    """With home city and load limit; the same person again, however the name is written, changes the registration."""
    return await idempotency.run(session, actor, 201, lambda: register_reviewer(session, actor, body))


@router.get("/reviewers", summary="List reviewers")
async def get_reviewers(
    session: SessionDep,
    _: Assigner,
    cursor: Annotated[str | None, Query(max_length=400, examples=["wang-wu"])] = None,
    limit: Limit = 100,
) -> ReviewerPage:
    """By name, with how many reviews each has."""
    return await reviewer_page(session, after=cursor, limit=limit)


@router.post(
    "/cycles/{code}/reviews:assign", summary="Assign a cycle's open reviews", responses=refuses(CYCLE_NOT_FOUND)
)
async def post_assignment(code: Code, body: AssignIn, session: SessionDep, actor: Assigner) -> AssignmentOut:
    """To the least loaded first, then by name; never to the application's own city or against a declared conflict."""
    return await assign_reviews(session, actor, await cycle_or_refuse(session, code), body)


@router.post(
    "/reviews/{review_id}:reassign",
    summary="Give a review to somebody else",
    response_model=ReviewOut,
    responses=refuses(NOT_FOUND, REVIEWER_FULL, CONFLICT_OF_INTEREST, NOT_A_REVIEWER, OWN_CITY),
)
async def post_reassignment(
    review_id: uuid.UUID, body: HandOverIn, session: SessionDep, actor: Assigner
) -> ReviewOut | Response:
    """With a reason, whoever had it before; assigned to that person already, nothing changes."""

    async def run() -> ReviewOut:
        return await review_in_full(session, actor, await reassign_review(session, actor, review_id, body))

    outcome = await attempt(session, actor, "reassign", ("review", review_id), run)
    return problem_response(outcome) if isinstance(outcome, Problem) else outcome


@router.get("/reviews", summary="List reviews", responses=refuses(CYCLE_NOT_FOUND))
async def get_reviews(
    session: SessionDep,
    actor: Reader,
    whose: Annotated[Whose, Query(description="`unassigned` and `all` are not for reviewers")] = "mine",
    cycle: Annotated[str | None, Query(max_length=50, examples=["2024-1"])] = None,
    status: Annotated[Status | None, Query(examples=["open"])] = None,
    kind: Annotated[Kind | None, Query(description="With an open item of this kind", examples=["deviation"])] = None,
    assessment_id: uuid.UUID | None = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ReviewPage:
    """In order of id. A reviewer who has not declared sees cycle, enterprise and city, and finds nothing by content."""
    cycle_id = None if cycle is None else (await cycle_or_refuse(session, cycle)).id
    wanted = Wanted(whose, cycle_id, status, kind, assessment_id)
    return await review_page(session, actor, wanted, after=cursor, limit=limit)


@router.get("/reviews/{review_id}", summary="Read a review", responses=refuses(NOT_FOUND))
async def get_review(review_id: uuid.UUID, session: SessionDep, actor: Reader) -> ReviewOut:
    """Its items, each with what changed where it was opened again, and who had it; content only after declaring."""
    return await review_in_full(session, actor, review_id)


@router.get("/cycles/{code}/review-counts", summary="Count a cycle's reviews", responses=refuses(CYCLE_NOT_FOUND))
async def get_review_counts(code: Code, session: SessionDep, _: Reader) -> ReviewCounts:
    """How far the reviews are, and how many items of each kind are open."""
    return await review_counts(session, (await cycle_or_refuse(session, code)).id)
