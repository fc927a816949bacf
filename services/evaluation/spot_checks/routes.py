"""HTTP: spot checks, their members and findings."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.evaluation.facts.errors import (
    AS_OF_FUTURE,
    CONTRADICTS_ITSELF,
    EVIDENCE_UNKNOWN,
    FACT_NOT_STATABLE,
    FACT_UNKNOWN,
    FACT_VALUE,
    SOURCE_NOT_ALLOWED,
)
from services.evaluation.spot_checks.errors import (
    CHECKED_BY_ANOTHER,
    CHECKED_IN_FUTURE,
    CHECKED_TOO_EARLY,
    COMMITMENT_USED,
    FOUND_ALREADY,
    NOT_DRAWN,
    NOT_REVEALED,
    NOT_YET,
    NOTHING_CLAIMED,
    OTHER_SEED,
    OUTCOME_NOT_OF_VALUE,
    POOL_EMPTY,
    REVEAL_TOO_SOON,
)
from services.evaluation.spot_checks.finding_queries import finding_by_id, finding_page
from services.evaluation.spot_checks.publish_draw import publish_draw
from services.evaluation.spot_checks.queries import draw_by_number, draw_page, draw_shown, member_page
from services.evaluation.spot_checks.record_finding import record_finding
from services.evaluation.spot_checks.reveal_seed import reveal_seed
from services.evaluation.spot_checks.schemas import (
    NUMBER,
    DrawIn,
    DrawOut,
    DrawPage,
    FindingIn,
    FindingOut,
    FindingPage,
    MemberPage,
    RevealIn,
)
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["spot checks"])
Reader = Annotated[Actor, requires("spot_checks:read")]
Writer = Annotated[Actor, requires("spot_checks:write")]
Checker = Annotated[Actor, requires("spot_checks:find")]
Limit = Annotated[int, Query(ge=1, le=500)]
NumberPath = Annotated[str, Path(pattern=NUMBER, examples=["2026-001"])]
Code = Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
_OF_FINDING = (
    *(NOT_FOUND, NOT_REVEALED, NOT_DRAWN, FOUND_ALREADY, CHECKED_BY_ANOTHER, CHECKED_IN_FUTURE, CHECKED_TOO_EARLY),
    *(NOTHING_CLAIMED, OUTCOME_NOT_OF_VALUE, FACT_UNKNOWN, FACT_NOT_STATABLE, FACT_VALUE, SOURCE_NOT_ALLOWED),
    *(AS_OF_FUTURE, EVIDENCE_UNKNOWN, CONTRADICTS_ITSELF),
)


@router.post(
    "/spot-checks",
    status_code=201,
    response_model=DrawOut,
    summary="Publish the frame of a spot check (核查抽查)",
    responses=refuses(REVEAL_TOO_SOON, POOL_EMPTY, COMMITMENT_USED),
)
async def post_draw(body: DrawIn, session: SessionDep, actor: Writer, idempotency: IdempotencyDep) -> Response:
    """Freeze the pool's members under a digest, with a commitment to a seed that the officer keeps until its time."""
    return await idempotency.run(session, actor, 201, lambda: publish_draw(session, actor, body))


@router.get("/spot-checks", summary="List spot checks")
async def get_draws(
    session: SessionDep,
    _: Reader,
    cursor: Annotated[str | None, Query(pattern=NUMBER, examples=["2026-001"])] = None,
    limit: Limit = 100,
) -> DrawPage:
    """All of them, the newest first, revealed or not."""
    return await draw_page(session, before=cursor, limit=limit)


@router.get("/spot-checks/{number}", summary="Read a spot check", responses=refuses(NOT_FOUND))
async def get_draw(number: NumberPath, session: SessionDep, actor: Reader) -> DrawOut:
    """A draw, its seed and strata once revealed, and how many were checked within reach."""
    return await draw_shown(session, actor, await draw_by_number(session, number))


@router.post(
    "/spot-checks/{number}:reveal",
    summary="Reveal the seed, which draws",
    responses=refuses(NOT_FOUND, NOT_YET, OTHER_SEED),
)
async def post_reveal(number: NumberPath, body: RevealIn, session: SessionDep, actor: Writer) -> DrawOut:
    """Once, not before the time that was published, and no other seed than the commitment's."""
    return await reveal_seed(session, actor, number, body)


@router.get(
    "/spot-checks/{number}/members", summary="List who is in the frame", responses=refuses(NOT_FOUND, NOT_REVEALED)
)
async def get_members(
    number: NumberPath,
    session: SessionDep,
    actor: Reader,
    drawn: Annotated[bool | None, Query(description="Only those drawn, or only those not drawn")] = None,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])] = None,
    limit: Limit = 100,
) -> MemberPage:
    """Within reach, by code, with what opens their seals. Nobody is told before the seed is revealed."""
    return await member_page(session, actor, number, drawn=drawn, after=cursor, limit=limit)


@router.post(
    "/spot-checks/{number}/members/{uscc}/finding",
    status_code=201,
    response_model=FindingOut,
    summary="Record what a check found",
    responses=refuses(*_OF_FINDING),
)
async def post_finding(
    number: NumberPath,
    uscc: Code,
    body: FindingIn,
    session: SessionDep,
    actor: Checker,
    idempotency: IdempotencyDep,
) -> Response:
    """Once per enterprise drawn. Its facts are stated as verified; where one was false, an incident is alleged."""
    return await idempotency.run(session, actor, 201, lambda: record_finding(session, actor, number, uscc, body))


@router.get("/spot-checks/{number}/findings", summary="List findings", responses=refuses(NOT_FOUND))
async def get_findings(
    number: NumberPath, session: SessionDep, actor: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> FindingPage:
    """Within reach, in the order in which they were recorded."""
    return await finding_page(session, actor, number, after=cursor, limit=limit)


@router.get("/spot-check-findings/{finding_id}", summary="Read a finding", responses=refuses(NOT_FOUND))
async def get_finding(finding_id: uuid.UUID, session: SessionDep, actor: Reader) -> FindingOut:
    """What was found at one enterprise, with the statements that say so since."""
    return await finding_by_id(session, actor, finding_id)
