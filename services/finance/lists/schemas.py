"""What HTTP says about lists."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field


class EditionSummary(BaseModel):
    """An edition without its entries; `digest` is the SHA-256 of the exact bytes that were signed."""

    serial: int
    issued_at: datetime
    expires_at: datetime
    entry_count: int
    digest: str
    signature: str


class EditionEntry(BaseModel):
    uscc: str
    name: str
    city_code: str
    member_since: str
    plan_id: str


class EditionDocument(BaseModel):
    """The signed document. The bytes on the wire are the signed ones: verify before parsing."""

    programme: str
    title: str
    serial: int
    issued_at: str
    expires_at: str
    previous_digest: str | None
    count: int
    entries: list[EditionEntry]


class SubscriptionIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    client_id: Annotated[str, Field(min_length=1, max_length=100)]


class KeySet(BaseModel):
    """JWKS (RFC 7517) with the public keys that list signatures verify under."""

    keys: list[dict[str, Any]]
