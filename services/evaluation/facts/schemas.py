"""What HTTP says about facts, statements of them, and which stand."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from services.evaluation.facts.standing import Why
from services.evaluation.rulebooks.catalogue import Source
from shared.validation import iso_date

MOST_STATEMENTS = 1000
StatedSource: TypeAlias = Literal["registry", "city_verified"]
ShownValue: TypeAlias = bool | int | str | None
_Value = Annotated[
    StrictBool | StrictInt | Annotated[str, Field(max_length=40)] | None,
    Field(
        description="true or false, a count, 元 as decimal text, or an option; null says: not known", examples=[True]
    ),
]
_Day = Annotated[date, Field(ge=date(1949, 10, 1), examples=["2024-06-20"]), BeforeValidator(iso_date)]
_Basis = Annotated[str, Field(min_length=2, max_length=2000, examples=["经全国高新技术企业认定管理网查询，证书有效"])]
_Document = Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）核查〔2024〕3号"])]


class StatementIn(BaseModel):
    """What a register (registry) or a city (city_verified) says of one fact, as of a day, and on what basis.

    `value` has to be given: null says that the source does not know. `application_id` limits it to one application.
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    fact: Annotated[str, Field(min_length=1, max_length=100, examples=["qualification_high_tech"])]
    source: StatedSource
    value: _Value
    as_of: _Day
    basis: _Basis
    document: _Document | None = None
    attachment_id: uuid.UUID | None = None
    application_id: uuid.UUID | None = None


class StatementAboutIn(StatementIn):
    uscc: Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", examples=["91420106MAXQ000011"])]


class StatementsIn(BaseModel):
    """All of them or none."""

    model_config = ConfigDict(extra="forbid")

    statements: Annotated[list[StatementAboutIn], Field(min_length=1, max_length=MOST_STATEMENTS)]


class RetractionIn(BaseModel):
    """Why a statement no longer counts."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    basis: Annotated[str, Field(min_length=2, max_length=2000, examples=["查询对象有误，系同名企业"])]
    document: _Document | None = None


class StatementOut(BaseModel):
    """A statement; or, where `retracts` names one, its retraction, which has no value of its own."""

    id: Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    application_id: Annotated[uuid.UUID | None, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    fact: Annotated[str, Field(examples=["qualification_high_tech"])]
    source: Annotated[StatedSource, Field(examples=["registry"])]
    value: Annotated[ShownValue, Field(examples=[True])]
    as_of: Annotated[date, Field(examples=["2024-06-20"])]
    basis: Annotated[str, Field(examples=["经全国高新技术企业认定管理网查询，证书有效"])]
    document: Annotated[str | None, Field(examples=["（虚构）核查〔2024〕3号"])]
    attachment_id: Annotated[uuid.UUID | None, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    evidence_digest: Annotated[
        str | None, Field(examples=["9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f9f"])
    ]
    city_code: Annotated[str | None, Field(examples=["420100"])]
    stated_by: Annotated[str, Field(examples=["zhang-wei"])]
    stated_at: Annotated[datetime, Field(examples=["2024-06-21T09:30:00+08:00"])]
    retracts: Annotated[uuid.UUID | None, Field(examples=[None])]


class Consequence(BaseModel):
    """What a statement does to one application that is judged: judged again by it, or why not."""

    application_id: Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    on: Annotated[date, Field(description="The day that it is judged on", examples=["2024-06-30"])]
    counts: Annotated[bool, Field(examples=[True])]
    why: Annotated[Why, Field(examples=["stands"])]
    why_zh: Annotated[str, Field(examples=["采用：来源级别最高且最新"])]


class StatementMade(StatementOut):
    """A statement on record, and what it does to the enterprise's applications that are judged."""

    consequences: list[Consequence]
    told_zh: Annotated[str, Field(examples=["将据此重新评判1件申报"])]


class StatementsOut(BaseModel):
    statements: list[StatementMade]


class ClaimOut(BaseModel):
    """What a source says. The form's word (self_reported) has no statement; its day is that of its submission."""

    source: Annotated[Source, Field(examples=["registry"])]
    value: Annotated[ShownValue, Field(examples=[True])]
    as_of: Annotated[date | None, Field(examples=["2024-06-20"])]
    statement_id: Annotated[uuid.UUID | None, Field(examples=["018f0000-0000-7000-8000-000000000000"])]


class JudgedClaim(StatementOut):
    """A statement and what becomes of it."""

    why: Annotated[Why, Field(examples=["stands"])]
    why_zh: Annotated[str, Field(examples=["采用：来源级别最高且最新"])]
    retracted_by: Annotated[uuid.UUID | None, Field(examples=[None])]


class FactKnown(BaseModel):
    """One fact: who may tell it, in order; every statement; the claim that stands and those of others against it."""

    fact: Annotated[str, Field(examples=["qualification_high_tech"])]
    title: Annotated[str, Field(examples=["高新技术企业资格有效"])]
    type: Annotated[str, Field(examples=["boolean"])]
    unit: Annotated[str | None, Field(examples=[None])]
    as_of_meaning: Annotated[str, Field(examples=["评估日当日有效"])]
    sources: Annotated[list[Source], Field(examples=[["registry", "city_verified", "self_reported"]])]
    most_days: Annotated[int | None, Field(examples=[183])]
    age_basis: Annotated[str | None, Field(examples=["方案未写核实结果多久有效，取183天"])]
    self_reported: ClaimOut | None
    standing: ClaimOut | None
    conflicts: list[ClaimOut]
    statements: list[JudgedClaim]


class FactsKnown(BaseModel):
    """Every catalogued fact of an enterprise on a day.

    The form's word is that of the newest judged application, `application_id`; null where none was judged.
    """

    uscc: Annotated[str, Field(examples=["91420106MAXQ000011"])]
    name: Annotated[str, Field(examples=["【虚构】武汉示例科技有限公司"])]
    on: Annotated[date, Field(examples=["2024-06-30"])]
    application_id: Annotated[uuid.UUID | None, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    facts: list[FactKnown]
