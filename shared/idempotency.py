"""What identifies a request that may be retried: its actor's key and a digest of what was asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryKey:
    """`request_digest` covers method, path, query and body: the same key with another one is refused."""

    key: str
    request_digest: str
