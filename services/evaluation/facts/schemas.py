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

    id: uuid.UUID
    uscc: str
    application_id: uuid.UUID | None
    fact: str
    source: StatedSource
    value: ShownValue
    as_of: date
    basis: str
    document: str | None
    attachment_id: uuid.UUID | None
    evidence_digest: str | None
    city_code: str | None
    stated_by: str
    stated_at: datetime
    retracts: uuid.UUID | None


class StatementsOut(BaseModel):
    statements: list[StatementOut]


class ClaimOut(BaseModel):
    """What a source says. The form's word (self_reported) has no statement; its day is that of its submission."""

    source: Source
    value: ShownValue
    as_of: date | None
    statement_id: uuid.UUID | None


class JudgedClaim(StatementOut):
    """A statement and what becomes of it."""

    why: Why
    why_zh: str
    retracted_by: uuid.UUID | None


class FactKnown(BaseModel):
    """One fact: who may tell it, in order; every statement; the claim that stands and those of others against it."""

    fact: str
    title: str
    type: str
    unit: str | None
    as_of_meaning: str
    sources: list[Source]
    most_days: int | None
    age_basis: str | None
    self_reported: ClaimOut | None
    standing: ClaimOut | None
    conflicts: list[ClaimOut]
    statements: list[JudgedClaim]


class FactsKnown(BaseModel):
    """Every catalogued fact of an enterprise on a day.

    The form's word is that of the newest judged application, `application_id`; null where none was judged.
    """

    uscc: str
    name: str
    on: date
    application_id: uuid.UUID | None
    facts: list[FactKnown]
