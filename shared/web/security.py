"""Who is calling, and may they: the bearer token of a request, and the scope that a route asks for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import structlog
from fastapi import Depends, Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2, SecurityScopes

from shared.errors import FORBIDDEN, UNAUTHENTICATED, Problem
from shared.security.actor import SCOPES, Actor
from shared.security.tokens import TokenAuthority

_oauth2 = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token", scopes=SCOPES)),
    auto_error=False,
)


async def current_actor(
    request: Request, required: SecurityScopes, header: Annotated[str | None, Depends(_oauth2)]
) -> Actor:
    """The verified actor; `unauthenticated` without a good token, `forbidden` without the route's scopes."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(UNAUTHENTICATED)
    authority: TokenAuthority = request.app.state.tokens
    actor = authority.verify(token.strip())
    if not actor.scopes.issuperset(required.scopes):
        raise Problem(FORBIDDEN)
    structlog.contextvars.bind_contextvars(actor=actor.subject)
    return actor


def requires(scope: str) -> Any:
    """Dependency for `actor: Annotated[Actor, requires("…")]`."""
    if scope not in SCOPES:
        raise KeyError(scope)
    dependency: Callable[..., Coroutine[Any, Any, Actor]] = current_actor
    return Security(dependency, scopes=[scope])
