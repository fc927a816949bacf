"""What a request's headers say of the answer that is wanted (RFC 9110, 12.5.3 and 13.1.2)."""

from __future__ import annotations

import re

_NOT_AT_ALL = re.compile(r"\s*q=0(\.0*)?\s*")


def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip is among the encodings that are accepted, and not with the weight 0."""
    for one in (accept_encoding or "").lower().split(","):
        coding, _, weight = one.strip().partition(";")
        if coding.strip() in {"gzip", "x-gzip"}:
            return _NOT_AT_ALL.fullmatch(weight) is None
    return False


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller holds this version already."""
    return if_none_match is not None and etag in if_none_match.replace("W/", "").split(", ")
