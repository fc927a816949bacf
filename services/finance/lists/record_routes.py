"""HTTP: acknowledgements of editions, and how far subscribers are."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.finance.lists.acknowledge import acknowledge
from services.finance.lists.errors import (
    ACK_COUNTS,
    DIGEST_DIFFERS,
    EDITION_NOT_FOUND,
    ENTRY_NOT_LISTED,
    NOT_PULLED,
    PROGRAMME_NOT_FOUND,
)
from services.finance.lists.routes import ProgrammePath, SerialPath
from services.finance.lists.schemas import AckIn, AckOut, SubscriberPage
from services.finance.lists.subscribers import subscriber_page
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])


@router.post(
    "/lists/{programme}/editions/{serial}:acknowledge",
    status_code=201,
    response_model=AckOut,
    summary="Acknowledge an edition",
    responses=refuses(PROGRAMME_NOT_FOUND, EDITION_NOT_FOUND, NOT_PULLED, DIGEST_DIFFERS, ACK_COUNTS, ENTRY_NOT_LISTED),
)
async def post_acknowledgement(
    programme: ProgrammePath,
    serial: SerialPath,
    body: AckIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("lists:acknowledge")],
    idempotency: IdempotencyDep,
) -> Response:
    """Say that it was taken in, by its digest, and which entries were not. The newest word on a serial counts."""
    return await idempotency.run(session, actor, 201, lambda: acknowledge(session, actor, programme, serial, body))


@router.get(
    "/lists/{programme}/subscribers", summary="See how far subscribers are", responses=refuses(PROGRAMME_NOT_FOUND)
)
async def get_subscribers(
    programme: ProgrammePath,
    session: SessionDep,
    actor: Annotated[Actor, requires("lists:watch")],
    cursor: Annotated[str, Query(max_length=100)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> SubscriberPage:
    """What each pulled and acknowledged last, and how many editions it is behind."""
    return await subscriber_page(session, actor, programme, after=cursor, limit=limit)
