"""HTTP: risk compensation."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.finance.compensation.claim import claim, claim_many, correct_claim
from services.finance.compensation.decide import decide_claim
from services.finance.compensation.errors import (
    ABOVE_LOSS,
    BEFORE_CREDIT,
    CLAIM_CORRECTED_ALREADY,
    CLAIM_DECIDED,
    CLAIM_NOT_STANDING,
    CLAIM_REFERENCE_TWICE,
    CLAIM_REFERENCE_USED,
    CLAIM_REFUSAL_UNKNOWN,
    CLAIMED_ALREADY,
    COMPENSATED_ABOVE,
    CREDIT_NOT_FOUND,
    NOT_DRAWN,
)
from services.finance.compensation.queries import claim_page, terms_out
from services.finance.compensation.schemas import (
    ClaimCorrectionIn,
    ClaimIn,
    ClaimOut,
    ClaimPage,
    ClaimsIn,
    ClaimsOut,
    CompensationTermsOut,
    DecisionIn,
)
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["compensation"])
Reader = Annotated[Actor, requires("outcomes:read")]
Bank = Annotated[Actor, requires("outcomes:write")]
Decider = Annotated[Actor, requires("compensation:decide")]
ClaimPath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]
_CONTENT = (NOT_DRAWN, BEFORE_CREDIT, ABOVE_LOSS)
_NEW = (CREDIT_NOT_FOUND, CLAIM_REFERENCE_USED, CLAIMED_ALREADY, *_CONTENT)


@router.get("/compensation-terms", summary="Terms of risk compensation")
async def get_terms(_: Reader) -> CompensationTermsOut:
    """What the plan leaves open, as the province has set it, with its basis."""
    return terms_out()


@router.get("/compensation-claims", summary="List claims for risk compensation")
async def get_claims(
    session: SessionDep,
    actor: Reader,
    undecided: bool = False,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ClaimPage:
    """A bank's own, those of a city or an enterprise, or all; newest first, with the decision on each."""
    return await claim_page(session, actor, undecided=undecided, before=cursor, limit=limit)


@router.post(
    "/compensation-claims",
    status_code=201,
    response_model=ClaimOut,
    summary="Claim risk compensation",
    responses=refuses(*_NEW),
)
async def post_claim(body: ClaimIn, session: SessionDep, actor: Bank, idempotency: IdempotencyDep) -> Response:
    """For one credit that this bank reported, drawn and failed; once, and corrected after that."""
    return await idempotency.run(session, actor, 201, lambda: claim(session, actor, body))


@router.post(
    "/compensation-claims:batch",
    status_code=201,
    response_model=ClaimsOut,
    summary="Claim risk compensation for many credits",
    responses=refuses(CLAIM_REFERENCE_TWICE, *_NEW),
)
async def post_claims(body: ClaimsIn, session: SessionDep, actor: Bank, idempotency: IdempotencyDep) -> Response:
    """All of them or none, at most 500; a fault anywhere names each place."""
    return await idempotency.run(session, actor, 201, lambda: claim_many(session, actor, body))


@router.post(
    "/compensation-claims/{claim_id}:correct",
    status_code=201,
    response_model=ClaimOut,
    summary="Correct a claim",
    responses=refuses(NOT_FOUND, CLAIM_CORRECTED_ALREADY, *_CONTENT),
)
async def post_correction(
    claim_id: ClaimPath, body: ClaimCorrectionIn, session: SessionDep, actor: Bank, idempotency: IdempotencyDep
) -> Response:
    """What is claimed instead, or nothing any more; both rows stay on record, and the later waits for a decision."""
    return await idempotency.run(session, actor, 201, lambda: correct_claim(session, actor, claim_id, body))


@router.post(
    "/compensation-claims/{claim_id}:decide",
    status_code=201,
    response_model=ClaimOut,
    summary="Decide on a claim",
    responses=refuses(NOT_FOUND, CLAIM_DECIDED, CLAIM_NOT_STANDING, COMPENSATED_ABOVE, CLAIM_REFUSAL_UNKNOWN),
)
async def post_decision(
    claim_id: ClaimPath, body: DecisionIn, session: SessionDep, actor: Decider, idempotency: IdempotencyDep
) -> Response:
    """How much is compensated, or why nothing is; of what holds now, once."""
    return await idempotency.run(session, actor, 201, lambda: decide_claim(session, actor, claim_id, body))
