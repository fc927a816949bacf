"""HTTP: proposals of editions, their approval, and who is on a list."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.finance.lists.errors import NO_EDITION, PROGRAMME_NOT_FOUND
from services.finance.programmes.approve_proposal import approve_proposal
from services.finance.programmes.errors import APPROVER_PROPOSED, PROPOSAL_DIGEST, PROPOSAL_STALE, PROPOSAL_STATUS
from services.finance.programmes.queries import proposal_detail, proposal_page
from services.finance.programmes.schemas import ApprovalIn, ApprovalOut, ProposalDetail, ProposalPage, ShownPage
from services.finance.programmes.shown import shown_page
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.security.keys import load_key
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["programmes"])
Reviewer = Annotated[Actor, requires("programmes:review")]
ProgrammePath = Annotated[str, Path(min_length=1, max_length=60, examples=["pledge-whitelist"])]
ProposalPath = Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get(
    "/lists/{programme}/proposals", summary="List proposals of editions", responses=refuses(PROGRAMME_NOT_FOUND)
)
async def get_proposals(
    programme: ProgrammePath,
    session: SessionDep,
    _: Reviewer,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ProposalPage:
    """Newest first: one is open at most, the others were published or overtaken."""
    return await proposal_page(session, programme, before=cursor, limit=limit)


@router.get("/lists/{programme}/proposals/{proposal_id}", summary="Read a proposal", responses=refuses(NOT_FOUND))
async def get_proposal(
    programme: ProgrammePath, proposal_id: ProposalPath, session: SessionDep, _: Reviewer
) -> ProposalDetail:
    """With every entry, and how it differs from the newest edition."""
    return await proposal_detail(session, programme, proposal_id)


@router.post(
    "/lists/{programme}/proposals/{proposal_id}:approve",
    status_code=201,
    response_model=ApprovalOut,
    summary="Approve a proposal and publish it",
    responses=refuses(NOT_FOUND, PROPOSAL_STATUS, PROPOSAL_DIGEST, PROPOSAL_STALE, APPROVER_PROPOSED),
)
async def post_approval(
    programme: ProgrammePath,
    proposal_id: ProposalPath,
    body: ApprovalIn,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("lists:approve")],
    idempotency: IdempotencyDep,
) -> Response:
    """By another person than proposed it, by the digest that was read: exactly the frozen entries are published."""
    key = load_key(request.app.state.settings.list_key_file)
    return await idempotency.run(
        session, actor, 201, lambda: approve_proposal(session, actor, programme, proposal_id, body, key)
    )


@router.get(
    "/lists/{programme}/shown",
    summary="See who is on a list",
    responses=refuses(PROGRAMME_NOT_FOUND, NO_EDITION),
)
async def get_shown(
    programme: ProgrammePath,
    session: SessionDep,
    actor: Annotated[Actor, requires("lists:shown")],
    cursor: Annotated[str, Query(max_length=18)] = "",
    limit: Limit = 100,
) -> ShownPage:
    """An enterprise itself, a city its own, the province all: each with the fields that the list's data give it."""
    return await shown_page(session, actor, programme, after=cursor, limit=limit)
