"""HTTP: the exchange by hand, where no line exists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from services.intake.national.errors import FILE_SERIAL, FILE_SIGNATURE, FILE_UNREADABLE, WRONG_ADAPTER
from services.intake.national.files import outbox_file, take_listing_file, take_result_file
from services.intake.national.schemas import FileAnswer
from shared.errors import (
    FORBIDDEN,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    PAYLOAD_TOO_LARGE,
    UNAUTHENTICATED,
)
from shared.security.actor import Actor
from shared.web.documentation import refuses
from shared.web.idempotency import IdempotencyDep
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/national", tags=["national"])
Admin = Annotated[Actor, requires("national:admin")]
_UPLOAD_REFUSES = refuses(
    UNAUTHENTICATED,
    FORBIDDEN,
    IDEMPOTENCY_KEY_MISSING,
    IDEMPOTENCY_KEY_REUSED,
    PAYLOAD_TOO_LARGE,
    FILE_UNREADABLE,
    FILE_SIGNATURE,
    FILE_SERIAL,
)
_FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "description": "The signed file as it came"}}},
    }
}


@router.get(
    "/outbox-file",
    response_class=Response,
    summary="Download what is to be taken to the national system (导出报送文件)",
    responses={
        200: {"description": "The signed file", "content": {"application/json": {"schema": {"type": "object"}}}},
        204: {"description": "Nothing waits for an answer"},
        **refuses(UNAUTHENTICATED, FORBIDDEN, WRONG_ADAPTER),
    },
)
async def get_outbox_file(request: Request, actor: Admin) -> Response:
    """Every record without an answer, with a serial, a digest and a detached JWS over the rest of the file.

    The same records are the same file: downloading twice makes one serial.
    """
    file = await outbox_file(request.app.state.database, request.app.state.settings, actor)
    if file is None:
        return Response(status_code=204)
    headers = {
        "Content-Disposition": f'attachment; filename="peiyu-national-{file.serial:06d}.json"',
        "ETag": f'"{file.digest}"',
    }
    return Response(file.body, media_type="application/json", headers=headers)


@router.post(
    "/result-files",
    status_code=201,
    response_model=FileAnswer,
    summary="Upload the results of a file (上传回执文件)",
    responses=_UPLOAD_REFUSES,
    openapi_extra=_FILE_BODY,
)
async def post_result_file(
    request: Request, session: SessionDep, actor: Admin, idempotency: IdempotencyDep
) -> Response:
    """What became of each record of one of our files, signed by them. The same file again changes nothing."""
    body = await request.body()
    return await idempotency.run(session, actor, 201, lambda: take_result_file(session, actor, body))


@router.post(
    "/listing-files",
    status_code=201,
    response_model=FileAnswer,
    summary="Upload a listing of what they hold (上传对账文件)",
    responses=_UPLOAD_REFUSES,
    openapi_extra=_FILE_BODY,
)
async def post_listing_file(
    request: Request, session: SessionDep, actor: Admin, idempotency: IdempotencyDep
) -> Response:
    """Everything that they hold of us, signed by them; a comparison follows."""
    body = await request.body()
    return await idempotency.run(session, actor, 201, lambda: take_listing_file(session, actor, body))
