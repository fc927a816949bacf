"""What HTTP says about the exchange with the national system."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.intake.national.wire import FORMAT, Moment, RecordId
from shared.validation import custom_error

Outcome = Literal["accepted", "unchanged", "stale", "waiting", "rejected"]
DeliveryStatus = Literal["pending", "sent", "accepted", "rejected", "dead"]
RecordKind = Literal["application", "status", "unknown"]


class ViolationShown(BaseModel):
    """Why a record is refused or waits, in both languages; `pointer` is a JSON pointer into the record."""

    code: str = Field(examples=["uscc_check_digit"])
    message_zh: str = Field(examples=["统一社会信用代码校验位不符，请核对"])
    message_en: str = Field(examples=["The USCC's check digit does not match"])
    pointer: str | None = Field(default=None, examples=["/form/uscc"])


class RecordResult(BaseModel):
    """What came of one record of a batch; `position` counts from 0. `application_id` is ours, where there is one."""

    position: int = Field(examples=[0])
    record_id: str | None = Field(examples=["GJ-2024-000123"])
    version: int | None = Field(examples=[1])
    outcome: Outcome
    application_id: uuid.UUID | None = None
    violations: list[ViolationShown] | None = None


class BatchAnswer(BaseModel):
    """The result of every record in the order of the batch. `counts` is by outcome."""

    batch_id: str = Field(examples=["GJ-B-20240606-01"])
    counts: dict[Outcome, int]
    results: list[RecordResult]


class SenderKeyIn(BaseModel):
    """An Ed25519 public key and the client that signs with it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    keyid: RecordId = Field(examples=["gj-2024-a"])
    client_id: Annotated[str, Field(max_length=100, examples=["national_system-0123456789ab"])]
    public_key_pem: Annotated[str, Field(max_length=2000, examples=["-----BEGIN PUBLIC KEY-----\n…"])]
    valid_from: Moment
    valid_to: Moment

    @model_validator(mode="after")
    def _in_order(self) -> SenderKeyIn:
        if self.valid_to <= self.valid_from:
            raise custom_error("expires_before_issue")
        return self


class SenderKeyOut(BaseModel):
    keyid: str
    client_id: str
    public_key_pem: str
    valid_from: datetime
    valid_to: datetime
    revoked_at: datetime | None
    added_by: str


class BatchOut(BaseModel):
    id: uuid.UUID
    sender: str
    batch_id: str
    keyid: str
    counts: dict[str, int]
    received_at: datetime


class BatchPage(BaseModel):
    items: list[BatchOut]
    next_cursor: uuid.UUID | None


class RecordOut(BaseModel):
    id: uuid.UUID
    sender: str = Field(examples=["client-9a41"])
    record_id: str
    version: int
    kind: RecordKind
    digest: str
    outcome: Outcome
    violations: list[ViolationShown] | None
    application_id: uuid.UUID | None
    received_at: datetime
    settled_at: datetime | None


class RecordPage(BaseModel):
    items: list[RecordOut]
    next_cursor: uuid.UUID | None


class DeliveryOut(BaseModel):
    """`attempts` counts sends, `failures` those on which the other side failed with this record."""

    id: uuid.UUID
    key: str
    kind: Literal["recommendation", "pool_change"]
    status: DeliveryStatus
    digest: str
    attempts: int
    failures: int
    due_at: datetime
    last_error: str | None
    remote_id: str | None
    result: dict[str, Any] | None
    created_at: datetime
    settled_at: datetime | None


class DeliveryPage(BaseModel):
    items: list[DeliveryOut]
    next_cursor: uuid.UUID | None


class BreakerOut(BaseModel):
    """`closed` lets everything pass, `open` nothing until `open_until`, `half_open` one probe."""

    state: Literal["closed", "open", "half_open"]
    failures: int
    open_until: datetime | None
    last_error: str | None


class StatusOut(BaseModel):
    """The line as it is now. `public_key` (a JWK) is what the national system checks our signatures with."""

    adapter: Literal["none", "http", "file"]
    format: str = Field(examples=[FORMAT])
    keyid: str | None
    public_key: dict[str, Any] | None
    breaker: BreakerOut
    deliveries: dict[DeliveryStatus, int]
    oldest_unsettled: datetime | None
    records_waiting: int
    last_reconciliation: ReconciliationOut | None


class ReconciliationOut(BaseModel):
    """`counts` is by kind of difference, with `ours` and `theirs` as the numbers compared; null until it is done."""

    id: uuid.UUID
    requested_by: str = Field(examples=["schedule"])
    status: Literal["requested", "done", "failed"]
    counts: dict[str, int] | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class ReconciliationPage(BaseModel):
    items: list[ReconciliationOut]
    next_cursor: uuid.UUID | None


class DifferenceOut(BaseModel):
    """`missing_there`: we have it, they lack it; `missing_here`: the reverse; else what differs between the two."""

    position: int
    difference: Literal["missing_there", "missing_here", "digest_differs", "status_differs"]
    kind: str
    key: str
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None


class DifferencePage(BaseModel):
    items: list[DifferenceOut]
    next_cursor: int | None


class LatestReconciliation(ReconciliationOut):
    """The newest finished comparison and its first differences."""

    first_differences: list[DifferenceOut]


class FileAnswer(BaseModel):
    """What came of an uploaded file. `unknown` are keys that we never handed out (in that file)."""

    kind: Literal["result", "listing"]
    digest: str
    serial: int | None = None
    applied: int = 0
    unchanged: int = 0
    unknown: list[str] = []
    entries: int | None = None


StatusOut.model_rebuild()
