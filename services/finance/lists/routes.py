"""HTTP: /v1/lists, pulled by banks."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response

from services.finance.lists.errors import CLIENT_NOT_A_BANK, EDITION_NOT_FOUND, NO_EDITION, PROGRAMME_NOT_FOUND
from services.finance.lists.programmes import subscribe
from services.finance.lists.queries import edition_for, editions_of, record_pull
from services.finance.lists.schemas import EditionDocument, EditionSummary, KeySet, SubscriptionIn
from shared.models.finance import Edition
from shared.security.actor import Actor
from shared.security.keys import load_key
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])
Reader = Annotated[Actor, requires("lists:read")]
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"model": EditionDocument, "description": "The signed bytes"},
    304: {"description": "Unchanged"},
}


async def _answer(session: SessionDep, actor: Actor, edition: Edition, if_none_match: str | None) -> Response:
    etag = f'"{edition.digest}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "X-Edition-Serial": str(edition.serial),
        "X-Edition-Signature": edition.signature,
    }
    if if_none_match is not None and etag in if_none_match.replace("W/", "").split(", "):
        return Response(status_code=304, headers=headers)
    await record_pull(session, actor, edition)
    return Response(edition.body, media_type="application/json", headers=headers)


@router.get(
    "/lists/{programme}/editions/latest",
    response_class=Response,
    responses=_DOCUMENT | refuses(PROGRAMME_NOT_FOUND, NO_EDITION),
    summary="Pull the latest edition",
)
async def get_latest(
    programme: str,
    session: SessionDep,
    actor: Reader,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The exact signed bytes. `X-Edition-Signature` is a detached JWS over them; `ETag` their SHA-256."""
    edition = await edition_for(session, actor, programme, None)
    return await _answer(session, actor, edition, if_none_match)


@router.get(
    "/lists/{programme}/editions/{serial}",
    response_class=Response,
    responses=_DOCUMENT | refuses(PROGRAMME_NOT_FOUND, EDITION_NOT_FOUND),
    summary="Pull one edition",
)
async def get_edition(
    programme: str,
    serial: Annotated[int, Path(ge=1, le=2_147_483_647)],
    session: SessionDep,
    actor: Reader,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """An earlier edition, byte for byte as published."""
    edition = await edition_for(session, actor, programme, serial)
    return await _answer(session, actor, edition, if_none_match)


@router.get("/lists/{programme}/editions", summary="List editions", responses=refuses(PROGRAMME_NOT_FOUND))
async def get_editions(programme: str, session: SessionDep, actor: Reader) -> list[EditionSummary]:
    """All editions, newest first, without their entries."""
    return await editions_of(session, actor, programme)


@router.post(
    "/lists/{programme}/subscriptions",
    status_code=204,
    summary="Let a bank pull a list",
    responses=refuses(PROGRAMME_NOT_FOUND, CLIENT_NOT_A_BANK),
)
async def post_subscription(
    programme: str, body: SubscriptionIn, session: SessionDep, actor: Annotated[Actor, requires("lists:admin")]
) -> None:
    """Grant a bank's client the right to pull this list; granting again changes nothing."""
    await subscribe(session, actor, programme, body.client_id)


@router.get("/list-signing-keys", summary="Public keys of list signatures")
async def get_keys(request: Request, _: Reader) -> KeySet:
    """JWKS with the key that signs editions now."""
    key = load_key(request.app.state.settings.list_key_file)
    return KeySet(keys=[key.as_dict(private=False)])
