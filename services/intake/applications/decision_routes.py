"""HTTP: what a city, the province or the enterprise decides about an application."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter

from services.intake.applications.correction import reopen
from services.intake.applications.decision import decline, recommend, reconsider, return_to_enterprise
from services.intake.applications.errors import ALREADY_SELECTED, REASON_REQUIRED, WRONG_STATUS
from services.intake.applications.schemas import ReasonIn, Recommended, RecommendIn, ReturnIn, WithdrawIn
from services.intake.applications.transitions import scope_of
from services.intake.applications.withdrawal import withdraw
from shared.errors import FORBIDDEN, NOT_FOUND, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["applications"])
_REFUSES = refuses(FORBIDDEN, NOT_FOUND, WRONG_STATUS, VALIDATION_FAILED)


@router.post("/applications:recommend", summary="Recommend applications (推荐)", responses=_REFUSES)
async def post_recommendation(
    body: RecommendIn, session: SessionDep, actor: Annotated[Actor, requires(scope_of("recommend"))]
) -> Recommended:
    """Recommend a batch, all or none; each goes to evaluation. Sections that nobody has confirmed are confirmed."""
    return await recommend(session, actor, body.application_ids)


@router.post(
    "/applications/{application_id}:return",
    status_code=204,
    summary="Return an application (退回)",
    responses=_REFUSES,
)
async def post_return(
    application_id: uuid.UUID,
    body: ReturnIn,
    session: SessionDep,
    actor: Annotated[Actor, requires(scope_of("return"))],
) -> None:
    """Send an application back with reasons on named fields: their sections are reopened, until `correct_until`."""
    await return_to_enterprise(session, actor, application_id, body)


@router.post(
    "/applications/{application_id}:decline",
    status_code=204,
    summary="Do not recommend an application (不予推荐)",
    responses=_REFUSES,
)
async def post_decline(
    application_id: uuid.UUID,
    body: ReasonIn,
    session: SessionDep,
    actor: Annotated[Actor, requires(scope_of("decline"))],
) -> None:
    """End the city's examination without a recommendation; the enterprise reads the reason."""
    await decline(session, actor, application_id, body.reason)


@router.post(
    "/applications/{application_id}:reconsider",
    status_code=204,
    summary="Take up again what was not recommended (复议)",
    responses=_REFUSES,
)
async def post_reconsideration(
    application_id: uuid.UUID,
    body: ReasonIn,
    session: SessionDep,
    actor: Annotated[Actor, requires(scope_of("reconsider"))],
) -> None:
    """Put an application that was not recommended back to where it waits for a decision."""
    await reconsider(session, actor, application_id, body.reason)


@router.post(
    "/applications/{application_id}:reopen",
    status_code=204,
    summary="Send back what a city has recommended (省级退回)",
    responses=refuses(FORBIDDEN, NOT_FOUND, WRONG_STATUS, ALREADY_SELECTED, VALIDATION_FAILED),
)
async def post_reopening(
    application_id: uuid.UUID,
    body: ReturnIn,
    session: SessionDep,
    actor: Annotated[Actor, requires(scope_of("reopen"))],
) -> None:
    """The province asks for a correction: the named sections lose their confirmation, the others keep it."""
    await reopen(session, actor, application_id, body)


@router.post(
    "/applications/{application_id}:withdraw",
    status_code=204,
    summary="Withdraw an application (撤回)",
    responses=refuses(FORBIDDEN, NOT_FOUND, WRONG_STATUS, ALREADY_SELECTED, VALIDATION_FAILED, REASON_REQUIRED),
)
async def post_withdrawal(
    application_id: uuid.UUID,
    body: WithdrawIn,
    session: SessionDep,
    actor: Annotated[Actor, requires(scope_of("withdraw"))],
) -> None:
    """Withdraw before the cycle's selection is decided. While the cycle is open one may apply again."""
    await withdraw(session, actor, application_id, body.reason)
