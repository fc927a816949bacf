"""HTTP: a client's webhook addresses, and the log of what was sent to them."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.finance.webhooks.endpoints import ping, refuse_target, register, remove, rotate
from services.finance.webhooks.errors import ENDPOINT_EXISTS, MESSAGE_PENDING, TARGET_REFUSED, TOO_MANY_ENDPOINTS
from services.finance.webhooks.queries import endpoint_list, message_of, message_page, message_told
from services.finance.webhooks.replay_message import replay_message
from services.finance.webhooks.schemas import EndpointIn, EndpointList, EndpointSecret, MessageOut, MessagePage
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.settings import Settings
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["webhooks"])
Owner = Annotated[Actor, requires("webhooks:write")]
Reader = Annotated[Actor, requires("webhooks:read")]


@router.post(
    "/webhook-endpoints",
    status_code=201,
    response_model=EndpointSecret,
    summary="Register an address to be told at",
    responses=refuses(TARGET_REFUSED, ENDPOINT_EXISTS, TOO_MANY_ENDPOINTS),
)
async def post_endpoint(
    body: EndpointIn, request: Request, session: SessionDep, actor: Owner, idempotency: IdempotencyDep
) -> Response:
    """Messages follow Standard Webhooks and say only that there is something to pull. The secret is told this once."""
    settings: Settings = request.app.state.settings
    await refuse_target(body.url, settings)
    return await idempotency.run(session, actor, 201, lambda: register(session, actor, settings, body))


@router.get("/webhook-endpoints", summary="List addresses, and how they are doing")
async def get_endpoints(session: SessionDep, actor: Reader) -> EndpointList:
    """One's own; those who watch the lists see every client's."""
    return await endpoint_list(session, actor)


@router.post(
    "/webhook-endpoints/{endpoint_id}:rotateSecret",
    response_model=EndpointSecret,
    summary="Give an address another secret",
    responses=refuses(NOT_FOUND),
)
async def post_rotation(
    endpoint_id: uuid.UUID, request: Request, session: SessionDep, actor: Owner, idempotency: IdempotencyDep
) -> Response:
    """For a while both secrets sign."""
    settings: Settings = request.app.state.settings
    return await idempotency.run(session, actor, 200, lambda: rotate(session, actor, settings, endpoint_id))


@router.post(
    "/webhook-endpoints/{endpoint_id}:ping",
    status_code=201,
    response_model=MessageOut,
    summary="Try an address",
    responses=refuses(NOT_FOUND),
)
async def post_ping(endpoint_id: uuid.UUID, session: SessionDep, actor: Owner, idempotency: IdempotencyDep) -> Response:
    """Send a message of type `ping`."""

    async def pinged() -> MessageOut:
        message_id = await ping(session, actor, endpoint_id)
        return await message_told(session, await message_of(session, actor, message_id))

    return await idempotency.run(session, actor, 201, pinged)


@router.post(
    "/webhook-endpoints/{endpoint_id}:remove",
    status_code=204,
    summary="Remove an address",
    responses=refuses(NOT_FOUND),
)
async def post_removal(endpoint_id: uuid.UUID, session: SessionDep, actor: Owner) -> None:
    """Nothing more is sent there; its log stays."""
    await remove(session, actor, endpoint_id)


@router.get("/webhook-endpoints/{endpoint_id}/messages", summary="Read an address's log", responses=refuses(NOT_FOUND))
async def get_messages(
    endpoint_id: uuid.UUID,
    session: SessionDep,
    actor: Reader,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MessagePage:
    """Every message with every attempt, the newest first."""
    return await message_page(session, actor, endpoint_id, before=cursor, limit=limit)


@router.post(
    "/webhook-messages/{message_id}:replay",
    response_model=MessageOut,
    summary="Send a message again",
    responses=refuses(NOT_FOUND, MESSAGE_PENDING),
)
async def post_replay(
    message_id: uuid.UUID, session: SessionDep, actor: Owner, idempotency: IdempotencyDep
) -> Response:
    """One that was delivered or given up, with the same id and the same bytes."""
    return await idempotency.run(session, actor, 200, lambda: replay_message(session, actor, message_id))
