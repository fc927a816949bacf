"""HTTP: copies of the patent register."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.finance.patents.errors import EXTRACT_IN_FUTURE, EXTRACT_OUT_OF_ORDER, EXTRACT_RECORDED
from services.finance.patents.extracts import extract_page, record_extract
from services.finance.patents.schemas import ExtractIn, ExtractOut, ExtractPage
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["patents"])


@router.get("/patent-extracts", summary="List copies of the patent register")
async def get_extracts(
    session: SessionDep,
    actor: Annotated[Actor, requires("patents:read")],
    uscc: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$")] = None,
    patent_no: Annotated[str | None, Query(max_length=40)] = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ExtractPage:
    """Newest first, of enterprises within reach."""
    return await extract_page(session, actor, uscc=uscc, patent_no=patent_no, before=cursor, limit=limit)


@router.post(
    "/patent-extracts",
    status_code=201,
    response_model=ExtractOut,
    summary="Record a copy of the patent register",
    responses=refuses(NOT_FOUND, EXTRACT_IN_FUTURE, EXTRACT_OUT_OF_ORDER, EXTRACT_RECORDED),
)
async def post_extract(
    body: ExtractIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("patents:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Legal status, fees and burdens of one patent as of a day: what a rule and a pledge are checked by."""
    return await idempotency.run(session, actor, 201, lambda: record_extract(session, actor, body))
