"""HTTP: notices of what a released timetable changes, to those whom it affects."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.notice_queries import notice_page, take_notice
from services.finance.matchmaking.record_schemas import NoticeOut, NoticePage
from services.finance.matchmaking.routes import EventPath, Limit
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["matchmaking"])
Own = Annotated[Actor, requires("matchmaking:own")]
NoticePath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]


@router.get("/match-events/{event_id}/notices", summary="List notices of an event", responses=refuses(NOT_FOUND))
async def get_notices(
    event_id: EventPath,
    session: SessionDep,
    actor: Annotated[Actor, requires("matchmaking:read")],
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> NoticePage:
    """Who was told what of which version, the newest first, and who has taken notice."""
    event = await event_by_id(session, actor, event_id)
    return await notice_page(session, actor, event_id=event.id, before=cursor, limit=limit)


@router.post(
    "/match-notices/{notice_id}:told",
    response_model=NoticeOut,
    summary="Record that a participant was told",
    responses=refuses(NOT_FOUND),
)
async def post_told(
    notice_id: NoticePath,
    session: SessionDep,
    actor: Annotated[Actor, requires("matchmaking:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """For a partner without an account: somebody has called; the first time counts."""
    return await idempotency.run(session, actor, 200, lambda: take_notice(session, actor, notice_id))


@router.get("/own-match-notices", summary="List one's own notices")
async def get_own(session: SessionDep, actor: Own, cursor: uuid.UUID | None = None, limit: Limit = 100) -> NoticePage:
    """What released timetables have changed for the enterprise, the newest first."""
    return await notice_page(session, actor, event_id=None, before=cursor, limit=limit)


@router.post(
    "/own-match-notices/{notice_id}:read",
    response_model=NoticeOut,
    summary="Take notice",
    responses=refuses(NOT_FOUND),
)
async def post_read(notice_id: NoticePath, session: SessionDep, actor: Own, idempotency: IdempotencyDep) -> Response:
    """The first time counts."""
    return await idempotency.run(session, actor, 200, lambda: take_notice(session, actor, notice_id))
