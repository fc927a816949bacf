"""HTTP: /public/notices, the only pages of the service that ask for no token."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel

from services.evaluation.notices.page import (
    CONTENT_SECURITY_POLICY,
    missing_page_html,
    notice_page_html,
    notices_page_html,
)
from services.evaluation.notices.public_queries import public_notice, public_notices
from services.evaluation.notices.schemas import NUMBER, PublicNoticeOut, PublicNoticePage
from shared.errors import NOT_FOUND, Problem
from shared.web.documentation import refuses
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/public/notices", tags=["public notices"])
NumberPath = Annotated[str, Path(pattern=NUMBER, examples=["2026-001"])]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]
_HEADERS = {
    "Cache-Control": "public, max-age=60",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}


def _told(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    page = {"schema": {"type": "string"}, "example": "<!doctype html>…"}
    return {
        200: {"model": model, "content": {"text/html": page}, "description": "As a page, or as JSON by `Accept`"},
        304: {"description": "Unchanged"},
    }


def _weight(accept: str, media_type: str) -> float:
    """The quality that an Accept header gives a media type by its own name, 0 where it does not name it."""
    for part in accept.lower().split(","):
        name, *parameters = (one.strip() for one in part.split(";"))
        if name == media_type:
            given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
            return float(given) if given.replace(".", "", 1).isdecimal() else 0.0
    return 0.0


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return _weight(accept, "application/json") > _weight(accept, "text/html")


def _answer(request: Request, html: str, out: BaseModel, if_none_match: str | None) -> Response:
    as_json = _wants_json(request)
    body = (out.model_dump_json() if as_json else html).encode()
    headers = _HEADERS | {"ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
    if if_none_match is not None and headers["ETag"] in if_none_match.replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json" if as_json else "text/html", headers=headers)


@router.get("", response_class=Response, responses=_told(PublicNoticePage), summary="Public notices (公示公告)")
async def get_public_notices(
    request: Request,
    session: SessionDep,
    cursor: Annotated[str | None, Query(pattern=NUMBER, examples=["2026-001"])] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """For everybody, without a token: the notices, newest first."""
    page = await public_notices(session, before=cursor, limit=limit)
    return _answer(request, notices_page_html(page), page, if_none_match)


@router.get(
    "/{number}",
    response_class=Response,
    responses=_told(PublicNoticeOut) | refuses(NOT_FOUND),
    summary="A public notice (公示)",
)
async def get_public_notice(
    number: NumberPath, request: Request, session: SessionDep, if_none_match: IfNoneMatch = None
) -> Response:
    """For everybody, without a token: names and cities, by city and name."""
    try:
        notice = await public_notice(session, number)
    except Problem as problem:
        # A browser names text/html; whoever names nothing is a program, and gets the problem document.
        if problem.kind is not NOT_FOUND or not _weight(request.headers.get("accept", ""), "text/html"):
            raise
        headers = _HEADERS | {"Cache-Control": "no-store"}
        return Response(missing_page_html(number), status_code=404, media_type="text/html", headers=headers)
    return _answer(request, notice_page_html(notice), notice, if_none_match)
