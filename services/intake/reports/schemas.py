"""What HTTP says about reporting periods and progress reports."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, Field, model_validator

from services.intake.applications.schemas import FormPart, PlainDate, Text
from services.intake.reports.form import ProgressForm
from services.intake.reports.transitions import ReportStatus
from shared.errors import Violation
from shared.validation import custom_error

_DEEPEST = 12  # the form itself has four levels
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 12, 31, tzinfo=UTC))]
EXAMPLE_FORM: dict[str, Any] = {
    "patents": {"valid_count": 12, "industrialised_count": 7},
    "finance": {"revenue_cny": "130000000.00", "rd_expense_cny": "14000000.00"},
    "recognised_products": [
        {
            "name": "示范产品",
            "recognised_year": 2024,
            "document_no": "（虚构）〔2024〕1号",
            "recognised_on": "2024-12-20",
            "years": [{"year": 2024, "sales_cny": "52000000.00", "profit_cny": "6100000.00"}],
        }
    ],
    "loans": [{"bank": "【虚构】示范银行", "amount_cny": "5000000.00", "ip_pledged": True, "granted_on": "2024-09-10"}],
    "declarations": {"truthful": True},
}


def _names_a_field(pointer: str) -> str:
    _, _, rest = pointer.partition("/")
    if pointer and rest.partition("/")[0] not in ProgressForm.model_fields:
        raise custom_error("field_unknown")
    return pointer


def _not_too_deep(form: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [form]
    for _ in range(_DEEPEST):
        members = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [value for group in members for value in group if isinstance(value, dict | list)]
    if level:
        raise custom_error("too_deep")
    return form


class PeriodIn(FormPart):
    """A new reporting period: the days reported on (both included), and when reports are taken."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,39}$", examples=["2024-H2"])]
    title: Annotated[Text, Field(examples=["2024年下半年进展报告"])]
    covers_from: Annotated[PlainDate, Field(examples=["2024-07-01"])]
    covers_to: Annotated[PlainDate, Field(examples=["2024-12-31"])]
    opens_at: Annotated[Moment, Field(examples=["2025-01-06T00:00:00+08:00"])]
    closes_at: Annotated[Moment, Field(examples=["2025-02-01T00:00:00+08:00"])]

    @model_validator(mode="after")
    def _in_order(self) -> PeriodIn:
        if self.covers_to < self.covers_from:
            raise custom_error("period_reversed")
        if self.closes_at <= self.opens_at:
            raise custom_error("window_empty")
        return self


class PeriodOut(BaseModel):
    id: uuid.UUID
    code: str
    title: str
    pool: str
    covers_from: date
    covers_to: date
    opens_at: datetime
    closes_at: datetime


class PeriodPage(BaseModel):
    items: list[PeriodOut]
    next_cursor: uuid.UUID | None


class OutstandingOut(BaseModel):
    """A member who owes a report; `returned` says that one was sent back and not submitted again."""

    uscc: str
    name: str
    city_code: str
    returned: bool


class OutstandingPage(BaseModel):
    """`total` counts all within reach, not only those of this page."""

    total: int
    items: list[OutstandingOut]
    next_cursor: str | None


class DraftIn(FormPart):
    """What has been filled in so far, however incomplete; the form is at /v1/progress-report-form."""

    form: Annotated[dict[str, Any], AfterValidator(_not_too_deep), Field(examples=[EXAMPLE_FORM])]


class FieldReason(FormPart):
    """The field as a JSON pointer (empty for the whole report) and what is wrong with it."""

    field: Annotated[
        str,
        Field(max_length=200, pattern=r"^(?:/[^/]+)*$", examples=["/patents/industrialised_count"]),
        AfterValidator(_names_a_field),
    ]
    reason: Annotated[str, Field(min_length=1, max_length=1000, examples=["请附产业化佐证材料"])]


class ReportReturnIn(FormPart):
    reasons: Annotated[list[FieldReason], Field(min_length=1, max_length=50)]


class DraftViolation(BaseModel):
    """What submission would refuse today, and where."""

    code: str
    message_zh: str
    message_en: str
    pointer: str | None


class ReportOut(BaseModel):
    """A report; `form` is what was last submitted. Only its enterprise sees `draft` and what is wrong with it.

    `version`, in double quotes, is the ETag to send as If-Match.
    """

    id: uuid.UUID
    period: str
    uscc: str
    name: str
    city_code: str
    status: ReportStatus
    revision: int
    version: int
    return_reasons: list[FieldReason] | None
    submitted_at: datetime | None
    decided_at: datetime | None
    form: dict[str, Any] | None = None
    draft: dict[str, Any] | None = None
    violations: list[DraftViolation] | None = None
    violations_left_out: int | None = Field(default=None, description="As wrong, and not listed")


class ReportPage(BaseModel):
    """Reports without their forms."""

    items: list[ReportOut]
    next_cursor: uuid.UUID | None


class ReportSubmitted(BaseModel):
    """The answer to a submission; `digest` is the SHA-256 of the snapshot's canonical JSON (RFC 8785)."""

    id: uuid.UUID
    period: str
    status: ReportStatus
    revision: int
    version: int
    digest: str


class RevisionOut(BaseModel):
    """One immutable snapshot."""

    revision: int
    digest: str
    city_code: str
    submitted_at: datetime
    form: dict[str, Any]


def violations_shown(violations: list[Violation]) -> list[DraftViolation]:
    return [
        DraftViolation(code=v.code, message_zh=v.message_zh, message_en=v.message_en, pointer=v.pointer)
        for v in violations
    ]
