"""Who is calling, and may they: the bearer token of a request, and the scope that a route asks for."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from fastapi import Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2, SecurityScopes

from shared import audit
from shared.errors import FORBIDDEN, UNAUTHENTICATED, Problem
from shared.security.actor import SCOPES, Actor
from shared.security.tokens import TokenAuthority

_NO_SUBJECT = uuid.UUID(int=0)
_PATH_KEPT = 300


class BearerActor(OAuth2):
    """The dependency behind `requires`: one call per request, and the security scheme in OpenAPI."""

    async def __call__(self, request: Request, required: SecurityScopes) -> Actor:  # pyright: ignore[reportIncompatibleMethodOverride] (the library's returns the bare header)
        """The verified actor; `unauthenticated` without a good token, `forbidden` without the route's scopes."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Problem(UNAUTHENTICATED)
        authority: TokenAuthority = request.app.state.tokens
        actor = authority.verify(token.strip())
        structlog.contextvars.bind_contextvars(actor=actor.subject)
        if not actor.scopes.issuperset(required.scopes):
            await _record_refusal(request, actor, required.scopes)
            raise Problem(FORBIDDEN)
        return actor


async def _record_refusal(request: Request, actor: Actor, scopes: list[str]) -> None:
    """Who tried what without the scope for it, on record whatever becomes of the request."""
    async with request.app.state.database.sessions.begin() as session:
        await audit.record(
            session,
            service=request.app.state.service,
            actor=actor,
            action="access.refused",
            subject=("route", _NO_SUBJECT),
            detail={"method": request.method, "path": request.url.path[:_PATH_KEPT], "scopes": scopes},
        )


_bearer_actor = BearerActor(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes=SCOPES))
)


def requires(scope: str) -> Any:
    """Dependency for `actor: Annotated[Actor, requires("…")]`."""
    if scope not in SCOPES:
        raise KeyError(scope)
    return Security(_bearer_actor, scopes=[scope])
