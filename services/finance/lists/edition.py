"""What an edition says, in one canonical form, and its signature."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.calendar import iso_utc
from shared.canonical import canonical_text
from shared.models.reads import PoolMember

ALGORITHM = "Ed25519"


def edition_body(
    *,
    programme: str,
    title: str,
    serial: int,
    issued_at: datetime,
    expires_at: datetime,
    previous_digest: str | None,
    members: Sequence[PoolMember],
) -> bytes:
    """Canonical JSON (RFC 8785) of the whole edition; entries in order of 统一社会信用代码.

    `previous_digest` chains editions: a bank that holds two in a row can prove that none is missing between.
    """
    content: dict[str, Any] = {
        "programme": programme,
        "title": title,
        "serial": serial,
        "issued_at": iso_utc(issued_at),
        "expires_at": iso_utc(expires_at),
        "previous_digest": previous_digest,
        "count": len(members),
        "entries": [
            {
                "uscc": member.uscc,
                "name": member.name,
                "city_code": member.city_code,
                "member_since": member.member_since.isoformat(),
                "plan_id": str(member.plan_id),
            }
            for member in sorted(members, key=lambda one: one.uscc)
        ],
    }
    return canonical_text(content).encode()


def digest_of(body: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(body).hexdigest()


def sign(body: bytes, key: OKPKey) -> str:
    """Detached JWS (RFC 7515 appendix F): the compact form with its payload part empty."""
    compact = jws.serialize_compact({"alg": ALGORITHM, "kid": key.kid}, body, key, algorithms=[ALGORITHM])
    return jws.detach_content(compact)


def is_genuine(body: bytes, signature: str, key: OKPKey) -> bool:
    """Whether `signature` is that of `body` under the public `key`."""
    registry = jws.JWSRegistry(algorithms=[ALGORITHM])
    # The library's guard against large tokens; a list of a hundred thousand entries is no token.
    registry.max_payload_length = max(registry.max_payload_length, len(body) * 2)
    try:
        jws.deserialize_compact(signature, key, algorithms=[ALGORITHM], registry=registry, payload=body)
    except JoseError:
        return False
    return True
