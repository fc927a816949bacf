"""HTTP: /v1/exit-notices (退库告知): the reply of the enterprise, and the decision after it."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.evaluation.adjustment.act_schemas import ExitDecisionIn, ExitNoticeOut, ExitNoticePage, ReplyIn
from services.evaluation.adjustment.errors import (
    NOTICE_DECIDED,
    REPLIED_ALREADY,
    REPLY_OVER,
    REPLY_RUNNING,
    SECOND_PERSON,
)
from services.evaluation.adjustment.exit_notices import decide, notice_by_id, notice_page, reply
from services.evaluation.notices.errors import EVIDENCE_NOT_FOUND
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.refusals import refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/exit-notices", tags=["adjustment"])
Reader = Annotated[Actor, requires("memberships:read")]


@router.get("", summary="List exit notices")
async def get_notices(
    session: SessionDep,
    actor: Reader,
    undecided: Annotated[bool, Query(description="Only those that wait for a decision")] = False,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ExitNoticePage:
    """Within reach (an enterprise its own), the oldest first."""
    return await notice_page(session, actor, undecided=undecided, after=cursor, limit=limit)


@router.get("/{notice_id}", summary="Read an exit notice", responses=refuses(NOT_FOUND))
async def get_notice(notice_id: uuid.UUID, session: SessionDep, actor: Reader) -> ExitNoticeOut:
    """Why, until when to reply, the reply and the decision."""
    return await notice_by_id(session, actor, notice_id)


@router.post(
    "/{notice_id}:reply",
    summary="Reply to an exit notice (陈述申辩)",
    responses=refuses(NOT_FOUND, REPLY_OVER, REPLIED_ALREADY, NOTICE_DECIDED, EVIDENCE_NOT_FOUND),
)
async def post_reply(
    notice_id: uuid.UUID,
    body: ReplyIn,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("exits:reply")],
) -> ExitNoticeOut:
    """By the enterprise itself, once, with files as evidence; its last day is included."""
    async with refusals_audited(request, session, actor, "exit_notice.reply", ("exit_notice", notice_id)):
        return await reply(session, actor, notice_id, body)


@router.post(
    "/{notice_id}:decide",
    summary="Decide on an exit notice",
    responses=refuses(NOT_FOUND, SECOND_PERSON, NOTICE_DECIDED, REPLY_RUNNING),
)
async def post_decision(
    notice_id: uuid.UUID,
    body: ExitDecisionIn,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("adjustments:approve")],
) -> ExitNoticeOut:
    """By somebody else than who sent it: `keep` at any time, `end` once the window is over; the next plan carries it out."""
    async with refusals_audited(request, session, actor, "exit_notice.decide", ("exit_notice", notice_id)):
        return await decide(session, actor, notice_id, body)
