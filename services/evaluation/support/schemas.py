"""What HTTP says about support actions."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from services.evaluation.support.money import Yuan
from shared.validation import iso_date

MOST_ACTIONS = 1000
SupportSource: TypeAlias = Literal["city", "province", "report", "bank", "event"]
Kind = Annotated[str, Field(min_length=1, max_length=40, examples=["ip_pledge_loan"])]
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Yuan = Annotated[str, Field(examples=["5000000.00"])]


class KindOut(BaseModel):
    """A kind of support with the plan's clause; `amount` says whether actions of it have one."""

    code: Kind
    title: Annotated[str, Field(examples=["知识产权质押融资贷款"])]
    clause: Annotated[str, Field(examples=["二（三）5、三（三）"])]
    amount: Annotated[Literal["required", "optional", "none"], Field(examples=["required"])]
    taken_from_reports: Annotated[bool, Field(examples=[True])]


class KindsOut(BaseModel):
    items: list[KindOut]


class ActionContent(BaseModel):
    """What was done: by whom (`provider`), what exactly (`subject`, such as a course), 元 as decimal text."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    kind: Kind
    happened_on: Annotated[date, Field(ge=date(1949, 10, 1), examples=["2024-06-20"]), BeforeValidator(iso_date)]
    provider: Annotated[_Name, Field(examples=["【虚构】示范银行"])]
    subject: Annotated[_Name, Field(examples=["专利权质押贷款"])] | None = None
    amount_cny: Yuan | None = None
    document: Annotated[_Name, Field(examples=["（虚构）合同〔2024〕3号"])] | None = None


class ActionIn(ActionContent):
    uscc: Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]


class ActionsIn(BaseModel):
    """All of them or none."""

    model_config = ConfigDict(extra="forbid")

    actions: Annotated[list[ActionIn], Field(min_length=1, max_length=MOST_ACTIONS)]


class CorrectionIn(BaseModel):
    """Why, and what holds instead; `action` null says that nothing of the kind took place."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    reason: Annotated[str, Field(min_length=2, max_length=2000, examples=["合同金额录入有误"])]
    action: ActionContent | None


class ActionOut(BaseModel):
    """One row of the ledger.

    `counted` is false for a row that a later one corrects, for a withdrawal, and for a row that repeats another,
    `duplicate_of`; sums take counted rows only. `resembles` names counted rows of the same enterprise with the same
    kind of money, day and amount from a differently written provider: perhaps the same, for somebody to look at. Unknown
    is null. Enterprises read no officers' names.
    """

    id: _Id
    kind: Kind
    kind_title: Annotated[str, Field(examples=["知识产权质押融资贷款"])]
    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    city_code: Annotated[str, Field(examples=["420100"])]
    happened_on: Annotated[date | None, Field(examples=["2024-06-20"])]
    provider: Annotated[str | None, Field(examples=["【虚构】示范银行"])]
    subject: Annotated[str | None, Field(examples=["专利权质押贷款"])]
    amount_cny: _Yuan | None
    document: Annotated[str | None, Field(examples=["（虚构）合同〔2024〕3号"])]
    source: Annotated[SupportSource, Field(examples=["city"])]
    recorded_by: Annotated[str | None, Field(examples=["zhang-wei"])]
    recorded_at: Annotated[datetime, Field(examples=["2024-06-21T09:30:00+08:00"])]
    report_id: _Id | None
    corrects: Annotated[uuid.UUID | None, Field(examples=[None])]
    corrected_by: Annotated[uuid.UUID | None, Field(examples=[None])]
    withdrawn: Annotated[bool, Field(examples=[False])]
    reason: Annotated[str | None, Field(examples=[None])]
    duplicate_of: Annotated[uuid.UUID | None, Field(examples=[None])]
    resembles: Annotated[list[uuid.UUID], Field(examples=[[]])]
    counted: Annotated[bool, Field(examples=[True])]


class ActionsOut(BaseModel):
    actions: list[ActionOut]


class ActionPage(BaseModel):
    items: list[ActionOut]
    next_cursor: uuid.UUID | None


class KindTotal(BaseModel):
    """Counted actions of a kind. The sum is of known amounts, null where none is known; unknown ones are counted apart."""

    kind: Kind
    title: Annotated[str, Field(examples=["知识产权质押融资贷款"])]
    clause: Annotated[str | None, Field(examples=["三（三）"])]
    actions: Annotated[int, Field(examples=[12])]
    enterprises: Annotated[int, Field(examples=[9])]
    amount_cny: _Yuan | None
    amounts_unknown: Annotated[int, Field(examples=[0])]


class TotalsOut(BaseModel):
    """Totals by kind of what the list of support actions shows as counted under the same filters."""

    items: list[KindTotal]
