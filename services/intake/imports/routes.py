"""HTTP: upload a workbook, follow its import, read the rejected rows, download the template."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, File, Query, Response, UploadFile

from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW
from services.intake.imports.queries import import_within_reach, rejected_rows
from services.intake.imports.schemas import ImportOut, RejectedRowPage
from services.intake.imports.upload import receive_workbook
from services.intake.imports.workbook_template import template
from shared.errors import NOT_FOUND
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["imports"])
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.post(
    "/cycles/{code}/applications:importWorkbook",
    status_code=202,
    response_model=ImportOut,
    summary="Upload a workbook of applications",
    responses=refuses(CYCLE_NOT_FOUND, OUTSIDE_WINDOW),
)
async def post_workbook(
    code: str,
    file: Annotated[UploadFile, File(description="XLSX after the template")],
    session: SessionDep,
    actor: Annotated[Actor, requires("imports:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Store the workbook and read it in the background; follow the import under /v1/imports/{id}."""
    content = await file.read()
    name = (file.filename or "workbook.xlsx")[:200].replace("\x00", "")

    async def create() -> ImportOut:
        return await receive_workbook(session, actor, cycle_code=code, file_name=name, content=content)

    return await idempotency.run(session, actor, 202, create)


@router.get("/imports/{import_id}", summary="Follow an import", responses=refuses(NOT_FOUND))
async def get_import(
    import_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("imports:read")]
) -> ImportOut:
    """The import's status and counts."""
    return await import_within_reach(session, actor, import_id)


@router.get(
    "/imports/{import_id}/rejected-rows", summary="Read the rejected rows of an import", responses=refuses(NOT_FOUND)
)
async def get_rejected_rows(
    import_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("imports:read")],
    cursor: Annotated[int, Query(ge=-1, le=2_147_483_647)] = -1,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> RejectedRowPage:
    """Each rejected row with every reason at its cell; at most the first 5,000 of a workbook are kept."""
    return await rejected_rows(session, actor, import_id, after=cursor, limit=limit)


@router.get(
    "/workbook-template",
    response_class=Response,
    summary="Download the workbook template",
    responses={200: {"description": "XLSX", "content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_template(_: Annotated[Actor, requires("cycles:read")]) -> Response:
    """The XLSX template with drop-downs and notes."""
    headers = {"Content-Disposition": 'attachment; filename="peiyu-application-template.xlsx"'}
    return Response(template(), media_type=_XLSX, headers=headers)
