"""What HTTP says about assessments."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from services.evaluation.facts.schemas import ShownValue
from services.evaluation.rulebooks.catalogue import Source


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
    found_by: str | None = Field(description="null for enterprises and cities", examples=["wang-wu"])
    found_at: datetime
    evidence: list[uuid.UUID] = Field(default=[], examples=[["018f0000-0000-7000-8000-000000000000"]])
    carried_from: uuid.UUID | None = Field(default=None, description="The finding on the overtaken assessment")


class DeviationOut(BaseModel):
    id: uuid.UUID
    part: str
    reason: str
    proposed_by: str | None = Field(description="null for enterprises and cities", examples=["wang-wu"])
    signed_by: str | None = Field(examples=["zhao-liu"])
    carried_from: uuid.UUID | None = Field(default=None, description="The deviation on the overtaken assessment")


class CriterionOut(BaseModel):
    number: int
    clause: str
    title: str
    text: str
    verdict: str
    parts: list[PartOut]


class FactOut(BaseModel):
    """A fact as it was judged, and who says so as of which day. Money is 元 as decimal text.

    `statement_id` and `evidence_digest` are those of a register's or a city's statement; `self_reported` is what the
    form says, whether it stands or not.
    """

    fact: str
    title: str
    value: ShownValue
    unit: str | None
    source: Source
    as_of: date | None
    as_of_meaning: str
    statement_id: uuid.UUID | None
    evidence_digest: str | None
    self_reported: ShownValue


class ConflictingClaimOut(BaseModel):
    source: Source
    value: ShownValue
    as_of: date | None
    statement_id: uuid.UUID | None


class ConflictOut(BaseModel):
    """A fact on which sources disagree: `value` of `source` was judged by; `parts` are those that it touches."""

    fact: str
    title: str
    source: Source
    value: ShownValue
    against: list[ConflictingClaimOut]
    parts: list[str]


class AssessmentSummary(BaseModel):
    id: uuid.UUID
    application_id: uuid.UUID
    uscc: str
    city_code: str
    overall: str
    assessed_on: date


class AssessmentOut(AssessmentSummary):
    enterprise_name: str = Field(examples=["【虚构】武汉示例科技有限公司"])
    rulebook_digest: str
    receipt_digest: str
    receipt: dict[str, Any]
    facts: list[FactOut]
    conflicts: list[ConflictOut]
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
