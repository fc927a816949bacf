"""What an edition says, in one canonical form, and its signature."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.calendar import iso_utc
from shared.canonical import canonical_text, canonical_text_without_floats
from shared.models.reads import PoolMember

ALGORITHM = "Ed25519"
Entry = dict[str, Any]
Content = dict[str, Any]
# What an entry says, in the order of columns.
COLUMNS = ("uscc", "name", "city_code", "member_since", "plan_id")


def entry_of(member: PoolMember) -> Entry:
    """A member as a list shows it."""
    return {
        "uscc": member.uscc,
        "name": member.name,
        "city_code": member.city_code,
        "member_since": member.member_since.isoformat(),
        "plan_id": str(member.plan_id),
    }


def column_digests(entries: Sequence[Entry], columns: Sequence[str] = COLUMNS) -> dict[str, str]:
    """Of each column the SHA-256 of its values in order: signed with the edition, they tell which column was altered.

    Floats among them are refused with the whole (`body_of`).
    """
    return {
        name: digest_of(canonical_text_without_floats([one.get(name) for one in entries]).encode()) for name in columns
    }


def edition_content(
    *,
    programme: str,
    title: str,
    serial: int,
    issued_at: datetime,
    expires_at: datetime,
    previous_digest: str | None,
    entries: Sequence[Entry],
    columns: Sequence[str] = COLUMNS,
) -> Content:
    """The whole edition; entries in order of 统一社会信用代码.

    `previous_digest` chains editions: a bank that holds two in a row can prove that none is missing between.
    """
    ordered = sorted(entries, key=lambda one: str(one["uscc"]))
    return {
        "kind": "edition",
        "programme": programme,
        "title": title,
        "serial": serial,
        "issued_at": iso_utc(issued_at),
        "expires_at": iso_utc(expires_at),
        "previous_digest": previous_digest,
        "count": len(ordered),
        "columns": list(columns),
        "column_digests": column_digests(ordered, columns),
        "entries": ordered,
    }


def body_of(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785): the bytes that are digested, signed and served."""
    return canonical_text(dict(content)).encode()


def head_of(content: Mapping[str, Any]) -> Content:
    """What an edition says beside its entries."""
    return {name: value for name, value in content.items() if name != "entries"}


def digest_of(body: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(body).hexdigest()


def sign(body: bytes, key: OKPKey) -> str:
    """Detached JWS (RFC 7515 appendix F): the compact form with its payload part empty."""
    compact = jws.serialize_compact({"alg": ALGORITHM, "kid": key.kid}, body, key, algorithms=[ALGORITHM])
    return jws.detach_content(compact)


def key_id_of(signature: str) -> str | None:
    """The `kid` that a detached JWS names; None where it is no such thing."""
    try:
        kid = jws.extract_compact(signature.replace("..", ".e30.", 1).encode()).headers().get("kid")
    except (JoseError, ValueError):
        return None
    return kid if isinstance(kid, str) else None


def is_genuine(body: bytes, signature: str, key: OKPKey) -> bool:
    """Whether `signature` is that of `body` under the public `key`."""
    registry = jws.JWSRegistry(algorithms=[ALGORITHM])
    # The library's guard against large tokens; a list of a hundred thousand entries is no token.
    registry.max_payload_length = max(registry.max_payload_length, len(body) * 2)
    try:
        jws.deserialize_compact(signature, key, algorithms=[ALGORITHM], registry=registry, payload=body)
    except (JoseError, ValueError):
        return False
    return True


def signed(content: Content, key: OKPKey) -> Content:
    """A statement that carries its own proof: `content`, the digest of its canonical form, and its signature."""
    body = body_of(content)
    return {"content": content, "digest": digest_of(body), "signature": sign(body, key)}
