"""What HTTP says about copies of the patent register."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from shared.identifiers import IdentifierError, parse_patent_application_no
from shared.validation import custom_error, iso_date


def _patent_no(text: str) -> str:
    try:
        return parse_patent_application_no(text)
    except IdentifierError as error:
        raise custom_error(str(error)) from None


PatentNo = Annotated[str, Field(max_length=40, examples=["202010566088.9"]), AfterValidator(_patent_no)]
Code = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Day = Annotated[date, BeforeValidator(iso_date), Field(ge=date(1985, 4, 1), le=date(2100, 12, 31))]
_Flag = Annotated[bool, Field(strict=True, examples=[False])]


class ExtractIn(BaseModel):
    """What a copy of the register (专利登记簿副本) says; null is what it does not say, which is not the same as no.

    `fees_paid_until`: the last day that the annual fees paid cover. `suspended`: 中止程序或保全. `same_day_twin`: a
    utility model and an invention filed for the same on one day by the same applicant.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    patent_no: PatentNo
    uscc: Code
    legal_status: Annotated[Literal["pending", "valid", "terminated", "invalidated"], Field(examples=["valid"])]
    filed_on: Annotated[_Day, Field(examples=["2020-06-01"])]
    granted_on: Annotated[_Day, Field(examples=["2022-01-01"])] | None = None
    fees_paid_until: Annotated[_Day, Field(examples=["2027-06-01"])] | None = None
    suspended: _Flag | None = None
    invalidation_pending: _Flag | None = None
    co_owned: _Flag | None = None
    same_day_twin: _Flag | None = None
    as_of: Annotated[_Day, Field(examples=["2026-03-01"])]
    document: Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）专利登记簿副本 0001"])]


class ExtractOut(ExtractIn):
    """The newest day counts; of one day the copy recorded last. `last_day` is that of the patent's term."""

    id: _Id
    last_day: date | None
    recorded_by: Annotated[str, Field(examples=["planner"])]
    recorded_at: datetime


class ExtractPage(BaseModel):
    items: list[ExtractOut]
    next_cursor: _Id | None
