"""HTTP: /v1/pools."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.evaluation.pool.schemas import MemberPage, PoolOut
from services.evaluation.pool.service import list_pools, members_of, pool_by_code
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/pools", tags=["pool"])


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
    cursor: Annotated[str, Query(max_length=18)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> MemberPage:
    """Members now, in order of 统一社会信用代码."""
    return await members_of(session, code, after=cursor, limit=limit)
