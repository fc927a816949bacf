"""What HTTP says about spot checks."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from services.evaluation.facts.schemas import ShownValue
from services.evaluation.spot_checks.terms import Risk, Sign
from shared.validation import iso_date

NUMBER = r"^[0-9]{4}-[0-9]{3,6}$"
MOST_FACTS = 100
Outcome: TypeAlias = Literal["verified", "contradicted"]
Number = Annotated[str, Field(examples=["2026-001"])]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["9f" * 32])]
_Secret = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["1c" * 32])]
_Uscc = Annotated[str, Field(examples=["91420106MAXQ000011"])]
_Day = Annotated[date, Field(ge=date(1949, 10, 1), examples=["2026-12-01"]), BeforeValidator(iso_date)]
_Document = Annotated[str, Field(min_length=1, max_length=200, examples=["（虚构）核查〔2026〕1号"])]


class DrawIn(BaseModel):
    """A draw to publish. Only the commitment is given: the seed stays with the officer until it is revealed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: Annotated[str, Field(min_length=1, max_length=200, examples=["2026年度核查抽查"])]
    commitment: _Digest
    reveal_from: Annotated[AwareDatetime, Field(examples=["2026-12-01T09:00:00+08:00"])]


class RevealIn(BaseModel):
    """The seed and the nonce, 32 bytes each in hex, whose SHA-256 was published as the commitment."""

    model_config = ConfigDict(extra="forbid")

    seed: _Secret
    nonce: _Secret


class DrawSummary(BaseModel):
    """A draw as everybody may see it. `revealed_at` is null while the seed is not revealed; `drawn` likewise."""

    number: Number
    title: Annotated[str, Field(examples=["2026年度核查抽查"])]
    digest: _Digest
    commitment: _Digest
    members: Annotated[int, Field(examples=[200])]
    size: Annotated[int, Field(description="How many are drawn", examples=[24])]
    frozen_at: Annotated[datetime, Field(examples=["2026-11-29T09:00:00+08:00"])]
    reveal_from: Annotated[datetime, Field(examples=["2026-12-01T09:00:00+08:00"])]
    revealed_at: Annotated[datetime | None, Field(examples=["2026-12-01T09:30:00+08:00"])]


class StratumOut(BaseModel):
    """A city's members of one risk, and how many of them are drawn."""

    stratum: Annotated[int, Field(examples=[1])]
    city_code: Annotated[str, Field(examples=["420100"])]
    risk: Annotated[Risk, Field(examples=["ordinary"])]
    members: Annotated[int, Field(examples=[40])]
    size: Annotated[int, Field(examples=[4])]


class DrawOut(DrawSummary):
    """A draw as officers see it; `strata` are told once the seed is revealed, `checked` and `contradicted` count within
    reach.
    """

    pool: Annotated[str, Field(examples=["cultivation"])]
    seed: _Secret | None
    nonce: _Secret | None
    strata: list[StratumOut]
    checked: Annotated[int, Field(examples=[3])]
    contradicted: Annotated[int, Field(examples=[1])]


class DrawPage(BaseModel):
    items: list[DrawSummary]
    next_cursor: Annotated[str | None, Field(examples=[None])]


class MemberOut(BaseModel):
    """A member in the frame: `seal` is the SHA-256 of salt, code, city code and name, a line each."""

    uscc: _Uscc
    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    city_code: Annotated[str, Field(examples=["420100"])]
    stratum: Annotated[int, Field(examples=[1])]
    risk: Annotated[Risk, Field(examples=["ordinary"])]
    signs: Annotated[list[Sign], Field(examples=[[]])]
    salt: _Secret
    seal: _Digest
    drawn: Annotated[bool, Field(examples=[True])]
    finding_id: Annotated[uuid.UUID | None, Field(examples=[None])]


class MemberPage(BaseModel):
    number: Number
    items: list[MemberOut]
    next_cursor: Annotated[str | None, Field(examples=[None])]


class FactFoundIn(BaseModel):
    """One fact: what was found, and whether it is what the enterprise's form says."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    fact: Annotated[str, Field(min_length=1, max_length=100, examples=["qualification_high_tech"])]
    outcome: Annotated[Outcome, Field(examples=["verified"])]
    value: Annotated[
        StrictBool | StrictInt | Annotated[str, Field(max_length=40)],
        Field(description="As the fact is stated; what is not known is not found", examples=[True]),
    ]
    basis: Annotated[str, Field(min_length=2, max_length=2000, examples=["现场查验证书原件"])]
    as_of: _Day | None = None
    attachment_id: uuid.UUID | None = None


class FindingIn(BaseModel):
    """What a checker found. `document` is the record of the check; `as_of` of a fact is `checked_on` unless given."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    checked_on: _Day
    document: _Document
    summary: Annotated[str, Field(min_length=2, max_length=2000, examples=["现场核查，材料与申报一致"])]
    facts: Annotated[list[FactFoundIn], Field(min_length=1, max_length=MOST_FACTS)]


class FactFoundOut(BaseModel):
    """What the enterprise's form said and what was found; the statement stands among the facts since."""

    fact: Annotated[str, Field(examples=["qualification_high_tech"])]
    title: Annotated[str, Field(examples=["高新技术企业资格有效"])]
    outcome: Annotated[Outcome, Field(examples=["verified"])]
    claimed: Annotated[ShownValue, Field(examples=[True])]
    found: Annotated[ShownValue, Field(examples=[True])]
    statement_id: Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]


class FindingOut(BaseModel):
    """A finding. `contradicted` says that some fact was; an incident is then alleged. `digest` is that of its content."""

    id: Annotated[uuid.UUID, Field(examples=["018f0000-0000-7000-8000-000000000000"])]
    number: Number
    uscc: _Uscc
    city_code: Annotated[str, Field(examples=["420100"])]
    checked_on: Annotated[date, Field(examples=["2026-12-01"])]
    document: _Document
    summary: Annotated[str, Field(examples=["现场核查，材料与申报一致"])]
    contradicted: Annotated[bool, Field(examples=[False])]
    facts: list[FactFoundOut]
    found_by: Annotated[str, Field(examples=["zhang-wei"])]
    found_at: Annotated[datetime, Field(examples=["2026-12-01T09:30:00+08:00"])]
    digest: _Digest


class FindingPage(BaseModel):
    items: list[FindingOut]
    next_cursor: Annotated[uuid.UUID | None, Field(examples=[None])]


class PublicMember(BaseModel):
    """All that the public reads of an enterprise that was drawn."""

    name: Annotated[str, Field(examples=["【虚构】示范光电有限公司"])]
    city: Annotated[str, Field(examples=["武汉市"])]


class PublicDraw(DrawSummary):
    """A draw for everybody: the commitment before, the seed and who was drawn after, by city and name."""

    seed: _Secret | None
    nonce: _Secret | None
    enterprises: list[PublicMember] | None
