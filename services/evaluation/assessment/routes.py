"""HTTP: rulebooks in use, assessments and their explanations."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from services.evaluation.assessment.errors import BARS, CYCLE_NOT_FOUND, NOT_OWN_ENTERPRISE
from services.evaluation.assessment.form import PreviewIn
from services.evaluation.assessment.preview import preview
from services.evaluation.assessment.queries import (
    assessment_in_full,
    assessment_page,
    cycle_or_refuse,
    verdict_counts,
)
from services.evaluation.assessment.registry import provincial_rulebooks
from services.evaluation.assessment.schemas import AssessmentOut, AssessmentPage, RulebookOut, VerdictCounts
from services.evaluation.assessment.stored import stored_receipt
from shared.db import Database
from shared.errors import NOT_FOUND
from shared.judgement import AsOf, Judgement
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["assessments"])
_RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "The stored bytes"},
    304: {"description": "Unchanged"},
}
Overall = Literal["met", "not_met", "unknown", "deviation"]


@router.get("/rulebooks", summary="List the rulebooks that a cycle can be pinned to")
async def get_rulebooks(_: Annotated[Actor, requires("cycles:read")]) -> list[RulebookOut]:
    """The province's rulebooks with their digests."""
    return [RulebookOut.model_validate(rulebook, from_attributes=True) for rulebook in provincial_rulebooks()]


@router.get(
    "/cycles/{code}/assessments",
    summary="List a cycle's current assessments",
    responses=refuses(CYCLE_NOT_FOUND),
)
async def get_assessments(
    code: str,
    session: SessionDep,
    actor: Annotated[Actor, requires("assessments:read")],
    overall: Overall | None = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AssessmentPage:
    """In order of id; `overall=unknown` is what waits for a person."""
    cycle = await cycle_or_refuse(session, code)
    return await assessment_page(session, actor, cycle_id=cycle.id, overall=overall, after=cursor, limit=limit)


@router.post(
    "/cycles/{code}/assessments:preview",
    summary="See how a form would be judged (预评)",
    responses=refuses(CYCLE_NOT_FOUND, NOT_OWN_ENTERPRISE),
)
async def post_preview(
    code: str,
    body: PreviewIn,
    request: Request,
    actor: Annotated[Actor, requires("assessments:preview")],
    as_of: AsOf = "assessment_date",
) -> Judgement:
    """Judge a form that may be incomplete, by the cycle's rulebook and the engine of the real judgement.

    Nothing is stored. `as_of=today` judges by today's date instead of the cycle's assessment date.
    Each part that is not met says what is missing, where the form answers it, and how far it is from each threshold.
    """
    database: Database = request.app.state.database
    return await preview(database, actor, code, body, as_of)


@router.get("/cycles/{code}/verdict-counts", summary="Count a cycle's verdicts", responses=refuses(CYCLE_NOT_FOUND))
async def get_verdict_counts(
    code: str, session: SessionDep, _: Annotated[Actor, requires("assessments:read")]
) -> VerdictCounts:
    """How the cycle's current assessments stand."""
    cycle = await cycle_or_refuse(session, code)
    return await verdict_counts(session, cycle.id)


@router.get(
    "/assessments/{assessment_id}",
    summary="Read an assessment with its reasons",
    responses=refuses(NOT_FOUND, *BARS.values()),
)
async def get_assessment(
    assessment_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("assessments:read")]
) -> AssessmentOut:
    """Each criterion with the plan's text, the verdict and a reason in Chinese; each fact with who says so; the receipt.

    A reviewer reads it only after having declared, on its review, that there is no conflict of interest.
    """
    return await assessment_in_full(session, actor, assessment_id)


@router.get(
    "/assessments/{assessment_id}/receipt",
    response_class=Response,
    responses=_RECEIPT | refuses(NOT_FOUND, *BARS.values()),
    summary="Download a receipt",
)
async def get_receipt(
    assessment_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("assessments:read")],
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The very bytes that were stored, canonical JSON (RFC 8785); `ETag` is their SHA-256.

    A reviewer downloads it only after having declared, as with the assessment itself.
    """
    receipt = await stored_receipt(session, actor, assessment_id)
    headers = {"ETag": f'"{receipt.digest}"', "Cache-Control": "private, no-cache"}
    if if_none_match is not None and headers["ETag"] in if_none_match.replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    return Response(receipt.text, media_type="application/json", headers=headers)
