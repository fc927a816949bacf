"""What HTTP says about public notices, objections and appeals."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.validation import custom_error

EntryState = Literal["listed", "held", "struck", "admitted"]
ObjectionStatus = Literal["open", "upheld", "dismissed"]
AppealStatus = Literal["open", "accepted", "rejected"]
Grounds = Annotated[str, Field(min_length=2, max_length=4000, examples=["主营产品并非由其专利转化而来，附情况说明"])]
Document = Annotated[str | None, Field(min_length=2, max_length=200, examples=["（虚构）异议书〔2024〕1号"])]
Attachments = Annotated[list[uuid.UUID], Field(max_length=20, examples=[[]])]
NUMBER = r"^[0-9]{4}-[0-9]{3,6}$"
Number = Annotated[str, Field(examples=["2026-001"])]
Declared = Annotated[
    bool, Field(description="false: a reviewer has not declared, so what it is about is not shown", examples=[True])
]
# What nobody sees who has to declare first.
UNSEEN = {"declared": False, "grounds": None, "document": None, "evidence": None, "decision_reason": None}


class PublicEntry(BaseModel):
    """All that the public reads of an enterprise."""

    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    city: Annotated[str, Field(examples=["武汉市"])]


class PublicNoticeSummary(BaseModel):
    number: Number
    title: Annotated[str, Field(examples=["样板企业培育库拟入库企业公示（2024-1）"])]
    starts_on: date
    ends_on: date
    is_open: bool


class PublicNoticeOut(PublicNoticeSummary):
    """`replaced` says that a later notice of the same cycle counts instead. Entries go by city, then name."""

    working_days: Annotated[int, Field(examples=[5])]
    basis: Annotated[str, Field(examples=["按通行做法取5个工作日"])]
    replaced: bool
    how_to_object: Annotated[str, Field(examples=["请在公示期内书面反映，并附证据"])]
    entries: list[PublicEntry]


class PublicNoticePage(BaseModel):
    items: list[PublicNoticeSummary]
    next_cursor: str | None


class NoticeOut(PublicNoticeSummary):
    """A notice as officers see it; counts are of entries within reach. Days left are working days after today."""

    plan_id: uuid.UUID
    cycle: str
    working_days: Annotated[int, Field(examples=[5])]
    basis: Annotated[str, Field(examples=["按通行做法取5个工作日"])]
    working_days_left: int
    appeals_until: date
    replaced: bool
    ended_at: datetime | None
    digest: str
    listed: int
    held: int
    struck: int
    admitted: int


class NoticePage(BaseModel):
    items: list[NoticeOut]
    next_cursor: str | None


class EvidenceOut(BaseModel):
    """A file as it was when it was handed in: its attachment and SHA-256."""

    attachment_id: uuid.UUID
    digest: str


class ObjectionOut(BaseModel):
    """An objection without its objector, who is read apart."""

    id: uuid.UUID
    notice: Number
    uscc: str
    name: str
    city_code: str
    declared: Declared = True
    grounds: Grounds | None
    document: str | None
    evidence: list[EvidenceOut] | None
    status: Annotated[ObjectionStatus, Field(examples=["open"])]
    recorded_by: Annotated[str, Field(examples=["officer-420100"])]
    recorded_at: datetime
    decided_by: Annotated[str | None, Field(examples=[None])]
    decided_at: datetime | None
    decision_reason: Annotated[str | None, Field(examples=[None])]


class ObjectionPage(BaseModel):
    items: list[ObjectionOut]
    next_cursor: uuid.UUID | None


class EntryOut(BaseModel):
    """One enterprise on a notice: held while an objection is open, struck once one is upheld."""

    uscc: str
    name: str
    city_code: str
    state: Annotated[EntryState, Field(examples=["listed"])]
    objections: list[ObjectionOut]


class EntryPage(BaseModel):
    items: list[EntryOut]
    next_cursor: str | None


class ObjectorIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=1, max_length=100, examples=["王某（虚构）"])]
    contact: Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）027-00000000"])]


class ObjectorOut(BaseModel):
    name: Annotated[str, Field(examples=["王某（虚构）"])]
    contact: Annotated[str, Field(examples=["（虚构）027-00000000"])]


class Evidenced(BaseModel):
    """Grounds with their evidence: a document, attachments of the enterprise concerned, or both."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    grounds: Grounds
    document: Document = None
    attachment_ids: Attachments = []

    @model_validator(mode="after")
    def _has_evidence(self) -> Self:
        if self.document is None and not self.attachment_ids:
            raise custom_error("evidence_missing")
        return self


class ObjectionIn(Evidenced):
    """What a citizen or an enterprise hands in, as an officer records it. One of `uscc` and `enterprise_name`."""

    uscc: Annotated[str | None, Field(min_length=9, max_length=18, examples=[None])] = None
    enterprise_name: Annotated[
        str | None, Field(min_length=1, max_length=200, examples=["【虚构】示范光电有限公司"])
    ] = None
    objector: ObjectorIn

    @model_validator(mode="after")
    def _one_enterprise(self) -> Self:
        if (self.uscc is None) == (self.enterprise_name is None):
            raise custom_error("entry_named_once")
        return self


class DecisionIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=2, max_length=2000, examples=["经核查，产品与所列专利不符，异议成立"])]


class AppealIn(Evidenced):
    """Why an enterprise that was left out asks for a second look, with evidence."""


class AppealOut(BaseModel):
    """`reopened_as` is the assessment that an accepted appeal opened. Enterprises read no officers' names."""

    id: uuid.UUID
    application_id: uuid.UUID
    assessment_id: uuid.UUID
    notice: Number
    uscc: str
    city_code: str
    declared: Declared = True
    grounds: Grounds | None
    document: str | None
    evidence: list[EvidenceOut] | None
    status: Annotated[AppealStatus, Field(examples=["open"])]
    submitted_at: datetime
    decided_by: Annotated[str | None, Field(examples=[None])]
    decided_at: datetime | None
    decision_reason: Annotated[str | None, Field(examples=[None])]
    reopened_as: uuid.UUID | None


class AppealPage(BaseModel):
    items: list[AppealOut]
    next_cursor: uuid.UUID | None
