"""What HTTP says about risk compensation."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.validation import iso_date

MOST_CLAIMS = 500
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Code = Annotated[str, Field(examples=["91420106MAXQ000011"])]
_Day = Annotated[date, BeforeValidator(iso_date), Field(ge=date(2024, 1, 1), le=date(2100, 12, 31))]
# 元 as decimal text without a sign, so that nothing below zero gets in; what is claimed is above it.
_Positive = Annotated[
    str,
    Field(
        max_length=16,
        pattern=r"^([1-9][0-9]{0,12}(\.[0-9]{1,2})?|0\.(0[1-9]|[1-9][0-9]?))$",
        examples=["1800000.00"],
    ),
]
_Yuan = Annotated[str, Field(max_length=16, pattern=r"^(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?$", examples=["200000.00"])]
_Reference = Annotated[str, Field(min_length=1, max_length=100, examples=["（虚构）BC2026-0001"])]
_Reason = Annotated[str, Field(min_length=2, max_length=2000, examples=["追回金额录入有误"])]
_RefusalCode = Annotated[str, Field(min_length=1, max_length=60, examples=["loss_not_final"])]


class ClaimContent(BaseModel):
    """A loss: principal unpaid when it fell due, what of that was recovered since (null: not known), what is claimed."""

    model_config = ConfigDict(extra="forbid")

    defaulted_on: Annotated[_Day, Field(examples=["2027-03-02"])]
    principal_cny: _Positive
    recovered_cny: _Yuan | None = None
    claimed_cny: _Positive


class ClaimIn(BaseModel):
    """One claim for one credit; `reference` is the bank's own number, under which saying the same again changes nothing."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    outcome_id: _Id
    reference: _Reference
    claim: ClaimContent


class ClaimsIn(BaseModel):
    """All of them or none."""

    model_config = ConfigDict(extra="forbid")

    claims: Annotated[list[ClaimIn], Field(min_length=1, max_length=MOST_CLAIMS)]


class ClaimCorrectionIn(BaseModel):
    """Why, and what is claimed instead; `claim` null withdraws it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: _Reason
    claim: Annotated[ClaimContent | None, Field(examples=[None])]


class AcceptedIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    decision: Literal["accepted"]
    compensated_cny: _Positive
    document: Annotated[str, Field(min_length=2, max_length=200, examples=["（虚构）鄂知补〔2027〕3号"])]
    reason: _Reason


class RefusedClaimIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    decision: Literal["refused"]
    refusal_code: _RefusalCode
    document: Annotated[str, Field(min_length=2, max_length=200, examples=["（虚构）鄂知补〔2027〕4号"])]
    reason: _Reason


class DecisionIn(BaseModel):
    """What was decided, by which document and why; refusals by their code (`/v1/compensation-terms`)."""

    model_config = ConfigDict(extra="forbid")

    decision: Annotated[
        AcceptedIn | RefusedClaimIn,
        Field(
            discriminator="decision",
            examples=[
                {
                    "decision": "refused",
                    "refusal_code": "loss_not_final",
                    "document": "（虚构）鄂知补〔2027〕4号",
                    "reason": "追偿未完成",
                }
            ],
        ),
    ]


class DecisionOut(BaseModel):
    decision: Annotated[Literal["accepted", "refused"], Field(examples=["refused"])]
    compensated_cny: _Yuan | None
    refusal_code: _RefusalCode | None
    document: Annotated[str, Field(examples=["（虚构）鄂知补〔2027〕4号"])]
    reason: _Reason
    decided_by: Annotated[str | None, Field(examples=[None])]
    decided_at: datetime


class ClaimOut(BaseModel):
    """One row of a claim. `current`: neither corrected nor withdrawn. Recovered null is not known, which is not zero."""

    id: _Id
    outcome_id: _Id
    client_id: Annotated[str, Field(examples=["bank-0123456789ab"])]
    uscc: _Code
    city_code: Annotated[str, Field(examples=["420100"])]
    reference: _Reference
    defaulted_on: date | None
    principal_cny: _Yuan | None
    recovered_cny: _Yuan | None
    claimed_cny: _Yuan | None
    corrects: Annotated[uuid.UUID | None, Field(examples=[None])]
    withdrawn: Annotated[bool, Field(examples=[False])]
    reason: Annotated[str | None, Field(examples=[None])]
    current: Annotated[bool, Field(examples=[True])]
    decision: DecisionOut | None
    recorded_at: datetime


class ClaimsOut(BaseModel):
    claims: list[ClaimOut]


class ClaimPage(BaseModel):
    items: list[ClaimOut]
    next_cursor: _Id | None


class ClaimRefusalOut(BaseModel):
    code: _RefusalCode
    title: Annotated[str, Field(examples=["追偿尚未完成，损失未能确定"])]
    basis: Annotated[str, Field(examples=["方案未列"])]


class CompensationTermsOut(BaseModel):
    """How much of a claim is compensated at most, in percent, where that is from, and coded reasons for refusing."""

    most_percent: Annotated[int, Field(examples=[100])]
    basis: Annotated[str, Field(examples=["方案未写补偿比例"])]
    refusals: list[ClaimRefusalOut]
