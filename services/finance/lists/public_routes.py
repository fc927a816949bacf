"""HTTP: /v1/lists/jwks.json, for whoever holds a list."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.finance.lists.schemas import KeySet
from services.finance.lists.signing_keys import key_set
from shared.security.keys import load_key
from shared.web.sessions import SessionDep

router = APIRouter(prefix="/v1", tags=["lists"])


@router.get("/lists/jwks.json", summary="Public keys of list signatures")
async def get_jwks(request: Request, response: Response, session: SessionDep) -> KeySet:
    """Needs no token. The present key first, then every key that signed before: what it signed stays verifiable."""
    response.headers["Cache-Control"] = "public, max-age=300"
    return KeySet(keys=await key_set(session, load_key(request.app.state.settings.list_key_file)))
