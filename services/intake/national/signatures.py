"""HTTP Message Signatures (RFC 9421) with Content-Digest (RFC 9530): what we require of others and do ourselves."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from http_message_signatures.algorithms import ED25519  # pyright: ignore[reportPrivateImportUsage] (it has no __all__)
from http_message_signatures.digests import ContentDigest
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature
from http_message_signatures.resolvers import MappingKeyResolver
from http_message_signatures.signatures import HTTPMessageSigner, HTTPMessageVerifier

from services.intake.national.errors import DIGEST_MISMATCH, SIGNATURE_INVALID
from services.intake.national.wire import FORMAT
from shared.errors import Problem

# The tag tells our signature from one that a gateway adds for its own purposes.
TAG = FORMAT
_ALWAYS = ("@method", "content-digest", "content-type")


@dataclass(slots=True)
class Message:
    """A request as a signature sees it: the absolute URL by which the caller addressed us, and string headers."""

    method: str
    url: str
    headers: Any


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How old a signature may be, and how far the other clock may be off."""

    age: timedelta
    skew: timedelta


def verified_keyid(message: Message, body: bytes, public_keys: Mapping[str, bytes], tolerance: Tolerance) -> str:
    """The key that signed this request; Problem `content_digest_mismatch` or `signature_invalid`.

    Covered must be @method, content-digest, content-type, and the target: @target-uri, or @authority and @path.
    """
    _check_digest(message, body)
    verifier = HTTPMessageVerifier(
        signature_algorithm=ED25519, key_resolver=MappingKeyResolver(public_keys=public_keys, private_keys={})
    )
    verifier.max_clock_skew = tolerance.skew
    try:
        found = verifier.verify(message, max_age=tolerance.age, expect_tag=TAG, require_components=_ALWAYS, body=body)
    except HTTPMessageSignaturesException as error:
        raise Problem(SIGNATURE_INVALID, detail_en=str(error)[:300]) from None
    if len(found) != 1:
        raise Problem(SIGNATURE_INVALID, detail_en=f"One signature with the tag {TAG} is expected")
    covered = found[0].covered_components
    if '"@target-uri"' not in covered and not {'"@authority"', '"@path"'} <= covered.keys():
        raise Problem(SIGNATURE_INVALID, detail_en="The signature covers neither @target-uri nor @authority and @path")
    return str(found[0].parameters["keyid"])


def _check_digest(message: Message, body: bytes) -> None:
    fields = [value for name, value in message.headers.items() if name.lower() == "content-digest"]
    try:
        ContentDigest.verify(", ".join(fields), body)
    except InvalidSignature as error:
        raise Problem(DIGEST_MISMATCH, detail_en=str(error)[:300]) from None


def sign(message: Message, body: bytes | None, *, keyid: str, private_key_pem: bytes) -> None:
    """Add Content-Digest (for a body), Signature-Input and Signature to the message's headers."""
    signer = HTTPMessageSigner(
        signature_algorithm=ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={keyid: private_key_pem}),
    )
    signer.sign(
        message,
        key_id=keyid,
        nonce=secrets.token_urlsafe(16),
        tag=TAG,
        label="sig1",
        covered_component_ids=("@method", "@target-uri") if body is None else (*_ALWAYS, "@target-uri"),
        body=body,
    )
