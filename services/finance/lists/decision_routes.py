"""HTTP: publish by hand, decisions behind removals, and editions that were not published."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.finance.lists.errors import (
    DECIDED_ALREADY,
    DECIDED_IN_FUTURE,
    LIST_BY_PROPOSAL,
    NOT_LISTED_NOW,
    PROGRAMME_NOT_FOUND,
    STILL_A_MEMBER,
)
from services.finance.lists.publish_by_hand import publish_by_hand
from services.finance.lists.record_removal import record_removal
from services.finance.lists.refusals import refusal_page
from services.finance.lists.routes import ProgrammePath
from services.finance.lists.schemas import PublicationIn, PublicationOut, RefusalPage, RemovalIn, RemovalOut
from shared.security.actor import Actor
from shared.security.keys import load_key
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])
Admin = Annotated[Actor, requires("lists:admin")]


@router.post(
    "/lists/{programme}/publications",
    status_code=201,
    response_model=PublicationOut,
    summary="Publish an edition by hand",
    responses=refuses(PROGRAMME_NOT_FOUND, LIST_BY_PROPOSAL),
)
async def post_publication(
    programme: ProgrammePath,
    body: PublicationIn,
    request: Request,
    session: SessionDep,
    actor: Admin,
    idempotency: IdempotencyDep,
) -> Response:
    """A new edition of the members now, or the refusal that is on record instead, with every reason."""
    key = load_key(request.app.state.settings.list_key_file)
    return await idempotency.run(session, actor, 201, lambda: publish_by_hand(session, actor, programme, body, key))


@router.get(
    "/lists/{programme}/refused-publications",
    summary="List editions that were not published",
    responses=refuses(PROGRAMME_NOT_FOUND),
)
async def get_refusals(
    programme: ProgrammePath,
    session: SessionDep,
    actor: Annotated[Actor, requires("lists:watch")],
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RefusalPage:
    """Newest first, each with the enterprises and reasons that stopped it."""
    return await refusal_page(session, actor, programme, before=cursor, limit=limit)


@router.post(
    "/lists/{programme}/removal-decisions",
    status_code=201,
    response_model=RemovalOut,
    summary="Record the decision behind a removal",
    responses=refuses(
        PROGRAMME_NOT_FOUND, LIST_BY_PROPOSAL, NOT_LISTED_NOW, STILL_A_MEMBER, DECIDED_IN_FUTURE, DECIDED_ALREADY
    ),
)
async def post_removal(
    programme: ProgrammePath, body: RemovalIn, session: SessionDep, actor: Admin, idempotency: IdempotencyDep
) -> Response:
    """Of an enterprise that is a member no more and still listed, where no plan in the system ended its stay."""
    return await idempotency.run(session, actor, 201, lambda: record_removal(session, actor, programme, body))
