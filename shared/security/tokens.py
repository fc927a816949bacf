"""Access tokens: short-lived JWTs signed with Ed25519 (RFC 9068 profile)."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.errors import UNAUTHENTICATED, Problem
from shared.security.actor import ROLE_SCOPES, Actor

ALGORITHM = "Ed25519"
_CACHE_LIMIT = 4096


class TokenAuthority:
    """Issues and verifies tokens of one issuer for one audience."""

    def __init__(self, key: OKPKey, *, issuer: str, audience: str) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._required = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            role={"essential": True},
            exp={"essential": True},
        )
        # Verifying a signature costs more than the rest of a small request; an accepted token stays accepted
        # until it expires, so remembering it changes nothing but the time.
        self._accepted: dict[str, tuple[Actor, float]] = {}

    def issue(self, actor: Actor, lifetime: timedelta) -> str:
        """A signed token for `actor`, with the scopes of its role."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": actor.subject,
            "role": actor.role,
            "scope": " ".join(sorted(actor.scopes)),
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
            "jti": uuid.uuid4().hex,
        }
        if actor.city_code is not None:
            claims["city_code"] = actor.city_code
        if actor.uscc is not None:
            claims["uscc"] = actor.uscc
        return jwt.encode(
            {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._key.kid}, claims, self._key, algorithms=[ALGORITHM]
        )

    def verify(self, token: str) -> Actor:
        """The actor of a genuine, unexpired token for this audience; Problem `unauthenticated` otherwise."""
        accepted = self._accepted.get(token)
        if accepted is not None and accepted[1] > time.time():
            return accepted[0]
        actor, expires = self._decode(token)
        if len(self._accepted) >= _CACHE_LIMIT:
            self._accepted.clear()
        self._accepted[token] = (actor, expires)
        return actor

    def _decode(self, token: str) -> tuple[Actor, float]:
        try:
            decoded = jwt.decode(token, self._key, algorithms=[ALGORITHM])
            self._required.validate(decoded.claims)
            if decoded.header.get("typ") != "at+jwt":
                raise Problem(UNAUTHENTICATED)
        except (JoseError, ValueError):
            raise Problem(UNAUTHENTICATED) from None
        return _actor_of(decoded.claims), float(decoded.claims["exp"])


def _actor_of(claims: dict[str, Any]) -> Actor:
    texts = {name: claims.get(name) for name in ("sub", "role", "city_code", "uscc", "scope")}
    if any(value is not None and not (isinstance(value, str) and value.isprintable()) for value in texts.values()):
        raise Problem(UNAUTHENTICATED)
    try:
        whole = actor_of_role(str(texts["sub"]), str(texts["role"]), city_code=texts["city_code"], uscc=texts["uscc"])
    except ValueError:
        raise Problem(UNAUTHENTICATED) from None
    # A role that lost a scope since the token was issued loses it at once.
    return replace(whole, scopes=whole.scopes & frozenset(str(texts["scope"] or "").split()))


def actor_of_role(subject: str, role: str, *, city_code: str | None = None, uscc: str | None = None) -> Actor:
    """An actor with all scopes of its role; ValueError where the role and the reach do not fit."""
    if role not in ROLE_SCOPES:
        raise ValueError(f"unknown role {role!r}; one of {', '.join(sorted(ROLE_SCOPES))}")
    if (role == "city_officer") != (city_code is not None):
        raise ValueError("a city officer, and nobody else, has a city")
    if (role == "enterprise") != (uscc is not None):
        raise ValueError("an enterprise, and nobody else, has a USCC")
    return Actor(subject, role, ROLE_SCOPES[role], city_code, uscc)
