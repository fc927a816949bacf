"""HTTP: lists by rule, judgements of them, and which lists an enterprise is on or could be on."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from services.evaluation.programmes.errors import NOT_JUDGED, PROGRAMME_UNKNOWN
from services.evaluation.programmes.judge_by_hand import judge_by_hand
from services.evaluation.programmes.queries import all_programmes, entry_page, judgement_page
from services.evaluation.programmes.schemas import (
    JudgedEntryPage,
    JudgementOut,
    JudgementPage,
    ProgrammesOut,
    StandingsOut,
)
from services.evaluation.programmes.standings import standings
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["programmes"])
Reader = Annotated[Actor, requires("programmes:read")]
Reviewer = Annotated[Actor, requires("programmes:review")]
ProgrammePath = Annotated[str, Path(min_length=1, max_length=60, examples=["pledge-whitelist"])]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/programmes", summary="List the province's lists")
async def get_programmes(_: Reader) -> ProgrammesOut:
    """Each with its clause, its rule in words, whom it is for, the consent and approval that it needs, and why."""
    return all_programmes()


@router.post(
    "/programmes/{programme}/judgements",
    status_code=201,
    response_model=JudgementOut,
    summary="Judge everybody by the rule of a list",
    responses=refuses(PROGRAMME_UNKNOWN, NOT_JUDGED),
)
async def post_judgement(
    programme: ProgrammePath,
    session: SessionDep,
    actor: Annotated[Actor, requires("programmes:judge")],
    idempotency: IdempotencyDep,
) -> Response:
    """Today, beside the list's own cadence. An edition of those who meet it is proposed, frozen, for approval."""
    return await idempotency.run(session, actor, 201, lambda: judge_by_hand(session, actor, programme))


@router.get("/programmes/{programme}/judgements", summary="List judgements", responses=refuses(PROGRAMME_UNKNOWN))
async def get_judgements(
    programme: ProgrammePath,
    session: SessionDep,
    _: Reviewer,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> JudgementPage:
    """Newest first, with how many meet the rule, may, and do not."""
    return await judgement_page(session, programme, before=cursor, limit=limit)


@router.get(
    "/programmes/{programme}/judgements/{judgement_id}/entries",
    summary="Read who meets the rule, and of whom it is not known",
    responses=refuses(PROGRAMME_UNKNOWN, NOT_FOUND),
)
async def get_entries(
    programme: ProgrammePath,
    judgement_id: Annotated[uuid.UUID, Path(examples=["018f0000-0000-7000-8000-000000000000"])],
    session: SessionDep,
    _: Reviewer,
    verdict: Literal["met", "unknown"] | None = None,
    cursor: Annotated[str, Query(max_length=18)] = "",
    limit: Limit = 100,
) -> JudgedEntryPage:
    """In order of 统一社会信用代码; what is unknown is on no list and told here with the facts that are missing."""
    return await entry_page(session, programme, judgement_id, verdict=verdict, after=cursor, limit=limit)


@router.get(
    "/enterprises/{uscc}/programmes",
    summary="See which lists an enterprise is on, could be on, and what is missing",
    responses=refuses(NOT_FOUND),
)
async def get_standings(
    uscc: Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])],
    session: SessionDep,
    actor: Reader,
) -> StandingsOut:
    """As of today, by the facts as they are known now: one's own, those of one's city, or all."""
    return await standings(session, actor, uscc)
