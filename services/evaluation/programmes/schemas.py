"""What HTTP says about lists by rule."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

Code = Annotated[str, Field(examples=["pledge-whitelist"])]
Uscc = Annotated[str, Field(examples=["91420106MAXQ000011"])]
_Id = Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
_Title = Annotated[str, Field(examples=["知识产权质押融资授信企业白名单"])]
_Clause = Annotated[str, Field(examples=["三（三）：提高企业知识产权质押融资效率和规模"])]
_Count = Annotated[int, Field(examples=[1])]
_Rule = Annotated[str, Field(examples=["in_pool AND NOT exit_pending AND pledgeable_patent"])]


class ConsentNeeded(BaseModel):
    """A consent that a list asks for."""

    purpose: Annotated[str, Field(examples=["pledge_financing"])]
    title: Annotated[str, Field(examples=["向银行提供本企业专利与入库信息，用于知识产权质押融资授信"])]


class ProgrammeOut(BaseModel):
    """A list as the province's data describe it; `rule_zh` is its rule in words, `basis` how the clause is read."""

    code: Code
    title: _Title
    clause: _Clause
    audience: Annotated[Literal["bank", "department"], Field(examples=["bank"])]
    origin: Annotated[Literal["pool", "judged"], Field(examples=["judged"])]
    rule: _Rule
    rule_zh: Annotated[str, Field(examples=["在库，且没有“有待决的退库告知”，且有可质押的专利"])]
    cadence: Annotated[Literal["on_change", "monthly", "quarterly", "yearly", "by_hand"], Field(examples=["monthly"])]
    consent: ConsentNeeded | None
    approval_needed: Annotated[bool, Field(examples=[True])]
    columns: Annotated[list[str], Field(examples=[["uscc", "name", "city_code"]])]
    basis: Annotated[str, Field(examples=["方案未定条件。"])]


class ProgrammesOut(BaseModel):
    items: list[ProgrammeOut]


class JudgementOut(BaseModel):
    """Everybody on record judged by the rule of one list: how many meet it, may, and do not."""

    id: _Id
    programme: Code
    judged_on: date
    rule: _Rule
    met: _Count
    unknown: _Count
    not_met: _Count
    digest: Annotated[str, Field(examples=["0f" * 32])]
    judged_by: Annotated[str, Field(examples=["planner"])]
    judged_at: datetime


class JudgementPage(BaseModel):
    items: list[JudgementOut]
    next_cursor: _Id | None


class MissingOut(BaseModel):
    """A fact that nobody knows."""

    fact: Annotated[str, Field(examples=["pledgeable_patent"])]
    title: Annotated[str, Field(examples=["有可质押的专利"])]


class JudgedEntryOut(BaseModel):
    """One enterprise that meets the rule, or of which it is not known for want of `missing`."""

    uscc: Uscc
    city_code: Annotated[str, Field(examples=["420100"])]
    verdict: Annotated[Literal["met", "unknown"], Field(examples=["met"])]
    missing: list[MissingOut]
    fields: dict[str, str]


class JudgedEntryPage(BaseModel):
    items: list[JudgedEntryOut]
    next_cursor: Uscc | None


class ConsentStanding(ConsentNeeded):
    """`given_on` is null where no consent is on file, or it was withdrawn."""

    given_on: date | None


class StandingOut(BaseModel):
    """One list and one enterprise today.

    `listed`: the newest edition names it, since `since_serial`. `qualifies`: it would be named next. `open`: it is not
    known for want of `missing`. `unmet`: for what `unmet` says; a consent that is not on file is one of them.
    """

    programme: Code
    title: _Title
    clause: _Clause
    status: Annotated[Literal["listed", "qualifies", "open", "unmet"], Field(examples=["open"])]
    listed: Annotated[bool, Field(examples=[False])]
    since_serial: Annotated[int, Field(examples=[1])] | None
    verdict: Annotated[Literal["met", "unknown", "not_met"], Field(examples=["unknown"])]
    missing: list[MissingOut]
    unmet: Annotated[list[str], Field(examples=[["在库"]])]
    consent: ConsentStanding | None


class StandingsOut(BaseModel):
    """Every list of the province and one enterprise (按需匹配支持政策)."""

    uscc: Uscc
    name: Annotated[str, Field(examples=["【虚构】示范科技有限公司"])]
    judged_on: date
    items: list[StandingOut]
