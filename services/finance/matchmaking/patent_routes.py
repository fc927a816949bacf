"""HTTP: patents on offer, and their push to enterprises."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.finance.matchmaking.errors import NOTHING_SUITS, OFFERED_TWICE, OUTSIDE_CITY
from services.finance.matchmaking.patent_offers import offer_page, offer_patents, withdraw_offer
from services.finance.matchmaking.patent_schemas import (
    OfferOut,
    OfferPage,
    OffersIn,
    OffersOut,
    PushIn,
    PushOut,
    PushPage,
)
from services.finance.matchmaking.push_patents import push_page, push_patents
from services.finance.matchmaking.routes import Limit
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Reader = Annotated[Actor, requires("matchmaking:read")]
Writer = Annotated[Actor, requires("matchmaking:write")]
OfferPath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]


@router.post(
    "/patent-offers",
    status_code=201,
    response_model=OffersOut,
    summary="Record patents on offer",
    responses=refuses(OUTSIDE_CITY, OFFERED_TWICE),
)
async def post_offers(body: OffersIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """Patents of universities and institutes that may be licensed or sold (高校和科研机构存量专利): all or none."""
    return await idempotency.run(session, actor, 201, lambda: offer_patents(session, actor, body))


@router.get("/patent-offers", summary="List patents on offer")
async def get_offers(session: SessionDep, _: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100) -> OfferPage:
    """In the order of recording, withdrawn ones marked."""
    return await offer_page(session, after=cursor, limit=limit)


@router.post(
    "/patent-offers/{offer_id}:withdraw",
    response_model=OfferOut,
    summary="Withdraw a patent on offer",
    responses=refuses(NOT_FOUND, OUTSIDE_CITY),
)
async def post_withdrawal(
    offer_id: OfferPath, session: SessionDep, actor: Writer, idempotency: IdempotencyDep
) -> Response:
    """It is pushed to nobody any more; earlier pushes stay as they were."""
    return await idempotency.run(session, actor, 200, lambda: withdraw_offer(session, actor, offer_id))


@router.post(
    "/patent-pushes",
    status_code=201,
    response_model=PushOut,
    summary="Push suitable patents to an enterprise",
    responses={200: {"model": PushOut, "description": "What `validate_only` found"}}
    | refuses(NOT_FOUND, NOTHING_SUITS),
)
async def post_push(
    body: PushIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep, validate_only: bool = False
) -> Response:
    """The best of what is on offer and was not pushed to it before, explained; with `validate_only` nothing is stored."""
    if validate_only:
        found = await push_patents(session, actor, body, validate_only=True)
        return Response(found.model_dump_json(), 200, media_type="application/json")
    return await idempotency.run(session, actor, 201, lambda: push_patents(session, actor, body, validate_only=False))


@router.get("/patent-pushes", summary="List pushes of patents")
async def get_pushes(
    session: SessionDep, actor: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> PushPage:
    """To enterprises within reach, the newest first."""
    return await push_page(session, actor, before=cursor, limit=limit)


@router.get("/own-patent-pushes", summary="List patents pushed to oneself")
async def get_own_pushes(
    session: SessionDep,
    actor: Annotated[Actor, requires("matchmaking:own")],
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> PushPage:
    """The newest first, each patent with why it suits."""
    return await push_page(session, actor, before=cursor, limit=limit)
