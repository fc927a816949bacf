"""POST /oauth/token: OAuth 2.0 client credentials (RFC 6749, section 4.4), on every service."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import Annotated
from urllib.parse import unquote_plus

from fastapi import APIRouter, Form, Request, Response
from pydantic import BaseModel

from shared.errors import BAD_REQUEST, INVALID_CLIENT, ErrorKind, Problem
from shared.security.clients import ClientAuthenticator
from shared.security.tokens import TokenAuthority
from shared.settings import Settings
from shared.web.documentation import refuses

UNSUPPORTED_GRANT = ErrorKind(
    "unsupported_grant_type", 400, "Only client_credentials is supported", "仅支持 client_credentials 授权方式"
)
router = APIRouter(tags=["access"])


class TokenOut(BaseModel):
    access_token: str
    token_type: str
    expires_in: int
    scope: str


def _basic_credentials(header: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(header[len("Basic ") :], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Problem(BAD_REQUEST) from None
    name, _, secret = text.partition(":")
    return unquote_plus(name), unquote_plus(secret)


@router.post(
    "/oauth/token",
    summary="Get an access token",
    responses=refuses(UNSUPPORTED_GRANT, INVALID_CLIENT),
)
async def issue_token(
    request: Request,
    response: Response,
    grant_type: Annotated[str, Form()],
    client_id: Annotated[str | None, Form()] = None,
    client_secret: Annotated[str | None, Form()] = None,
) -> TokenOut:
    """Exchange a client's id and secret (HTTP Basic or form fields) for a short-lived token."""
    if grant_type != "client_credentials":
        raise Problem(UNSUPPORTED_GRANT)
    header = request.headers.get("authorization", "")
    if header.lower().startswith("basic "):
        client_id, client_secret = _basic_credentials(header)
    if not client_id or not client_secret:
        raise Problem(INVALID_CLIENT)
    clients: ClientAuthenticator = request.app.state.clients
    actor = await clients.authenticate(client_id, client_secret)
    settings: Settings = request.app.state.settings
    authority: TokenAuthority = request.app.state.tokens
    lifetime = timedelta(minutes=settings.client_token_minutes)
    response.headers["Cache-Control"] = "no-store"
    return TokenOut(
        access_token=authority.issue(actor, lifetime),
        token_type="Bearer",  # noqa: S106 (the token's type, no secret)
        expires_in=int(lifetime.total_seconds()),
        scope=" ".join(sorted(actor.scopes)),
    )
