"""HTTP: /v1/lists, pulled by banks: editions as signed, and what changed between two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from services.finance.lists.byte_ranges import asked_range
from services.finance.lists.deltas import delta
from services.finance.lists.errors import (
    CLIENT_NOT_A_BANK,
    EDITION_NOT_FOUND,
    NO_EDITION,
    PROGRAMME_NOT_FOUND,
    RANGE_NOT_SATISFIABLE,
    SERIAL_NEVER_EXISTED,
    SERIALS_REVERSED,
)
from services.finance.lists.programmes import readable_programme, subscribe
from services.finance.lists.queries import edition_for, editions_of, record_pull, signed_bytes, stored_file
from services.finance.lists.recalls import recall_of, recalls_of
from services.finance.lists.schemas import (
    EditionDocument,
    EditionSummary,
    KeySet,
    RecallsOut,
    SignedChanges,
    SubscriptionIn,
)
from services.finance.lists.signing_keys import key_set
from shared.models.finance import Edition
from shared.security.actor import Actor
from shared.security.keys import load_key
from shared.web.documentation import refuses
from shared.web.hot_path import MARK
from shared.web.http_conditions import is_unchanged, takes_gzip
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])
Reader = Annotated[Actor, requires("lists:read")]
ProgrammePath = Annotated[str, Path(min_length=1, max_length=60, examples=["pool-members"])]
SerialPath = Annotated[int, Path(ge=1, le=2_147_483_647, examples=[1])]
SerialQuery = Annotated[int, Query(ge=1, le=2_147_483_647, examples=[1])]
TextHeader = Annotated[str | None, Header(max_length=1000)]
_JSON = "application/json"
_DOCUMENT: dict[int | str, dict[str, Any]] = {
    200: {"model": EditionDocument, "description": "The signed bytes; gzip where it is accepted"},
    206: {"model": EditionDocument, "description": "The bytes asked for, never compressed"},
    304: {"description": "Unchanged"},
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request's headers ask of the bytes."""

    unless: str | None
    encodings: str | None
    part: str | None
    part_of: str | None


def _wanted(
    if_none_match: TextHeader = None,
    accept_encoding: TextHeader = None,
    range_: Annotated[str | None, Header(alias="range", max_length=1000)] = None,
    if_range: TextHeader = None,
) -> Wanted:
    return Wanted(if_none_match, accept_encoding, range_, if_range)


WantedDep = Annotated[Wanted, Depends(_wanted)]


async def _answer(session: SessionDep, actor: Actor, edition: Edition, wanted: Wanted) -> Response:
    etag = f'"{edition.digest}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
        "X-Edition-Serial": str(edition.serial),
        "X-Edition-Signature": edition.signature,
    }
    if (recall := await recall_of(session, edition)) is not None:
        headers["X-Edition-Recalled"] = f"superseded-by={recall.superseded_by}"
    if is_unchanged(wanted.unless, etag):
        return Response(status_code=304, headers=headers)
    await record_pull(session, actor, edition.programme_code, edition.serial)
    if wanted.part is None and takes_gzip(wanted.encodings):
        # The entity tag is the digest of what was signed, however it travels. Parts are of the plain bytes alone:
        # who holds half of the compressed ones is told not to ask for the rest.
        headers |= {"Content-Encoding": "gzip", "Accept-Ranges": "none"}
        return Response(await stored_file(session, edition, "gzip"), media_type=_JSON, headers=headers)
    return ranged(await signed_bytes(session, edition), wanted, etag, headers | {"Accept-Ranges": "bytes"}, _JSON)


def ranged(data: bytes, wanted: Wanted, etag: str, headers: dict[str, str], media_type: str) -> Response:
    """All of the bytes, or those asked for with 206; Problem `range_not_satisfiable`."""
    part = asked_range(wanted.part, wanted.part_of, etag, len(data))
    if part is None:
        return Response(data, media_type=media_type, headers=headers)
    first, last = part
    headers |= {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
    return Response(data[first : last + 1], 206, headers, media_type)


@router.get(
    "/lists/{programme}/editions/latest",
    response_class=Response,
    responses=_DOCUMENT | refuses(PROGRAMME_NOT_FOUND, NO_EDITION, RANGE_NOT_SATISFIABLE),
    summary="Pull the latest edition",
)
async def get_latest(
    programme: ProgrammePath, request: Request, session: SessionDep, actor: Reader, wanted: WantedDep
) -> Response:
    """The exact signed bytes. `X-Edition-Signature` is a detached JWS over them; `ETag` their SHA-256.

    `X-Edition-Recalled` names the edition that supersedes a recalled one.
    """
    edition = await edition_for(session, actor, programme, None)
    setattr(request.state, MARK, (edition.programme_code, edition.serial))
    return await _answer(session, actor, edition, wanted)


@router.get(
    "/lists/{programme}/editions/{serial}",
    response_class=Response,
    responses=_DOCUMENT | refuses(PROGRAMME_NOT_FOUND, EDITION_NOT_FOUND, RANGE_NOT_SATISFIABLE),
    summary="Pull one edition",
)
async def get_edition(
    programme: ProgrammePath, serial: SerialPath, session: SessionDep, actor: Reader, wanted: WantedDep
) -> Response:
    """An earlier edition, byte for byte as published."""
    return await _answer(session, actor, await edition_for(session, actor, programme, serial), wanted)


@router.get("/lists/{programme}/recalls", summary="List recall notices", responses=refuses(PROGRAMME_NOT_FOUND))
async def get_recalls(programme: ProgrammePath, session: SessionDep, actor: Reader) -> RecallsOut:
    """Editions called back since enterprises on them left for misconduct; the deltas stay as they were."""
    found = await recalls_of(session, (await readable_programme(session, actor, programme)).code)
    return RecallsOut(items=[found[serial] for serial in sorted(found, reverse=True)])


@router.get("/lists/{programme}/editions", summary="List editions", responses=refuses(PROGRAMME_NOT_FOUND))
async def get_editions(programme: ProgrammePath, session: SessionDep, actor: Reader) -> list[EditionSummary]:
    """All editions, newest first, without their entries."""
    return await editions_of(session, actor, programme)


@router.get(
    "/lists/{programme}/changes",
    response_class=Response,
    responses={200: {"model": SignedChanges, "description": "The signed delta"}}
    | refuses(PROGRAMME_NOT_FOUND, NO_EDITION, SERIAL_NEVER_EXISTED, SERIALS_REVERSED),
    summary="Pull what changed since an edition",
)
async def get_changes(
    programme: ProgrammePath,
    request: Request,
    session: SessionDep,
    actor: Reader,
    since: SerialQuery,
    to: SerialQuery | None = None,
) -> Response:
    """What makes edition `to` (the latest) of edition `since`, with the digest of both and the basis of each change."""
    key = load_key(request.app.state.settings.list_key_file)
    text, serial = await delta(session, actor, programme, since, to, key)
    headers = {"Cache-Control": "private, no-cache", "X-Edition-Serial": str(serial)}
    return Response(text, media_type=_JSON, headers=headers)


@router.post(
    "/lists/{programme}/subscriptions",
    status_code=204,
    summary="Let a bank pull a list",
    responses=refuses(PROGRAMME_NOT_FOUND, CLIENT_NOT_A_BANK),
)
async def post_subscription(
    programme: ProgrammePath,
    body: SubscriptionIn,
    session: SessionDep,
    actor: Annotated[Actor, requires("lists:admin")],
) -> None:
    """Grant a bank's client the right to pull this list; granting again changes nothing."""
    await subscribe(session, actor, programme, body.client_id)


@router.get("/list-signing-keys", summary="Public keys of list signatures")
async def get_keys(request: Request, session: SessionDep, _: Reader) -> KeySet:
    """As `/v1/lists/jwks.json`: the present key first, then those that signed before."""
    return KeySet(keys=await key_set(session, load_key(request.app.state.settings.list_key_file)))
