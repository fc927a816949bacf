"""HTTP: the completeness check before submission."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from services.intake.applications.completeness import CheckIn, CheckOut, check_form
from services.intake.applications.errors import EVALUATION_UNAVAILABLE, NOT_OWN_ENTERPRISE
from services.intake.applications.evaluation_client import EvaluationClient
from services.intake.cycles.errors import CYCLE_NOT_FOUND
from shared.judgement import AsOf
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires

router = APIRouter(prefix="/v1", tags=["applications"])


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
