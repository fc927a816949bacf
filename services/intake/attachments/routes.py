"""HTTP: attach evidence to an application or an enterprise, list it, fetch it, remove it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime
from starlette.requests import ClientDisconnect

from services.intake.attachments import errors
from services.intake.attachments.attach import Shelf, attach
from services.intake.attachments.byte_ranges import UnsatisfiableRangeError
from services.intake.attachments.download import Conditions, download
from services.intake.attachments.media_types import ENDINGS
from services.intake.attachments.queries import Moment, attachment_page, attachment_within_reach
from services.intake.attachments.reception import announced_digest
from services.intake.attachments.remove_attachment import remove_attachment
from services.intake.attachments.schemas import (
    AttachmentOut,
    AttachmentPage,
    Audience,
    CriterionNumber,
    FileName,
    Owner,
    OwnPurpose,
    Title,
    Words,
)
from services.intake.enterprises.errors import USCC_SUPERSEDED
from shared.errors import NOT_FOUND, PAYLOAD_TOO_LARGE, UNAVAILABLE, VALIDATION_FAILED, Problem
from shared.security.actor import Actor
from shared.settings import Settings
from shared.web.documentation import refuses
from shared.web.problems import MEDIA_TYPE, document
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["attachments"])
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_UPLOADED: dict[int | str, dict[str, Any]] = {
    200: {"model": AttachmentOut, "description": "The same content is attached here already"},
    **refuses(
        errors.CONTENT_DIGEST_UNREADABLE,
        errors.UPLOAD_BROKEN_OFF,
        NOT_FOUND,
        USCC_SUPERSEDED,
        errors.ATTACHMENTS_CLOSED,
        errors.TOO_MANY_ATTACHMENTS,
        PAYLOAD_TOO_LARGE,
        errors.ATTACHMENT_TYPE,
        errors.ATTACHMENT_EMPTY,
        errors.CONTENT_DIGEST_MISMATCH,
        errors.AUDIENCE_NOT_ALLOWED,
        VALIDATION_FAILED,
        UNAVAILABLE,
    ),
}
_DOWNLOADED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole content", "content": dict.fromkeys(ENDINGS, _BINARY)},
    206: {"description": "The range asked for", "content": dict.fromkeys(ENDINGS, _BINARY)},
    304: {"description": "The reader has it: If-None-Match names its digest"},
    **refuses(NOT_FOUND, errors.CONTENT_SWEPT, errors.RANGE_NOT_SATISFIABLE, errors.CONTENT_DAMAGED, UNAVAILABLE),
}

FileNameQuery = Annotated[FileName, Query(description="As the uploader calls it", examples=["审计报告.pdf"])]
TitleQuery = Annotated[Title | None, Query(description="What it is; the file's name where absent")]
CriterionQuery = Annotated[CriterionNumber | None, Query(description="The standard of the annex that it proves")]
AudienceQuery = Annotated[Audience | None, Query(description="`officers` hides it from the enterprise")]
AtQuery = Annotated[AwareDatetime | None, Query(description="As of this moment instead of now")]
ContentDigest = Annotated[
    str | None,
    Header(
        description="RFC 9530; checked where present",
        examples=["sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"],
        max_length=1000,
    ),
]


def _shelf(request: Request) -> Shelf:
    state = request.app.state
    settings: Settings = state.settings
    grace = timedelta(seconds=settings.attachments_grace_seconds)
    return Shelf(state.database, state.attachment_store, settings.max_attachments, grace)


ShelfDep = Annotated[Shelf, Depends(_shelf)]


async def _body(request: Request) -> AsyncGenerator[bytes]:
    try:
        async for piece in request.stream():
            yield piece
    except ClientDisconnect:
        raise Problem(errors.UPLOAD_BROKEN_OFF) from None


async def _attach(
    request: Request, shelf: Shelf, actor: Actor, owner: Owner, words: Words, announced: str | None
) -> Response:
    attached = await attach(shelf, actor, owner, words, _body(request), announced_digest(announced))
    headers = {"Location": f"/v1/attachments/{attached.attachment.id}"}
    return Response(
        attached.attachment.model_dump_json(), 201 if attached.new else 200, headers, media_type="application/json"
    )


@router.post(
    "/applications/{application_id}/attachments",
    status_code=201,
    response_model=AttachmentOut,
    responses=_UPLOADED,
    openapi_extra=_BODY,
    summary="Attach evidence to an application",
)
async def post_application_attachment(
    application_id: uuid.UUID,
    request: Request,
    shelf: ShelfDep,
    actor: Annotated[Actor, requires("attachments:write")],
    file_name: FileNameQuery,
    title: TitleQuery = None,
    criterion: CriterionQuery = None,
    audience: AudienceQuery = None,
    content_digest: ContentDigest = None,
) -> Response:
    """The body is the file itself: PDF, JPEG, PNG, OFD or XLSX, told by its content whatever Content-Type says.

    Needs no Idempotency-Key: the same content for the same criterion is the same attachment, answered 200 instead of
    201 when it is sent again.
    """
    words = Words("application", title, file_name, criterion, audience)
    return await _attach(request, shelf, actor, Owner(application_id=application_id), words, content_digest)


@router.post(
    "/enterprises/{uscc}/attachments",
    status_code=201,
    response_model=AttachmentOut,
    responses=_UPLOADED,
    openapi_extra=_BODY,
    summary="Attach evidence for a report or an incident",
)
async def post_enterprise_attachment(
    uscc: str,
    request: Request,
    shelf: ShelfDep,
    actor: Annotated[Actor, requires("attachments:write")],
    purpose: OwnPurpose,
    file_name: FileNameQuery,
    title: TitleQuery = None,
    audience: AudienceQuery = None,
    content_digest: ContentDigest = None,
) -> Response:
    """As for an application. What officers attach about an incident is for officers only unless `audience` is `all`."""
    words = Words(purpose, title, file_name, None, audience)
    return await _attach(request, shelf, actor, Owner(uscc=uscc), words, content_digest)


@router.get(
    "/applications/{application_id}/attachments", responses=refuses(NOT_FOUND), summary="List an application's evidence"
)
async def get_application_attachments(
    application_id: uuid.UUID,
    session: SessionDep,
    actor: Annotated[Actor, requires("applications:read")],
    criterion: CriterionQuery = None,
    at: AtQuery = None,
    revision: Annotated[
        int | None, Query(ge=1, le=2_147_483_647, description="As this revision was submitted with; before `at`")
    ] = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AttachmentPage:
    """In order of id: what stands today, or what stood at a moment or when a revision was submitted."""
    owner, moment = Owner(application_id=application_id), Moment(at, revision)
    return await attachment_page(session, actor, owner, criterion=criterion, moment=moment, after=cursor, limit=limit)


@router.get(
    "/enterprises/{uscc}/attachments",
    responses=refuses(NOT_FOUND),
    summary="List an enterprise's evidence for reports and incidents",
)
async def get_enterprise_attachments(
    uscc: str,
    session: SessionDep,
    actor: Annotated[Actor, requires("applications:read")],
    at: AtQuery = None,
    cursor: uuid.UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> AttachmentPage:
    """In order of id: what stands today, or what stood at a moment. Applications' evidence is listed with them."""
    return await attachment_page(session, actor, Owner(uscc=uscc), moment=Moment(at), after=cursor, limit=limit)


@router.get("/attachments/{attachment_id}", responses=refuses(NOT_FOUND), summary="Read what is known of an attachment")
async def get_attachment(
    attachment_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("applications:read")]
) -> AttachmentOut:
    """One attachment without its content; a removed one says who removed it when."""
    return await attachment_within_reach(session, actor, attachment_id)


@router.get(
    "/attachments/{attachment_id}/content",
    response_class=Response,
    responses=_DOWNLOADED,
    summary="Fetch an attachment's content",
)
async def get_attachment_content(
    attachment_id: uuid.UUID,
    shelf: ShelfDep,
    actor: Annotated[Actor, requires("applications:read")],
    if_none_match: Annotated[str | None, Header()] = None,
    range_: Annotated[str | None, Header(alias="range")] = None,
    if_range: Annotated[str | None, Header()] = None,
) -> Response:
    """The bytes as uploaded. A whole content that turns out damaged ends before its announced length."""
    try:
        found = await download(shelf, actor, attachment_id, Conditions(if_none_match, range_, if_range))
    except UnsatisfiableRangeError as error:
        problem = document(Problem(errors.RANGE_NOT_SATISFIABLE))
        return JSONResponse(problem, 416, {"Content-Range": f"bytes */{error.size}"}, MEDIA_TYPE)
    if found.body is None:
        return Response(status_code=found.status, headers=found.headers)
    return StreamingResponse(found.body, found.status, found.headers)


@router.delete(
    "/attachments/{attachment_id}",
    status_code=204,
    responses=refuses(
        errors.NOT_YOUR_ATTACHMENT, NOT_FOUND, errors.ATTACHMENTS_CLOSED, errors.ATTACHMENT_IN_USE, UNAVAILABLE
    ),
    summary="Remove an attachment",
)
async def delete_attachment(
    attachment_id: uuid.UUID, session: SessionDep, actor: Annotated[Actor, requires("attachments:write")]
) -> None:
    """Take it out of what stands today, while the application may still be corrected; history keeps it."""
    await remove_attachment(session, actor, attachment_id)
