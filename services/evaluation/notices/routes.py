"""HTTP: /v1/notices and /v1/objections, for officers."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from services.evaluation.notices.decide_objection import decide_objection
from services.evaluation.notices.deciding import declare_to_decide
from services.evaluation.notices.end_notice import end_notice
from services.evaluation.notices.errors import (
    DECIDED_ALREADY,
    DECIDED_BY_ANOTHER,
    EVIDENCE_NOT_FOUND,
    NOT_ON_NOTICE,
    NOTICE_HAS_A_LENGTH,
    WINDOW_CLOSED,
)
from services.evaluation.notices.queries import (
    entry_page,
    notice_page,
    notice_shown,
    objection_declared,
    objection_page,
    objection_row,
    read_objector,
)
from services.evaluation.notices.record_objection import record_objection
from services.evaluation.notices.schemas import (
    NUMBER,
    DecisionIn,
    EntryPage,
    NoticeOut,
    NoticePage,
    ObjectionIn,
    ObjectionOut,
    ObjectionPage,
    ObjectionStatus,
    ObjectorOut,
)
from services.evaluation.notices.standing import notice_by_number
from services.evaluation.review.errors import STANDING
from services.evaluation.review.review_schemas import DeclarationIn
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.refusals import NOTHING_YET, refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["notices"])
NumberPath = Annotated[str, Path(pattern=NUMBER, examples=["2026-001"])]
Limit = Annotated[int, Query(ge=1, le=500)]
Reader = Annotated[Actor, requires("notices:read")]
Decider = Annotated[Actor, requires("objections:decide")]


@router.get("/notices", summary="List notices")
async def get_notices(
    session: SessionDep,
    actor: Reader,
    cursor: Annotated[str | None, Query(pattern=NUMBER, examples=["2026-001"])] = None,
    limit: Limit = 50,
) -> NoticePage:
    """The newest first, with days left and counts of entries within reach."""
    return await notice_page(session, actor, before=cursor, limit=limit)


@router.get("/notices/{number}", summary="Read a notice", responses=refuses(NOT_FOUND))
async def get_notice(number: NumberPath, session: SessionDep, actor: Reader) -> NoticeOut:
    """Its window, the working days left, and how its entries within reach stand."""
    return await notice_shown(session, actor, await notice_by_number(session, number))


@router.get("/notices/{number}/entries", summary="Read a notice's entries", responses=refuses(NOT_FOUND))
async def get_entries(
    number: NumberPath,
    session: SessionDep,
    actor: Reader,
    cursor: Annotated[str, Query(max_length=18)] = "",
    limit: Limit = 100,
) -> EntryPage:
    """Entries within reach by 统一社会信用代码, with their objections."""
    return await entry_page(session, actor, number, after=cursor, limit=limit)


@router.post(
    "/notices/{number}:end",
    summary="End a notice that has no length",
    responses=refuses(NOT_FOUND, NOTICE_HAS_A_LENGTH),
)
async def post_end(
    number: NumberPath, request: Request, session: SessionDep, actor: Annotated[Actor, requires("notices:write")]
) -> NoticeOut:
    """Close the window now. A notice with a length of working days ends by itself, and never earlier."""
    subject = ("public_notice", NOTHING_YET)
    async with refusals_audited(request, session, actor, "notice.end", subject, detail={"notice": number}):
        return await notice_shown(session, actor, await end_notice(session, actor, number))


@router.post(
    "/notices/{number}/objections",
    status_code=201,
    response_model=ObjectionOut,
    summary="Record an objection (异议)",
    responses=refuses(NOT_FOUND, WINDOW_CLOSED, NOT_ON_NOTICE, EVIDENCE_NOT_FOUND),
)
async def post_objection(
    number: NumberPath,
    body: ObjectionIn,
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("objections:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Record what was handed in against one entry; it alone is held until the objection is decided."""
    subject = ("objection", NOTHING_YET)
    async with refusals_audited(request, session, actor, "objection.record", subject, detail={"notice": number}):
        return await idempotency.run(session, actor, 201, lambda: record_objection(session, actor, number, body))


@router.get("/notices/{number}/objections", summary="List a notice's objections", responses=refuses(NOT_FOUND))
async def get_objections(
    number: NumberPath,
    session: SessionDep,
    actor: Reader,
    status: ObjectionStatus | None = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ObjectionPage:
    """Within reach, in the order in which they were recorded; never who objected."""
    return await objection_page(session, actor, number, status=status, after=cursor, limit=limit)


@router.post(
    "/objections/{objection_id}:declare",
    summary="Declare whether there is a conflict of interest",
    responses=refuses(NOT_FOUND, DECIDED_ALREADY, DECIDED_BY_ANOTHER, *STANDING.values()),
)
async def post_declaration(
    objection_id: uuid.UUID, body: DeclarationIn, request: Request, session: SessionDep, actor: Decider
) -> ObjectionOut:
    """Before its grounds are shown. Whoever declares a conflict does not decide, here or anywhere on the enterprise."""
    subject = ("objection", objection_id)
    async with refusals_audited(request, session, actor, "objection.declare", subject):
        objection, _, notice = await objection_row(session, actor, objection_id)
        await declare_to_decide(session, actor, objection, notice, body)
        return await objection_declared(session, actor, objection_id)


@router.get(
    "/objections/{objection_id}/objector",
    summary="Read who objected",
    responses=refuses(NOT_FOUND, DECIDED_BY_ANOTHER, *STANDING.values()),
)
async def get_objector(
    objection_id: uuid.UUID, request: Request, response: Response, session: SessionDep, actor: Decider
) -> ObjectorOut:
    """For whoever may decide and has declared, one at a time; each reading is audited."""
    response.headers["Cache-Control"] = "no-store"
    subject = ("objection", objection_id)
    async with refusals_audited(request, session, actor, "objector.read", subject):
        return await read_objector(session, actor, objection_id)


@router.post(
    "/objections/{objection_id}:uphold",
    summary="Uphold an objection",
    responses=refuses(NOT_FOUND, DECIDED_ALREADY, DECIDED_BY_ANOTHER, *STANDING.values()),
)
async def post_uphold(
    objection_id: uuid.UUID, body: DecisionIn, request: Request, session: SessionDep, actor: Decider
) -> ObjectionOut:
    """Strike the entry, with reasons; its place is not given to anybody by itself."""
    subject = ("objection", objection_id)
    async with refusals_audited(request, session, actor, "objection.uphold", subject):
        return await decide_objection(session, actor, objection_id, "upheld", body)


@router.post(
    "/objections/{objection_id}:dismiss",
    summary="Dismiss an objection",
    responses=refuses(NOT_FOUND, DECIDED_ALREADY, DECIDED_BY_ANOTHER, *STANDING.values()),
)
async def post_dismiss(
    objection_id: uuid.UUID, body: DecisionIn, request: Request, session: SessionDep, actor: Decider
) -> ObjectionOut:
    """Hold the entry no longer, with reasons; once every objection to it is dismissed a commit admits it."""
    subject = ("objection", objection_id)
    async with refusals_audited(request, session, actor, "objection.dismiss", subject):
        return await decide_objection(session, actor, objection_id, "dismissed", body)
