"""The wire format with the national system, version 1: ours, and documented in docs/national-exchange.md."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from services.intake.applications.schemas import ApplicationForm
from shared.canonical import canonical_text, sha256_hex

FORMAT = "peiyu-national-1"
Format = Literal["peiyu-national-1"]
# PostgreSQL's integer; a version or sequence beyond it is a mistake of the sender's.
_MOST = 2_147_483_647
RecordId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$", examples=["GJ-2024-000123"])]
Version = Annotated[int, Field(ge=1, le=_MOST, strict=True)]
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 12, 31, tzinfo=UTC))]
# PostgreSQL stores no NUL, and nobody reads on for ever.
Told = Annotated[str, AfterValidator(lambda text: text.replace("\x00", "\ufffd")[:2000])]
StatusKind = Literal["returned", "recommended", "not_recommended", "passed_on", "withdrawn"]
DeliveryKind = Literal["recommendation", "pool_change"]


class WirePart(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ApplicationRecord(WirePart):
    """An application as filed upstream. It counts from `filed_at`; a higher `version` replaces a lower one."""

    record_id: RecordId
    version: Version
    kind: Literal["application"]
    cycle: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$", examples=["2024-1"])]
    filed_at: Moment
    form: ApplicationForm


class StatusRecord(WirePart):
    """What happened upstream to version `application_version` of an application.

    `sequence` orders the changes of one application: a later one is never undone by an earlier that arrives late.
    """

    record_id: RecordId
    version: Version
    kind: Literal["status"]
    application_record_id: RecordId
    application_version: Version
    sequence: Version
    status: StatusKind
    at: Moment
    reason: Annotated[str, Field(max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")] | None = None


class BatchIn(WirePart):
    """A batch of records, each an ApplicationRecord or a StatusRecord; each is judged on its own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "format": FORMAT,
                    "batch_id": "GJ-B-20240606-01",
                    "records": [
                        {
                            "record_id": "GJ-S-2024-000123-1",
                            "version": 1,
                            "kind": "status",
                            "application_record_id": "GJ-2024-000123",
                            "application_version": 1,
                            "sequence": 1,
                            "status": "recommended",
                            "at": "2024-06-06T08:00:00Z",
                        }
                    ],
                }
            ]
        },
    )

    format: Format
    batch_id: RecordId
    records: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=500)]


class OutRecord(WirePart):
    """One record that we push. The same `key` always carries the same content: its `digest` says so."""

    key: str
    kind: DeliveryKind
    digest: str
    content: dict[str, Any]


class RecordAnswer(BaseModel):
    """What the national system says of one record."""

    key: Told
    outcome: Literal["accepted", "unchanged", "rejected"]
    remote_id: Told | None = None
    code: Told | None = None
    reason: Told | None = None


class PushAnswer(BaseModel):
    results: Annotated[list[RecordAnswer], Field(max_length=10_000)]


class ListingEntry(BaseModel):
    """One record as the national system holds it; `digest` is that of the content as it was pushed."""

    kind: Literal["application", "recommendation", "pool_change"]
    key: Told
    status: Told
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    version: Version | None = None


class ListingPage(BaseModel):
    """`as_of` is when it was drawn up, where that is not now."""

    entries: Annotated[list[ListingEntry], Field(max_length=10_000)]
    next_cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    as_of: Moment | None = None


class ResultFile(BaseModel):
    """What an officer brings back for one of our files; `signature` covers all the rest."""

    format: Format
    serial: Version
    results: Annotated[list[RecordAnswer], Field(max_length=100_000)]
    signature: str


class ListingFile(BaseModel):
    """All records that the national system holds of us; `signature` covers all the rest."""

    format: Format
    as_of: Moment
    entries: Annotated[list[ListingEntry], Field(max_length=1_000_000)]
    signature: str


def digest_of(content: Any) -> str:
    """Lower-case hex SHA-256 of the canonical JSON (RFC 8785). TypeError where it has none of ours: see `canonical`."""
    return sha256_hex(canonical(content))


def canonical(content: Any) -> str:
    """Canonical JSON. TypeError for fractions, integers beyond 64 bits and broken Unicode."""
    return canonical_text(content)


def as_json(text: str | bytes) -> Any:
    """Parsed JSON; ValueError for anything else, with NaN and repeated names among it."""
    return json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found
