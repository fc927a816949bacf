"""What HTTP says about consents."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.validation import iso_date

Code = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Purpose = Annotated[str, Field(min_length=1, max_length=60, examples=["pledge_financing"])]
_Paper = Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）同意书〔2026〕3号"])]


class PurposeOut(BaseModel):
    """Something that an enterprise may consent to; `programmes` are the lists that ask for it."""

    code: _Purpose
    title: Annotated[str, Field(examples=["向银行提供本企业专利与入库信息，用于知识产权质押融资授信"])]
    basis: Annotated[str, Field(examples=["企业专利、授信信息涉商业秘密，取事先同意。"])]
    programmes: Annotated[list[str], Field(examples=[["pledge-whitelist"]])]


class PurposesOut(BaseModel):
    items: list[PurposeOut]


class ConsentIn(BaseModel):
    """An enterprise consents itself; a city records a paper, by `document`, for one of its own."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    uscc: Code
    purpose: _Purpose
    given_on: Annotated[date, BeforeValidator(iso_date), Field(ge=date(2024, 1, 1), examples=["2026-03-01"])]
    document: Annotated[_Paper | None, Field(examples=[None])] = None


class WithdrawalIn(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["不再申请质押融资"])]


class ConsentOut(BaseModel):
    """A consent; it counts until it is withdrawn, and stays on record after."""

    id: _Id
    uscc: Code
    city_code: Annotated[str, Field(examples=["420100"])]
    purpose: _Purpose
    source: Annotated[Literal["enterprise", "paper"], Field(examples=["enterprise"])]
    document: _Paper | None
    given_on: date
    recorded_by: Annotated[str, Field(examples=["enterprise-91420106MAXQ000011"])]
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawal_reason: str | None


class ConsentPage(BaseModel):
    items: list[ConsentOut]
    next_cursor: _Id | None
