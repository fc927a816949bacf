"""What HTTP says about credit outcomes."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.finance.patents.schemas import PatentNo
from shared.validation import iso_date

MOST_OUTCOMES = 500
MOST_PLEDGED = 100
Code = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Day = Annotated[date, BeforeValidator(iso_date), Field(ge=date(2024, 1, 1), le=date(2100, 12, 31))]
# 元 as decimal text without a sign: a loan below zero does not get in. A line is above zero.
_Line = Annotated[
    str,
    Field(
        max_length=16,
        pattern=r"^([1-9][0-9]{0,12}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$",
        examples=["5000000.00"],
    ),
]
_Yuan = Annotated[str, Field(max_length=16, pattern=r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$", examples=["3000000.00"])]
_Rate = Annotated[str, Field(max_length=7, pattern=r"^(0|[1-9][0-9]?)(\.[0-9]{1,4})?$", examples=["3.4500"])]
_Reference = Annotated[str, Field(min_length=1, max_length=100, examples=["（虚构）DK2026-0001"])]
_Registration = Annotated[str, Field(min_length=1, max_length=100, examples=["（虚构）Y2026980000001"])]
_GroundCode = Annotated[str, Field(min_length=1, max_length=60, examples=["insufficient_cash_flow"])]


class PledgedPatentIn(BaseModel):
    """`co_owners_agree` counts where the patent is co-owned. `declared`: grounds told to the parties, who go on."""

    model_config = ConfigDict(extra="forbid")

    patent_no: PatentNo
    co_owners_agree: Annotated[bool, Field(strict=True, examples=[False])] = False
    declared: Annotated[list[_GroundCode], Field(max_length=12, examples=[[]])] = []


class PledgeIn(BaseModel):
    """A registered pledge; `contract_complete`: the contract has every clause that the rules of registration ask for."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    registration_no: _Registration
    registered_on: Annotated[_Day, Field(examples=["2026-03-05"])]
    contract_complete: Annotated[bool, Field(strict=True, examples=[True])]
    patents: Annotated[list[PledgedPatentIn], Field(min_length=1, max_length=MOST_PLEDGED)]


class ApprovedIn(BaseModel):
    """A credit line. `drawn_cny` and the yearly rate in percent are null where not known yet, which is not zero."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    decision: Literal["approved"]
    decided_on: Annotated[_Day, Field(examples=["2026-03-01"])]
    line_cny: _Line
    drawn_cny: _Yuan | None = None
    rate_percent: _Rate | None = None
    due_on: Annotated[_Day, Field(examples=["2027-03-01"])]
    pledge: PledgeIn | None = None


class RefusedIn(BaseModel):
    """A refusal, with its coded reason (`/v1/refusal-reasons`)."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["refused"]
    decided_on: Annotated[_Day, Field(examples=["2026-03-01"])]
    refusal_code: _GroundCode


Content = Annotated[ApprovedIn | RefusedIn, Field(discriminator="decision")]


class OutcomeIn(BaseModel):
    """One decision; `reference` is the bank's own number, under which saying the same again changes nothing."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    uscc: Code
    reference: _Reference
    outcome: Annotated[
        Content,
        Field(examples=[{"decision": "refused", "decided_on": "2026-03-01", "refusal_code": "insufficient_cash_flow"}]),
    ]


class OutcomesIn(BaseModel):
    """All of them or none."""

    model_config = ConfigDict(extra="forbid")

    outcomes: Annotated[list[OutcomeIn], Field(min_length=1, max_length=MOST_OUTCOMES)]


class OutcomeCorrectionIn(BaseModel):
    """Why, and what holds instead; `outcome` null says that there was no such decision."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=2, max_length=2000, examples=["放款金额录入有误"])]
    outcome: Annotated[Content | None, Field(examples=[None])]


class ReleaseIn(BaseModel):
    """The day on which the pledge was cancelled (注销); every patent of this credit is released."""

    model_config = ConfigDict(extra="forbid")

    released_on: Annotated[_Day, Field(examples=["2026-09-01"])]


class UnverifiedOut(BaseModel):
    """A ground that could not be checked, since no copy of the register tells."""

    patent_no: Annotated[str, Field(examples=["202010566088.9"])]
    ground: Annotated[str, Field(examples=["annual_fee_unpaid"])]


class PledgedOut(BaseModel):
    patent_no: Annotated[str, Field(examples=["202010566088.9"])]
    registered_on: date
    released_on: date | None


class OutcomeOut(BaseModel):
    """One row of what banks said. `current`: neither corrected nor a withdrawal. Money and rate null are not known."""

    id: _Id
    programme: Annotated[str, Field(examples=["pledge-whitelist"])]
    serial: Annotated[int, Field(examples=[1])]
    uscc: Code
    city_code: Annotated[str, Field(examples=["420100"])]
    client_id: Annotated[str, Field(examples=["bank-0123456789ab"])]
    reference: _Reference
    decision: Annotated[Literal["approved", "refused"] | None, Field(examples=["approved"])]
    decided_on: date | None
    line_cny: _Yuan | None
    drawn_cny: _Yuan | None
    rate_percent: _Rate | None
    due_on: date | None
    refusal_code: _GroundCode | None
    registration_no: _Registration | None
    registered_on: date | None
    pledged: list[PledgedOut]
    unverified: list[UnverifiedOut]
    corrects: Annotated[uuid.UUID | None, Field(examples=[None])]
    withdrawn: Annotated[bool, Field(examples=[False])]
    reason: Annotated[str | None, Field(examples=[None])]
    current: Annotated[bool, Field(examples=[True])]
    recorded_at: datetime


class OutcomesOut(BaseModel):
    outcomes: list[OutcomeOut]


class OutcomePage(BaseModel):
    items: list[OutcomeOut]
    next_cursor: _Id | None


class ReasonOut(BaseModel):
    """A coded reason. `declarable`: a pledge may go on where the parties were told and declare it."""

    code: _GroundCode
    title: Annotated[str, Field(examples=["现金流不足以覆盖还款"])]
    source: Annotated[str, Field(examples=["银行常用的拒贷原因归类"])]
    declarable: Annotated[bool, Field(examples=[False])]


class ReasonsOut(BaseModel):
    items: list[ReasonOut]
