"""HTTP: the completeness check before submission."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.intake.applications.completeness import CheckIn, CheckOut, check_draft, check_form
from services.intake.applications.errors import DRAFT_NOT_FOUND, EVALUATION_UNAVAILABLE, NOT_OWN_ENTERPRISE
from services.intake.applications.evaluation_client import EvaluationClient
from services.intake.cycles.errors import CYCLE_NOT_FOUND
from shared.errors import NOT_FOUND
from shared.judgement import AsOf
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.json_bodies import CarefulJsonRoute
from shared.web.security import requires

router = APIRouter(prefix="/v1", tags=["applications"], route_class=CarefulJsonRoute)


def _evaluation(request: Request) -> EvaluationClient:
    """Evaluation, asked with the caller's own token."""
    client: EvaluationClient = request.app.state.evaluation
    return client.acting_for(request.headers.get("authorization", ""))


EvaluationDep = Annotated[EvaluationClient, Depends(_evaluation)]


@router.post(
    "/cycles/{code}/applications:check",
    summary="Check an application before submitting it (完整性自查)",
    responses=refuses(CYCLE_NOT_FOUND, NOT_OWN_ENTERPRISE, EVALUATION_UNAVAILABLE),
)
async def post_check(
    code: str,
    body: CheckIn,
    request: Request,
    actor: Annotated[Actor, requires("assessments:preview")],
    evaluation: EvaluationDep,
    as_of: AsOf = "assessment_date",
) -> CheckOut:
    """Say what a strict submission would refuse, and how the form would be judged, criterion by criterion.

    The form may be incomplete. What is invalid is judged as missing. Nothing is stored, whatever the answer.
    While evaluation cannot be reached the refusal still lists the violations.
    """
    return await check_form(request.app.state.database, evaluation, actor, code, body.form, as_of)


@router.post(
    "/applications/{application_id}:check",
    summary="Check a draft before submitting it (完整性自查)",
    responses=refuses(NOT_FOUND, DRAFT_NOT_FOUND, EVALUATION_UNAVAILABLE),
)
async def post_draft_check(
    application_id: uuid.UUID,
    request: Request,
    actor: Annotated[Actor, requires("assessments:preview")],
    evaluation: EvaluationDep,
    as_of: AsOf = "assessment_date",
) -> CheckOut:
    """Say of the draft as saved what a strict submission would refuse, and how it would be judged."""
    return await check_draft(request.app.state.database, evaluation, actor, application_id, as_of)
