"""What HTTP says about applications; the form itself is in `form`, and importable from here."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, field_validator

from services.intake.applications.form import ApplicationForm, Declarations, QualificationType
from services.intake.applications.form_types import (
    Count,
    Flag,
    FormPart,
    Money,
    PastDate,
    PatentNo,
    PlainDate,
    SignedMoney,
    Text,
    Uscc,
    Year,
)
from services.intake.applications.sections import sections_at
from services.intake.applications.transitions import Status
from shared.validation import custom_error

__all__ = [
    "ApplicationForm",
    "ApplicationOut",
    "ApplicationPage",
    "ApplicationReceived",
    "Count",
    "Declarations",
    "DraftOut",
    "Flag",
    "FormPart",
    "Money",
    "PastDate",
    "PatentNo",
    "PlainDate",
    "QualificationType",
    "ReasonIn",
    "RecommendIn",
    "Recommended",
    "ReturnIn",
    "ReturnReason",
    "SectionOut",
    "SignedMoney",
    "Text",
    "Uscc",
    "ViolationFound",
    "WithdrawIn",
    "Year",
]

Reason = Annotated[str, Field(min_length=1, max_length=1000, examples=["未达到专利产业化率要求"])]


class ApplicationReceived(BaseModel):
    """The answer to a submission; `digest` is the SHA-256 of the snapshot's canonical JSON (RFC 8785)."""

    id: uuid.UUID
    cycle: str
    uscc: str
    status: str
    revision: int
    digest: str


class ReturnReason(FormPart):
    """Why a form goes back: the field as a JSON pointer (or empty for the whole form) and what is wrong.

    The section that the field belongs to is reopened for correction, and no other.
    """

    field: Annotated[str, Field(max_length=200, pattern=r"^(?:/[^/]+)*$", examples=["/people/rd_staff"])]
    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["请附社保缴纳证明核对人数"])]

    @field_validator("field")
    @classmethod
    def _names_a_field(cls, value: str) -> str:
        if not sections_at(value):
            raise custom_error("field_unknown")
        return value


class ReturnIn(FormPart):
    reasons: Annotated[list[ReturnReason], Field(min_length=1, max_length=50)]


class ReasonIn(FormPart):
    """Why, in words that the enterprise will read."""

    reason: Reason


class WithdrawIn(FormPart):
    """An enterprise need not say why; an officer who withdraws on its behalf must."""

    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["企业来函申请撤回"])] | None = None


class RecommendIn(FormPart):
    application_ids: Annotated[list[uuid.UUID], Field(min_length=1, max_length=500)]


class Recommended(BaseModel):
    """`recommended` counts those that changed; ones recommended before stay as they are."""

    recommended: int
    already_recommended: int


class SectionOut(BaseModel):
    """A part of the form: whether it is open for correction, and who confirmed which revision of it."""

    section: str = Field(examples=["finance"])
    reopened: bool
    confirmed_revision: int | None
    confirmed_by: str | None
    confirmed_at: datetime | None


class ApplicationOut(BaseModel):
    """`revision` is 0 and `submitted_at` null while it was never submitted.

    `correct_until` is when a returned application can no longer be submitted again; from then on it is
    `correction_overdue`, and nothing but a withdrawal moves it. `status_reason` is why it was
    not recommended, reconsidered or withdrawn.
    """

    id: uuid.UUID
    cycle: str
    uscc: str
    name: str
    city_code: str
    status: Status
    status_reason: str | None
    revision: int
    return_reasons: list[ReturnReason] | None
    correct_until: datetime | None
    correction_overdue: bool
    submitted_at: datetime | None
    sections: list[SectionOut]
    form: dict[str, Any] | None = None


class ApplicationPage(BaseModel):
    items: list[ApplicationOut]
    next_cursor: uuid.UUID | None


class ViolationFound(BaseModel):
    """What submission would refuse; `pointer` is the place in the form (RFC 6901)."""

    code: str = Field(examples=["required"])
    message_zh: str = Field(examples=["必填"])
    message_en: str = Field(examples=["Field required"])
    pointer: str | None = Field(examples=["/declarations"])


class DraftOut(BaseModel):
    """What has been filled in, as it was typed. Version 0 was never saved: it is what was submitted last."""

    application_id: uuid.UUID
    cycle: str = Field(examples=["2024-1"])
    status: Status
    version: int
    tag: str = Field(description="What ETag says, without its quotes", examples=["0.1"])
    content: dict[str, Any] = Field(
        examples=[{"uscc": "91420100MA4KABCD1X", "name": "【虚构】示范光电有限公司", "registered_division": "420106"}]
    )
    violations: list[ViolationFound]
    violations_left_out: int = Field(default=0, description="As wrong, and not listed")
    saved_by: str | None
    saved_at: datetime | None
