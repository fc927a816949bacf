"""HTTP: what another rulebook would have said, and whether receipts replay."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Query, Request

from services.evaluation.assessment.errors import CYCLE_NOT_FOUND
from services.evaluation.impact.assess_impact import impact
from services.evaluation.impact.errors import (
    IMPACT_BUSY,
    ONE_RULEBOOK_NEEDED,
    RULEBOOK_NOT_FOUND,
    RULEBOOK_REFUSED,
)
from services.evaluation.impact.replay_receipts import replay_cycle, replay_one
from services.evaluation.impact.schemas import CycleReplay, Depth, ImpactIn, ImpactOut, ReplayOut
from shared.db import Database
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["impact"])
Limit = Annotated[int, Query(ge=1, le=500)]


@router.post(
    "/cycles/{code}/impact",
    summary="See which decisions another rulebook would change (影响测算)",
    responses=refuses(CYCLE_NOT_FOUND, RULEBOOK_NOT_FOUND, RULEBOOK_REFUSED, ONE_RULEBOOK_NEEDED, IMPACT_BUSY),
)
async def post_impact(
    code: str,
    body: ImpactIn,
    request: Request,
    actor: Annotated[Actor, requires("assessments:impact")],
    depth: Depth = "overall",
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> ImpactOut:
    """Judge the facts of every current assessment by another rulebook; nothing changes.

    Findings and signed deviations count again where the part still exists and is still unknown or not met. The first
    page counts the whole cycle; the items are the decisions that would be others, with reasons before and after.
    `depth=criterion` lists also those where only a criterion's verdict changes.
    """
    database: Database = request.app.state.database
    return await impact(database, actor, code, body, depth=depth, cursor=cursor, limit=limit)


@router.post(
    "/cycles/{code}/receipts:replay",
    summary="Replay every receipt of a cycle (重放)",
    responses=refuses(CYCLE_NOT_FOUND),
)
async def post_cycle_replay(
    code: str,
    session: SessionDep,
    _: Annotated[Actor, requires("assessments:read")],
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> CycleReplay:
    """Judge each receipt's facts again by its own rulebook and compare byte for byte; lists those that differ."""
    return await replay_cycle(session, code, cursor, limit)


@router.post(
    "/assessments/{assessment_id}:replay",
    summary="Replay an assessment's receipt (重放)",
    responses=refuses(NOT_FOUND),
)
async def post_replay(
    assessment_id: uuid.UUID, session: SessionDep, _: Annotated[Actor, requires("assessments:read")]
) -> ReplayOut:
    """Judge the receipt's facts again by its own rulebook and compare byte for byte."""
    return await replay_one(session, assessment_id)
