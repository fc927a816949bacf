"""HTTP: /public/spot-checks, for everybody, without a token: what a draw is verified with."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel

from services.evaluation.spot_checks.page import CONTENT_SECURITY_POLICY, draw_page_html, draws_page_html
from services.evaluation.spot_checks.queries import draw_page
from services.evaluation.spot_checks.result import public_draw, published_frame, published_result
from services.evaluation.spot_checks.schemas import NUMBER, DrawPage, PublicDraw
from shared.errors import NOT_FOUND
from shared.web.documentation import refuses
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/public/spot-checks", tags=["public spot checks"])
NumberPath = Annotated[str, Path(pattern=NUMBER, examples=["2026-001"])]
IfNoneMatch = Annotated[str | None, Header(max_length=1000)]
_HEADERS = {
    "Cache-Control": "public, max-age=60",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged"}}
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"schema": {"type": "object"}, "example": {"number": "2026-001"}}},
        "description": "Canonical JSON (RFC 8785), byte for byte what its digest is of",
    },
    **_UNCHANGED,
}


def _told(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    page = {"schema": {"type": "string"}, "example": "<!doctype html>…"}
    return {
        200: {"model": model, "content": {"text/html": page}, "description": "As a page, or as JSON by `Accept`"},
        **_UNCHANGED,
    }


def _sent(text: str, media_type: str, if_none_match: str | None) -> Response:
    body = text.encode()
    headers = _HEADERS | {"ETag": f'"{hashlib.sha256(body).hexdigest()}"'}
    if if_none_match is not None and headers["ETag"] in if_none_match.replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def _answer(request: Request, html: str, out: BaseModel, if_none_match: str | None) -> Response:
    accept = request.headers.get("accept", "").lower()
    if "application/json" in accept and "text/html" not in accept:
        return _sent(out.model_dump_json(), "application/json", if_none_match)
    return _sent(html, "text/html", if_none_match)


@router.get("", response_class=Response, responses=_told(DrawPage), summary="Spot checks (核查抽查)")
async def get_public_draws(
    request: Request,
    session: SessionDep,
    cursor: Annotated[str | None, Query(pattern=NUMBER, examples=["2026-001"])] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """For everybody, without a token: every draw that was published, the newest first, revealed or not."""
    page = await draw_page(session, before=cursor, limit=limit)
    return _answer(request, draws_page_html(page), page, if_none_match)


@router.get(
    "/{number}",
    response_class=Response,
    responses=_told(PublicDraw) | refuses(NOT_FOUND),
    summary="A spot check (核查抽查)",
)
async def get_public_draw(
    number: NumberPath, request: Request, session: SessionDep, if_none_match: IfNoneMatch = None
) -> Response:
    """For everybody, without a token: digest and commitment before, the seed and who was drawn after."""
    draw = await public_draw(session, number)
    return _answer(request, draw_page_html(draw), draw, if_none_match)


@router.get(
    "/{number}/frame.json",
    response_class=Response,
    responses=_FILE | refuses(NOT_FOUND),
    summary="The frame of a spot check",
)
async def get_frame(number: NumberPath, session: SessionDep, if_none_match: IfNoneMatch = None) -> Response:
    """For everybody, without a token: every member's seal and the number of its stratum."""
    return _sent(await published_frame(session, number), "application/json", if_none_match)


@router.get(
    "/{number}/result.json",
    response_class=Response,
    responses=_FILE | refuses(NOT_FOUND),
    summary="The result of a spot check",
)
async def get_result(number: NumberPath, session: SessionDep, if_none_match: IfNoneMatch = None) -> Response:
    """For everybody, without a token, once the seed is revealed: the seed, the seals drawn; names and cities apart."""
    return _sent(await published_result(session, number), "application/json", if_none_match)
