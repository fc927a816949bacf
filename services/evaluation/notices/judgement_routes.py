"""HTTP: what an enterprise, and its city, read of the judgement of its own application."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from services.evaluation.assessment.schemas import AssessmentOut
from services.evaluation.notices.errors import NOT_ANNOUNCED
from services.evaluation.notices.own_judgement import own_judgement, own_receipt
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.refusals import refusals_audited
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/applications", tags=["appeals"])
Owner = Annotated[Actor, requires("assessments:own")]
_RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "The stored bytes"},
    304: {"description": "Unchanged"},
}


@router.get(
    "/{application_id}/assessment",
    summary="Read one's own judgement (评判结果)",
    responses=refuses(NOT_FOUND, NOT_ANNOUNCED),
)
async def get_own_assessment(
    application_id: uuid.UUID, request: Request, session: SessionDep, actor: Owner
) -> AssessmentOut:
    """Each criterion with verdict, reasons, findings and deviations, and the receipt; officers are not named.

    For the enterprise itself and the officers of its city, once the cycle's result has been announced.
    """
    subject = ("application", application_id)
    async with refusals_audited(request, session, actor, "assessment.read_own", subject):
        return await own_judgement(session, actor, application_id)


@router.get(
    "/{application_id}/receipt",
    response_class=Response,
    responses=_RECEIPT | refuses(NOT_FOUND, NOT_ANNOUNCED),
    summary="Download the receipt of one's own judgement",
)
async def get_own_receipt(
    application_id: uuid.UUID,
    request: Request,
    session: SessionDep,
    actor: Owner,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The very bytes that were stored, canonical JSON (RFC 8785); `ETag` is their SHA-256. Names no officer."""
    subject = ("application", application_id)
    async with refusals_audited(request, session, actor, "assessment.read_own", subject):
        receipt = await own_receipt(session, actor, application_id)
    headers = {"ETag": f'"{receipt.digest}"', "Cache-Control": "private, no-cache"}
    if if_none_match is not None and headers["ETag"] in if_none_match.replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    return Response(receipt.text, media_type="application/json", headers=headers)
