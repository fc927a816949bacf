"""HTTP: /v1/pools."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BeforeValidator

from services.evaluation.pool.history import episodes_of, members_as_of
from services.evaluation.pool.schemas import EpisodesOut, MemberPage, PoolOut
from services.evaluation.pool.service import list_pools, members_of, pool_by_code
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared import calendar
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.validation import iso_date
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/pools", tags=["pool"])
history = APIRouter(prefix="/v1/enterprises", tags=["pool"])


@router.get("", summary="List pools")
async def get_pools(session: SessionDep, _: Annotated[Actor, requires("pool:read")]) -> list[PoolOut]:
    """Every pool with its cap and how many members it has."""
    return await list_pools(session)


@router.get("/{code}", summary="Read a pool", responses=refuses(POOL_NOT_FOUND))
async def get_pool(code: str, session: SessionDep, _: Annotated[Actor, requires("pool:read")]) -> PoolOut:
    """The pool's cap and how many members it has."""
    return await pool_by_code(session, code)


@router.get("/{code}/members", summary="List a pool's members", responses=refuses(POOL_NOT_FOUND))
async def get_members(
    code: str,
    session: SessionDep,
    _: Annotated[Actor, requires("pool:read")],
    on: Annotated[
        date | None,
        BeforeValidator(iso_date),
        Query(description="As of the end of this business day", examples=["2026-06-30"]),
    ] = None,
    known_at: Annotated[
        AwareDatetime | None, Query(description="As known at this moment", examples=["2026-07-01T00:00:00+08:00"])
    ] = None,
    cursor: Annotated[str, Query(max_length=18)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MemberPage:
    """Members now, or as of a day, and as known at a moment, in order of 统一社会信用代码."""
    if on is None and known_at is None:
        return await members_of(session, code, after=cursor, limit=limit)
    moment = known_at or calendar.now()
    day = on or calendar.business_date(moment)
    return await members_as_of(session, code, day, moment, after=cursor, limit=limit)


@history.get("/{uscc}/memberships", summary="Read every stay of an enterprise, and why", responses=refuses(NOT_FOUND))
async def get_memberships(
    uscc: Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])],
    session: SessionDep,
    actor: Annotated[Actor, requires("memberships:read")],
    known_at: Annotated[
        AwareDatetime | None, Query(description="As known at this moment", examples=["2026-07-01T00:00:00+08:00"])
    ] = None,
) -> EpisodesOut:
    """The oldest first: when and by which plan it came in, when and why it left; an enterprise may come back."""
    return await episodes_of(session, actor, uscc, known_at)
