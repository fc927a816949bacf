"""HTTP: /v1/enterprises and what is changed and undone on their records."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime

from services.intake.enterprises.alter_facts import relocate, rename
from services.intake.enterprises.change_code import change_code
from services.intake.enterprises.errors import (
    CODE_IN_USE,
    CODE_MISMATCH,
    INTO_UNKNOWN,
    MERGE_BOTH_MEMBERS,
    MERGE_CONFLICT,
    NOT_ON_RECORD_THEN,
    NOT_UNDOABLE,
    NOTHING_CHANGES,
    USCC_SUPERSEDED,
)
from services.intake.enterprises.merge import merge
from services.intake.enterprises.queries import change_page, enterprise_detail, enterprise_page
from services.intake.enterprises.schemas import (
    ChangeCodeIn,
    ChangeOut,
    ChangePage,
    EnterpriseDetail,
    EnterprisePage,
    MergeIn,
    RelocateIn,
    RenameIn,
    UndoIn,
)
from services.intake.enterprises.undo import undo
from shared.errors import NOT_FOUND, UNAVAILABLE, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["enterprises"])
Reader = Annotated[Actor, requires("enterprises:read")]
Keeper = Annotated[Actor, requires("enterprises:write")]
AnyCode = Annotated[
    str,
    Path(
        pattern=r"^[0-9A-Za-z-]{9,20}$",
        description="Any code that the enterprise is or was known by",
        examples=["91420100MAQ00001XA"],
    ),
]
PresentCode = Annotated[
    str,
    Path(pattern=r"^[0-9A-Z]{18}$", description="The present 统一社会信用代码", examples=["91420100MAQ00001XA"]),
]
Limit = Annotated[int, Query(ge=1, le=500)]
_CHANGING = (NOT_FOUND, USCC_SUPERSEDED, NOTHING_CHANGES, VALIDATION_FAILED, UNAVAILABLE)


@router.get("/enterprises", summary="List enterprises on record", responses=refuses(VALIDATION_FAILED))
async def get_enterprises(
    session: SessionDep,
    actor: Reader,
    city: Annotated[str | None, Query(pattern=r"^\d{6}$", examples=["420100"])] = None,
    name: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Part of a name, past ones too")
    ] = None,
    uscc: Annotated[str | None, Query(max_length=20, description="Any code, past ones too")] = None,
    cursor: uuid.UUID | None = None,
    limit: Limit = 100,
) -> EnterprisePage:
    """Living records within reach in order of id; `next_cursor` is null on the last page."""
    return await enterprise_page(session, actor, city=city, name=name, uscc=uscc, after=cursor, limit=limit)


@router.get(
    "/enterprises/{uscc}",
    summary="Read an enterprise with its past",
    responses=refuses(NOT_FOUND, NOT_ON_RECORD_THEN, VALIDATION_FAILED),
)
async def get_enterprise(
    uscc: AnyCode, session: SessionDep, actor: Reader, at: AwareDatetime | None = None
) -> EnterpriseDetail:
    """Names and divisions over time, codes, absorbed records and changes; `as_of` is the version in force at `at`."""
    return await enterprise_detail(session, actor, uscc, at=at)


@router.get(
    "/enterprises/{uscc}/changes",
    summary="List the changes of an enterprise's record",
    responses=refuses(NOT_FOUND, VALIDATION_FAILED),
)
async def get_changes(
    uscc: AnyCode, session: SessionDep, actor: Reader, cursor: uuid.UUID | None = None, limit: Limit = 100
) -> ChangePage:
    """Changes of the record and of those merged into it, oldest first, undone ones included."""
    return await change_page(session, actor, uscc, after=cursor, limit=limit)


@router.post(
    "/enterprises/{uscc}:rename",
    status_code=201,
    response_model=ChangeOut,
    summary="Rename an enterprise (名称变更)",
    responses=refuses(*_CHANGING),
)
async def post_rename(
    uscc: PresentCode, body: RenameIn, session: SessionDep, actor: Keeper, idempotency: IdempotencyDep
) -> Response:
    """Give the record another name; the earlier one stays in its history."""
    return await idempotency.run(session, actor, 201, lambda: rename(session, actor, uscc, body))


@router.post(
    "/enterprises/{uscc}:relocate",
    status_code=201,
    response_model=ChangeOut,
    summary="Move an enterprise to another division (迁移)",
    responses=refuses(*_CHANGING),
)
async def post_relocation(
    uscc: PresentCode, body: RelocateIn, session: SessionDep, actor: Keeper, idempotency: IdempotencyDep
) -> Response:
    """New applications go to the new city; those already filed stay with the city that they were filed in."""
    return await idempotency.run(session, actor, 201, lambda: relocate(session, actor, uscc, body))


@router.post(
    "/enterprises/{uscc}:changeCode",
    status_code=201,
    response_model=ChangeOut,
    summary="Change an enterprise's code (代码变更)",
    responses=refuses(*_CHANGING, CODE_IN_USE, CODE_MISMATCH),
)
async def post_code_change(
    uscc: PresentCode, body: ChangeCodeIn, session: SessionDep, actor: Keeper, idempotency: IdempotencyDep
) -> Response:
    """Supersede a code by a new 统一社会信用代码; the old one resolves to the record for ever and is refused in forms."""
    return await idempotency.run(session, actor, 201, lambda: change_code(session, actor, uscc, body))


@router.post(
    "/enterprises/{uscc}:merge",
    status_code=201,
    response_model=ChangeOut,
    summary="Merge an enterprise into another (合并)",
    responses=refuses(*_CHANGING, INTO_UNKNOWN, MERGE_CONFLICT, MERGE_BOTH_MEMBERS),
)
async def post_merge(
    uscc: PresentCode, body: MergeIn, session: SessionDep, actor: Keeper, idempotency: IdempotencyDep
) -> Response:
    """Codes and applications go to the enterprise that stays; forms already filed do not change."""
    return await idempotency.run(session, actor, 201, lambda: merge(session, actor, uscc, body))


@router.post(
    "/enterprise-changes/{change_id}:undo",
    response_model=ChangeOut,
    summary="Undo a change of an enterprise's record (撤销)",
    responses=refuses(NOT_FOUND, NOT_UNDOABLE, VALIDATION_FAILED, UNAVAILABLE),
)
async def post_undo(
    change_id: uuid.UUID, body: UndoIn, session: SessionDep, actor: Keeper, idempotency: IdempotencyDep
) -> Response:
    """Give the record back exactly what the change took; refused with what builds on it or has used it since."""
    return await idempotency.run(session, actor, 200, lambda: undo(session, actor, change_id, body))
