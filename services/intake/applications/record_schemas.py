"""What HTTP says about an application's revisions and history."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.intake.applications.comparison import Kind
from services.intake.applications.schemas import ReturnReason


class RevisionOut(BaseModel):
    """One submission as it was made; `digest` is the SHA-256 of its canonical JSON (RFC 8785)."""

    revision: int = Field(examples=[1])
    digest: str
    submitted_by: str
    channel: str = Field(examples=["http"])
    submitted_at: datetime
    form: dict[str, Any] | None


class RevisionPage(BaseModel):
    items: list[RevisionOut]
    next_cursor: int | None


class ChangeOut(BaseModel):
    """One difference. `pointer` names an entry of a list by its key, such as a patent's application number.

    `kind` tells an entry that came (`added`) or went (`removed`) from a value that changed; `reordered` gives the keys
    of a list's entries in their order before and after.
    """

    kind: Kind
    pointer: str = Field(examples=["/patents/202010566088.9/granted_on"])
    section: str = Field(examples=["patents"])
    before: Any = Field(examples=["2022-01-01"])
    after: Any = Field(examples=["2022-03-01"])


class ComparisonOut(BaseModel):
    application_id: uuid.UUID
    from_revision: int = Field(examples=[1])
    to_revision: int = Field(examples=[2])
    changes: list[ChangeOut]


class HistoryEntry(BaseModel):
    """One act: who, when, why, from which status to which. `sections`: those reopened, corrected or confirmed by it."""

    id: uuid.UUID
    at: datetime
    act: str = Field(examples=["return"])
    actor: str
    role: str = Field(examples=["city_officer"])
    status_before: str | None = Field(examples=["submitted"])
    status_after: str | None = Field(examples=["returned"])
    revision: int | None
    reason: str | None
    reasons: list[ReturnReason] | None
    sections: list[str] | None
    draft_version: int | None


class HistoryPage(BaseModel):
    items: list[HistoryEntry]
    next_cursor: uuid.UUID | None
