"""HTTP: the exchange as officers see and steer it."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.intake.national import queries
from services.intake.national.errors import DELIVERY_STATUS, KEY_CLIENT, KEY_EXISTS, KEY_UNUSABLE, WRONG_ADAPTER
from services.intake.national.reconciliation import request_run_by_line
from services.intake.national.retry import retry_delivery
from services.intake.national.schemas import (
    BatchPage,
    DeliveryOut,
    DeliveryPage,
    DeliveryStatus,
    DifferencePage,
    LatestReconciliation,
    Outcome,
    ReconciliationOut,
    ReconciliationPage,
    RecordPage,
    SenderKeyIn,
    SenderKeyOut,
    StatusOut,
)
from services.intake.national.sender_keys import add_key, list_keys, revoke_key
from services.intake.national.wire import RecordId
from shared.errors import (
    FORBIDDEN,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    NOT_FOUND,
    UNAUTHENTICATED,
    VALIDATION_FAILED,
)
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/national", tags=["national"])
Reader = Annotated[Actor, requires("national:read")]
Admin = Annotated[Actor, requires("national:admin")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[uuid.UUID | None, Query(description="`next_cursor` of the page before")]
_READS = refuses(UNAUTHENTICATED, FORBIDDEN, VALIDATION_FAILED)
_FINDS = refuses(UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, VALIDATION_FAILED)
_CREATES = (UNAUTHENTICATED, FORBIDDEN, IDEMPOTENCY_KEY_MISSING, IDEMPOTENCY_KEY_REUSED, VALIDATION_FAILED)


@router.get("/status", summary="See how the line is", responses=_READS)
async def get_status(request: Request, session: SessionDep, _: Reader) -> StatusOut:
    """The adapter in use, our public key, the circuit breaker, and how much waits on either side."""
    return await queries.line_status(session, request.app.state.settings)


@router.get("/batches", summary="List batches received", responses=_READS)
async def get_batches(session: SessionDep, _: Reader, cursor: Cursor = None, limit: Limit = 100) -> BatchPage:
    """Batches that the national system pushed, newest first."""
    return await queries.batch_page(session, after=cursor, limit=limit)


@router.get("/records", summary="List records received", responses=_READS)
async def get_records(
    session: SessionDep,
    _: Reader,
    outcome: Outcome | None = None,
    record_id: RecordId | None = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> RecordPage:
    """Each version of each record with what came of it, newest first."""
    return await queries.record_page(session, outcome=outcome, record_id=record_id, after=cursor, limit=limit)


@router.get("/deliveries", summary="List deliveries", responses=_READS)
async def get_deliveries(
    session: SessionDep, _: Reader, status: DeliveryStatus | None = None, cursor: Cursor = None, limit: Limit = 100
) -> DeliveryPage:
    """Recommendations and changes of the pool that are to be told to the national system, newest first."""
    return await queries.delivery_page(session, status=status, after=cursor, limit=limit)


@router.post(
    "/deliveries/{delivery_id}:retry",
    summary="Send a delivery again (重新报送)",
    responses=refuses(UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, DELIVERY_STATUS, VALIDATION_FAILED),
)
async def post_retry(delivery_id: uuid.UUID, request: Request, session: SessionDep, actor: Admin) -> DeliveryOut:
    """A rejected or dead delivery is due again now; its key stays, so the other side knows it as the same."""
    return await retry_delivery(session, actor, request.app.state.settings, delivery_id)


@router.get("/reconciliations", summary="List comparisons of both sides", responses=_READS)
async def get_reconciliations(
    session: SessionDep, _: Reader, cursor: Cursor = None, limit: Limit = 100
) -> ReconciliationPage:
    """Comparisons (对账), newest first."""
    return await queries.reconciliation_page(session, after=cursor, limit=limit)


@router.get("/reconciliations/latest", summary="Read the latest comparison", responses=_FINDS)
async def get_latest(
    session: SessionDep, _: Reader, first: Annotated[int, Query(ge=0, le=100)] = 20
) -> LatestReconciliation:
    """The newest finished comparison with its counts and its first differences: a screenful."""
    return await queries.latest_reconciliation(session, first=first)


@router.get("/reconciliations/{reconciliation_id}/differences", summary="List what differs", responses=_FINDS)
async def get_differences(
    reconciliation_id: uuid.UUID,
    session: SessionDep,
    _: Reader,
    cursor: Annotated[int, Query(ge=-1, le=2_147_483_647)] = -1,
    limit: Limit = 100,
) -> DifferencePage:
    """Differences of one comparison with what each side has, by kind and key."""
    return await queries.difference_page(session, reconciliation_id, after=cursor, limit=limit)


@router.post(
    "/reconciliations",
    status_code=202,
    response_model=ReconciliationOut,
    summary="Compare both sides now (立即对账)",
    responses=refuses(*_CREATES, WRONG_ADAPTER),
)
async def post_reconciliation(
    request: Request, session: SessionDep, actor: Admin, idempotency: IdempotencyDep
) -> Response:
    """The worker makes the comparison; its status is in the list."""
    settings = request.app.state.settings
    return await idempotency.run(session, actor, 202, lambda: request_run_by_line(session, actor, settings))


@router.get("/sender-keys", summary="List keys of senders", responses=_READS)
async def get_sender_keys(session: SessionDep, _: Reader) -> list[SenderKeyOut]:
    """Every public key that was ever trusted to sign what is pushed to us, newest first."""
    return await list_keys(session)


@router.post(
    "/sender-keys",
    status_code=201,
    response_model=SenderKeyOut,
    summary="Trust a sender's key",
    responses=refuses(*_CREATES, KEY_EXISTS, KEY_CLIENT, KEY_UNUSABLE),
)
async def post_sender_key(
    key_in: SenderKeyIn, session: SessionDep, actor: Admin, idempotency: IdempotencyDep
) -> Response:
    """An Ed25519 key of one client, for a time. At rotation the new key's time overlaps with the old one's."""
    return await idempotency.run(session, actor, 201, lambda: add_key(session, actor, key_in))


@router.post("/sender-keys/{keyid}:revoke", summary="Revoke a sender's key", responses=_FINDS)
async def post_revocation(keyid: str, session: SessionDep, actor: Admin) -> SenderKeyOut:
    """Nothing signed by it is taken from now on."""
    return await revoke_key(session, actor, keyid)
