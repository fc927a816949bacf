"""Files that carry their own signature: a detached JWS (Ed25519) over the canonical JSON of all other members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from services.intake.national.errors import FILE_SIGNATURE, FILE_UNREADABLE
from services.intake.national.wire import as_json, canonical
from shared.errors import Problem

ALGORITHM = "Ed25519"


def signed(content: Mapping[str, Any], key: OKPKey, *, keyid: str) -> str:
    """Canonical JSON of `content` with its `signature`."""
    payload = canonical(dict(content)).encode()
    compact = jws.serialize_compact({"alg": ALGORITHM, "kid": keyid}, payload, key, algorithms=[ALGORITHM])
    return canonical({**content, "signature": jws.detach_content(compact)})


def opened(text: bytes, public_keys: Mapping[str, bytes]) -> dict[str, Any]:
    """The file's members; Problem `file_unreadable`, or `file_signature_invalid` unless one of `public_keys` signed."""
    try:
        content = as_json(text)
        payload = canonical({name: value for name, value in content.items() if name != "signature"}).encode()
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Problem(FILE_UNREADABLE) from None
    registry = jws.JWSRegistry(algorithms=[ALGORITHM])
    # The library's guard against large tokens; a file of a hundred thousand records is no token.
    registry.max_payload_length = max(registry.max_payload_length, len(payload) * 2)

    def key_of(signature: Any) -> OKPKey:
        return OKPKey.import_key(public_keys[str(signature.headers()["kid"])])

    try:
        jws.deserialize_compact(
            str(content.get("signature")), key_of, algorithms=[ALGORITHM], registry=registry, payload=payload
        )
    except (JoseError, ValueError, KeyError):
        raise Problem(FILE_SIGNATURE) from None
    return content
