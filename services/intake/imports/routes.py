"""HTTP: upload applications as a workbook or as lines, follow the import, read what came of each row."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Annotated, Any
from urllib.parse import quote

import orjson
from fastapi import APIRouter, File, Header, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from services.intake.cycles.errors import CYCLE_NOT_FOUND, OUTSIDE_WINDOW
from services.intake.imports import errors
from services.intake.imports.file_name import name_of_upload
from services.intake.imports.line_spool import SpooledLines, SpoolLimits, spool_lines
from services.intake.imports.queries import (
    finished_import,
    import_page,
    import_within_reach,
    rejected_rows,
    row_page,
    rows_after,
    shown_row,
    workbook_to_mark,
)
from services.intake.imports.schemas import ImportOut, ImportPage, ImportRowPage, ImportWishes, Outcome, RejectedRowPage
from services.intake.imports.upload import receive_lines, receive_workbook
from services.intake.imports.workbook_marking import marked_workbook
from services.intake.imports.workbook_template import template
from shared.db import Database
from shared.errors import (
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    NOT_FOUND,
    PAYLOAD_TOO_LARGE,
    VALIDATION_FAILED,
    Problem,
)
from shared.idempotency import RetryKey
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import Idempotency, IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["imports"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NDJSON = "application/x-ndjson"
_RESULT_BATCH = 1_000
_UPLOAD_REFUSALS = (
    CYCLE_NOT_FOUND,
    OUTSIDE_WINDOW,
    PAYLOAD_TOO_LARGE,
    VALIDATION_FAILED,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
)
_LINE_REFUSALS = (
    errors.UNSUPPORTED_MEDIA_TYPE,
    errors.GZIP_INVALID,
    errors.GZIP_TRUNCATED,
    errors.IMPORT_EMPTY,
    errors.IMPORT_TOO_LARGE,
    errors.IMPORT_TOO_MANY_ROWS,
    errors.UPLOAD_INCOMPLETE,
)
_RESULT_LINES = (
    '{"position": 1, "line": 1, "sheet": null, "row": null, "uscc": "91420100MA4KABCD1X", "outcome": "accepted", '
    '"application_id": "01976a3c-5d2e-7b41-9c1f-3a5b7d9e1f20", "violations": null}\n'
)
_LINES_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One ApplicationForm as JSON per line (UTF-8); plain, or with Content-Encoding: gzip.",
        "content": {
            NDJSON: {
                "schema": {"type": "string", "format": "binary"},
                "example": '{"uscc": "91420100MA4KABCD1X", "name": "【虚构】示范光电有限公司", '
                '"registered_division": "420106", "declarations": {"truthful": true}}\n',
            }
        },
    }
}


@router.post(
    "/cycles/{code}/applications:importWorkbook",
    status_code=202,
    response_model=ImportOut,
    summary="Upload a workbook of applications",
    responses=refuses(*_UPLOAD_REFUSALS),
)
async def post_workbook(
    code: str,
    file: Annotated[UploadFile, File(description="XLSX after the template")],
    wishes: Annotated[ImportWishes, Query()],
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("imports:write")],
    idempotency: IdempotencyDep,
) -> Response:
    """Store the workbook and read it in the background; follow the import under /v1/imports/{id}."""
    content = await file.read()
    name = name_of_upload(file.filename)
    settings = request.app.state.settings

    async def create() -> ImportOut:
        return await receive_workbook(
            session, actor, settings, cycle_code=code, wishes=wishes, file_name=name, content=content
        )

    return await idempotency.run(session, actor, 202, create)


@router.post(
    "/cycles/{code}/applications:import",
    status_code=202,
    response_model=ImportOut,
    summary="Upload applications as NDJSON",
    responses=refuses(*_UPLOAD_REFUSALS, *_LINE_REFUSALS),
    openapi_extra=_LINES_BODY,
)
async def post_lines(
    code: str,
    wishes: Annotated[ImportWishes, Query()],
    request: Request,
    session: SessionDep,
    actor: Annotated[Actor, requires("imports:write")],
    idempotency_key: Annotated[str | None, Header(max_length=200, description="Unique per creating request")] = None,
) -> Response:
    """Store the lines as they stream in and read them in the background; follow it under /v1/imports/{id}."""
    if not idempotency_key:
        raise Problem(IDEMPOTENCY_KEY_MISSING)
    with TemporaryFile() as file:
        lines = await _spooled(request, file)
        idempotency = Idempotency(request.app.state.database, _retry_key(request, idempotency_key, lines))
        settings = request.app.state.settings

        async def create() -> ImportOut:
            return await receive_lines(session, actor, settings, cycle_code=code, wishes=wishes, lines=lines)

        return await idempotency.run(session, actor, 202, create)


async def _spooled(request: Request, file: Any) -> SpooledLines:
    """The body on disc. A refused body is read to its end, or its sender would lose the answer."""
    settings = request.app.state.settings
    limits = SpoolLimits(settings.max_import_bytes, settings.max_import_rows, settings.max_body_bytes)
    body = request.stream()
    try:
        return await spool_lines(body, file, limits, gzipped=_is_gzipped(request))
    except ClientDisconnect:
        raise Problem(errors.UPLOAD_INCOMPLETE) from None
    except Problem:
        await _drain(body)
        raise


def _is_gzipped(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if media_type != NDJSON or encoding not in ("identity", "gzip"):
        raise Problem(errors.UNSUPPORTED_MEDIA_TYPE)
    return encoding == "gzip"


async def _drain(body: AsyncGenerator[bytes]) -> None:
    with suppress(ClientDisconnect):
        async for _ in body:
            pass


def _retry_key(request: Request, key: str, lines: SpooledLines) -> RetryKey:
    """As for other creating requests, over a body that was never whole in memory."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n{lines.body_digest}"
    return RetryKey(key, hashlib.sha256(asked.encode()).hexdigest())


@router.get("/imports", summary="List imports", responses=refuses(VALIDATION_FAILED))
async def get_imports(
    session: SessionDep,
    actor: Annotated[Actor, requires("imports:read")],
    cycle: str | None = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ImportPage:
    """Imports within reach, newest first; `next_cursor` is null on the last page."""
    return await import_page(session, actor, cycle=cycle, before=cursor, limit=limit)


@router.get("/imports/{import_id}", summary="Follow an import", responses=refuses(NOT_FOUND))
async def get_import(
    import_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("imports:read")]
) -> ImportOut:
    """The import's status and counts; while the job runs, the counts move."""
    return await import_within_reach(session, actor, import_id)


@router.get("/imports/{import_id}/rows", summary="Read what came of each row", responses=refuses(NOT_FOUND))
async def get_rows(
    import_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("imports:read")],
    outcome: Outcome | None = None,
    cursor: Annotated[int, Query(ge=-1, le=2_147_483_647)] = -1,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ImportRowPage:
    """Rows in the order of the file, none before the import has ended; `next_cursor` is null on the last page."""
    return await row_page(session, actor, import_id, outcome=outcome, after=cursor, limit=limit)


@router.get(
    "/imports/{import_id}/results",
    summary="Download what came of each row",
    response_class=StreamingResponse,
    responses={
        200: {"content": {NDJSON: {"schema": {"type": "string"}, "example": _RESULT_LINES}}},
        **refuses(NOT_FOUND, errors.IMPORT_NOT_FINISHED),
    },
)
async def get_results(
    import_id: uuid.UUID, request: Request, session: SessionDep, actor: Annotated[Actor, requires("imports:read")]
) -> StreamingResponse:
    """Every row in the order of the file, streamed as NDJSON: one object per line, as /rows shows them."""
    await finished_import(session, actor, import_id)
    headers = {"Content-Disposition": f'attachment; filename="import-{import_id}.ndjson"'}
    return StreamingResponse(_results(request.app.state.database, import_id), headers=headers, media_type=NDJSON)


async def _results(database: Database, import_id: uuid.UUID) -> AsyncIterator[bytes]:
    """Each batch in a short transaction of its own: a slow reader holds no connection."""
    after = -1
    while True:
        async with database.sessions() as session:
            rows = await rows_after(session, import_id, outcome=None, after=after, limit=_RESULT_BATCH)
        if not rows:
            return
        yield b"".join(orjson.dumps(shown_row(row).model_dump(mode="json", exclude_none=True)) + b"\n" for row in rows)
        after = rows[-1].position


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
    """Each rejected row with every reason at its place.

    All rows of the enterprise sheet and all lines are kept; of detail rows without an enterprise the first 5,000.
    """
    return await rejected_rows(session, actor, import_id, after=cursor, limit=limit)


@router.get(
    "/imports/{import_id}/marked-workbook",
    summary="Download the uploaded workbook with its bad cells marked",
    response_class=Response,
    responses={
        200: {"content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}},
        **refuses(NOT_FOUND, errors.IMPORT_NOT_FINISHED, errors.NO_WORKBOOK_TO_MARK),
    },
)
async def get_marked_workbook(
    import_id: uuid.UUID, request: Request, actor: Annotated[Actor, requires("imports:read")]
) -> Response:
    """The officer's own workbook: every cell that caused a rejection is marked and says why.

    It holds the rows that are not taken in: after a rehearsal or a stop that is all of them.
    """
    database: Database = request.app.state.database
    # Marking takes seconds: the connection is given back before.
    async with database.sessions() as session:
        name, content, rejected = await workbook_to_mark(session, actor, import_id)
    marked = await asyncio.to_thread(marked_workbook, content, rejected)
    stem = quote(name.removesuffix(".xlsx"))
    headers = {"Content-Disposition": f"attachment; filename=\"marked.xlsx\"; filename*=UTF-8''{stem}-marked.xlsx"}
    return Response(marked, media_type=XLSX, headers=headers)


@router.get(
    "/workbook-template",
    response_class=Response,
    summary="Download the workbook template",
    responses={200: {"description": "XLSX", "content": {XLSX: {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_template(_: Annotated[Actor, requires("cycles:read")]) -> Response:
    """The XLSX template with drop-downs and notes."""
    headers = {"Content-Disposition": 'attachment; filename="peiyu-application-template.xlsx"'}
    return Response(template(), media_type=XLSX, headers=headers)
