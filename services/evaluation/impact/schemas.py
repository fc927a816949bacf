"""What HTTP says about impact and replay."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

VerdictText = Literal["met", "deviation", "unknown", "not_met"]
Depth = Literal["overall", "criterion"]
# The shipped rulebook has 17,000 characters.
_LONGEST_RULEBOOK = 200_000


class ImpactIn(BaseModel):
    """The rulebook to compare with: one that is registered, by id (the newest of that id) or digest, or its text."""

    model_config = ConfigDict(extra="forbid")

    rulebook_id: Annotated[str | None, Field(max_length=100, examples=["rulebook-2024"])] = None
    rulebook_digest: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$")] = None
    rulebook_text: Annotated[str | None, Field(max_length=_LONGEST_RULEBOOK, description="TOML")] = None


class RulebookNamed(BaseModel):
    id: Annotated[str, Field(examples=["rulebook-2026"])]
    digest: str
    title: Annotated[str, Field(examples=["本省专利产业化样板企业培育库入库企业基本标准（2026）"])]


class Transition(BaseModel):
    """How many went from one verdict to another (or stayed)."""

    before: VerdictText
    after: VerdictText
    count: int


class CriterionImpact(BaseModel):
    """One criterion that both rulebooks have, known by its key; numbers may differ."""

    key: Annotated[str, Field(examples=["rd_investment"])]
    number_before: int
    number_after: int
    title: Annotated[str, Field(examples=["研发投入"])]
    changed: int
    transitions: list[Transition]


class ImpactSummary(BaseModel):
    """The whole cycle. `judged` is the sum of `transitions`; what could not be read is `unreadable` (see :replay).

    `changed` decisions have another verdict on the whole; `changed_in_part` another one on some criterion, the whole
    being as before. What was set aside were findings on what the facts now settle, or on parts that are no more.
    """

    judged: int
    unreadable: int
    changed: int
    changed_in_part: int
    transitions: list[Transition]
    criteria: list[CriterionImpact]
    criteria_added: Annotated[list[str], Field(examples=[["brand"]], description="Keys")]
    criteria_removed: Annotated[list[str], Field(examples=[[]], description="Keys")]
    findings_set_aside: int
    deviations_set_aside: int


class PartVerdict(BaseModel):
    """A part's verdict after findings and deviations; the reason is for people."""

    part: str
    verdict: VerdictText
    reason_code: str
    reason_zh: str


class PartChange(BaseModel):
    """A part whose verdict differs; null where that rulebook has no such part."""

    clause: str
    title: Annotated[str, Field(examples=["研发投入"])]
    before: PartVerdict | None
    after: PartVerdict | None


class CriterionChange(BaseModel):
    key: Annotated[str, Field(examples=["rd_investment"])]
    title: Annotated[str, Field(examples=["研发投入"])]
    before: VerdictText
    after: VerdictText


class ChangedDecision(BaseModel):
    """One past decision that would have been another, the parts that differ, and why."""

    assessment_id: uuid.UUID
    application_id: uuid.UUID
    uscc: str
    city_code: str
    rulebook_digest: str
    before: VerdictText
    after: VerdictText
    criteria: list[CriterionChange]
    parts: list[PartChange]


class ImpactOut(BaseModel):
    """`summary` is about the whole cycle and stands on the first page only."""

    rulebook: RulebookNamed
    summary: ImpactSummary | None
    items: list[ChangedDecision]
    next_cursor: uuid.UUID | None


class ReplayDifference(BaseModel):
    """`code` says what kind; `pointer` (RFC 6901) where the receipt first differs, with both values as JSON."""

    code: Literal["value_differs", "bytes_differ", "digest_differs", "unreadable"]
    message_zh: str
    message_en: str
    pointer: Annotated[str | None, Field(examples=["/parts/5.rate"])] = None
    stored: Annotated[str | None, Field(examples=["true"])] = None
    replayed: Annotated[str | None, Field(examples=["false"])] = None


class ReplayOut(BaseModel):
    assessment_id: uuid.UUID
    rulebook_digest: str
    receipt_digest: str
    equal: bool
    difference: ReplayDifference | None


class CycleReplay(BaseModel):
    """Every receipt of the cycle, superseded ones too; with a cursor, those after it."""

    receipts: int
    equal: int
    different: int
    items: list[ReplayOut]
    next_cursor: uuid.UUID | None
