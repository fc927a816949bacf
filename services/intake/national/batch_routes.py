"""HTTP: what the national system pushes to us, signed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.intake.national.errors import BATCH_REUSED, DIGEST_MISMATCH, SIGNATURE_INVALID
from services.intake.national.receive import Signed, receive_batch
from services.intake.national.schemas import BatchAnswer
from services.intake.national.sender_keys import good_keys
from services.intake.national.signatures import Message, Tolerance, verified_keyid
from services.intake.national.wire import BatchIn
from shared.db import Database
from shared.errors import FORBIDDEN, PAYLOAD_TOO_LARGE, UNAUTHENTICATED, VALIDATION_FAILED
from shared.security.actor import Actor
from shared.settings import Settings
from shared.web.documentation import refuses
from shared.web.security import requires
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1/national", tags=["national"])
Sender = Annotated[Actor, requires("national:push")]


async def signed_request(request: Request, actor: Sender) -> Signed:
    """The request's verified signature, by a key of the very client whose token it carries."""
    database: Database = request.app.state.database
    settings: Settings = request.app.state.settings
    body = await request.body()
    async with database.sessions() as session:
        keys = await good_keys(session, client_id=actor.subject)
    tolerance = Tolerance(
        timedelta(seconds=settings.national_signature_age_seconds),
        timedelta(seconds=settings.national_signature_skew_seconds),
    )
    message = Message(request.method, _address(request, settings), request.headers)
    return Signed(verified_keyid(message, body, keys, tolerance), hashlib.sha256(body).hexdigest())


def _address(request: Request, settings: Settings) -> str:
    """The URL by which the sender addressed us, which a gateway in between may have changed."""
    if settings.national_public_url is None:
        return str(request.url)
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{str(settings.national_public_url).rstrip('/')}{request.url.path}{query}"


@router.post(
    "/batches",
    response_model=BatchAnswer,
    summary="Push a batch of applications and changes of status (国家系统报送)",
    responses=refuses(
        SIGNATURE_INVALID,
        UNAUTHENTICATED,
        DIGEST_MISMATCH,
        FORBIDDEN,
        BATCH_REUSED,
        PAYLOAD_TOO_LARGE,
        VALIDATION_FAILED,
    ),
)
async def post_batch(
    batch: BatchIn, session: SessionDep, actor: Sender, signed: Annotated[Signed, Depends(signed_request)]
) -> Response:
    """Each record is judged on its own; the same batch again gets the same answer.

    Signed by HTTP Message Signatures (RFC 9421, Ed25519, tag `peiyu-national-1`) over `@method`, `content-digest`,
    `content-type` and `@target-uri` (or `@authority` and `@path`). docs/national-exchange.md has the whole format.
    """
    return Response(await receive_batch(session, actor, signed, batch), media_type="application/json")
