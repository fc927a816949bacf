"""HTTP: consents of enterprises."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.finance.consents.errors import (
    CONSENT_GIVEN,
    DOCUMENT_MISSING,
    DOCUMENT_NOT_MEANT,
    GIVEN_IN_FUTURE,
    PURPOSE_UNKNOWN,
    WITHDRAWN_ALREADY,
)
from services.finance.consents.queries import consent_page, purposes
from services.finance.consents.record_consent import record_consent, withdraw_consent
from services.finance.consents.schemas import ConsentIn, ConsentOut, ConsentPage, PurposesOut, WithdrawalIn
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["consents"])
Reader = Annotated[Actor, requires("consents:read")]
Writer = Annotated[Actor, requires("consents:write")]


@router.get("/consent-purposes", summary="List what enterprises may consent to")
async def get_purposes(_: Reader) -> PurposesOut:
    """Each with the lists that ask for it and the reason."""
    return purposes()


@router.get("/consents", summary="List consents")
async def get_consents(
    session: SessionDep,
    actor: Reader,
    uscc: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$")] = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ConsentPage:
    """One's own, those of one's city, or all; newest first, withdrawn ones too."""
    return await consent_page(session, actor, uscc=uscc, before=cursor, limit=limit)


@router.post(
    "/consents",
    status_code=201,
    response_model=ConsentOut,
    summary="Record a consent",
    responses=refuses(NOT_FOUND, PURPOSE_UNKNOWN, CONSENT_GIVEN, DOCUMENT_MISSING, DOCUMENT_NOT_MEANT, GIVEN_IN_FUTURE),
)
async def post_consent(body: ConsentIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """An enterprise for itself; a city for one of its enterprises, by the paper that it holds."""
    return await idempotency.run(session, actor, 201, lambda: record_consent(session, actor, body))


@router.post(
    "/consents/{consent_id}:withdraw",
    status_code=201,
    response_model=ConsentOut,
    summary="Withdraw a consent",
    responses=refuses(NOT_FOUND, WITHDRAWN_ALREADY),
)
async def post_withdrawal(
    consent_id: Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])],
    body: WithdrawalIn,
    session: SessionDep,
    actor: Writer,
    idempotency: IdempotencyDep,
) -> Response:
    """From now on. The next edition of each list that asks for it leaves the enterprise out, and says why."""
    return await idempotency.run(session, actor, 201, lambda: withdraw_consent(session, actor, consent_id, body))
