"""What HTTP says about assessments."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field


class RulebookOut(BaseModel):
    id: str
    digest: str
    title: str
    source_document: str
    effective_from: date


class PartOut(BaseModel):
    """One thing a criterion asks for: what the facts say (`computed`), who settled or excused it, and why."""

    part: str
    title: str
    kind: str
    computed: str
    reason_code: str
    reason_zh: str
    finding: FindingOut | None = None
    deviation: DeviationOut | None = None


class FindingOut(BaseModel):
    met: bool
    reason: str
    found_by: str
    found_at: datetime
    evidence: list[uuid.UUID] = Field(default=[], examples=[["018f0000-0000-7000-8000-000000000000"]])
    carried_from: uuid.UUID | None = Field(default=None, description="The finding on the overtaken assessment")


class DeviationOut(BaseModel):
    id: uuid.UUID
    part: str
    reason: str
    proposed_by: str
    signed_by: str | None
    carried_from: uuid.UUID | None = Field(default=None, description="The deviation on the overtaken assessment")


class CriterionOut(BaseModel):
    number: int
    clause: str
    title: str
    text: str
    verdict: str
    parts: list[PartOut]


class AssessmentSummary(BaseModel):
    id: uuid.UUID
    application_id: uuid.UUID
    uscc: str
    city_code: str
    overall: str
    assessed_on: date


class AssessmentOut(AssessmentSummary):
    rulebook_digest: str
    receipt_digest: str
    receipt: dict[str, Any]
    criteria: list[CriterionOut]


class AssessmentPage(BaseModel):
    items: list[AssessmentSummary]
    next_cursor: uuid.UUID | None


class VerdictCounts(BaseModel):
    """How the current assessments of a cycle stand; the four add up to `judged`."""

    judged: int
    met: int
    deviation: int
    not_met: int
    unknown: int


PartOut.model_rebuild()
