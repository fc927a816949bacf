"""HTTP: /v1/cycles."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.intake.cycles.errors import (
    CONDITION_UNKNOWN,
    CYCLE_EXISTS,
    PROMISES_EXCEED_CAP,
    RULEBOOK_NOT_IN_FORCE,
    RULEBOOK_UNKNOWN,
)
from services.intake.cycles.schemas import CycleIn, CycleOut
from services.intake.cycles.service import list_cycles, open_cycle
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/cycles", tags=["cycles"])


@router.post(
    "",
    status_code=201,
    response_model=CycleOut,
    summary="Open a cycle",
    responses=refuses(CYCLE_EXISTS, RULEBOOK_UNKNOWN, RULEBOOK_NOT_IN_FORCE, CONDITION_UNKNOWN, PROMISES_EXCEED_CAP),
)
async def post_cycle(
    cycle_in: CycleIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("cycles:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Open an application cycle (申报批次), pinned to one rulebook by digest."""
    return await idempotency.run(session, actor, 201, lambda: open_cycle(session, actor, cycle_in))


@router.get("", summary="List cycles")
async def get_cycles(session: SessionDep, _: Annotated[Actor, requires("cycles:read")]) -> list[CycleOut]:
    """All cycles, newest first."""
    return await list_cycles(session)
