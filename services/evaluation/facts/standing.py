"""Which statement of a fact stands: the catalogue's order of sources, then the newest; what others say is a conflict."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.catalogue import Fact, FactValue, Source

Why: TypeAlias = Literal[
    "stands",
    "higher_source",
    "newer_statement",
    "says_unknown",
    "retracted",
    "other_application",
    "source_not_allowed",
    "after_the_date",
    "too_old",
    "other_period",
]

WHY_ZH: Mapping[Why, str] = {
    "stands": "采用：来源级别最高且最新",
    "higher_source": "未采用：有级别更高的来源",
    "newer_statement": "未采用：同一来源有更新的陈述",
    "says_unknown": "未采用：陈述为不详，不推翻已知的值",
    "retracted": "未采用：已撤回",
    "other_application": "未采用：只对另一申报有效",
    "source_not_allowed": "未采用：该数据不采信这一来源",
    "after_the_date": "未采用：截至日期晚于评判日期",
    "too_old": "未采用：截至日期过早，已超过有效期间",
    "other_period": "未采用：该数据取评判日期上一年度的，截至日期须在上一年度之内",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source says of a fact, None for "not known". What the form says has neither id nor dates here.

    `application_id` limits it to that application; `evidence` is the SHA-256 of the file that it rests on.
    """

    fact: str
    source: Source
    value: FactValue
    as_of: date = date.min
    stated_at: datetime | None = None
    statement_id: uuid.UUID | None = None
    evidence: str | None = None
    application_id: uuid.UUID | None = None
    retracted: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The claim that stands, and the best of each lower source that says something else."""

    claim: Claim
    against: tuple[Claim, ...]


def standing(fact: Fact, claims: Iterable[Claim], on: date, application_id: uuid.UUID | None = None) -> Standing | None:
    """Of claims in any order, the one to judge by on a day; None where nobody knows.

    A total order: source, newest as-of day, newest stated, id. A claim of "not known" never stands above a value.
    """
    counted = [one for one in claims if ignored_because(fact, one, on, application_id) is None]
    best: dict[Source, Claim] = {}
    for one in counted:
        if one.source not in best or _newness(best[one.source]) < _newness(one):
            best[one.source] = one
    ranked = [best[source] for source in fact.sources if source in best]
    if not ranked:
        return None
    first, *lower = ranked
    return Standing(first, tuple(one for one in lower if one.value != first.value))


def ignored_because(fact: Fact, claim: Claim, on: date, application_id: uuid.UUID | None) -> Why | None:
    """Why a claim does not count at all on a day, whatever others say; None where it does."""
    if claim.retracted:
        return "retracted"
    if claim.application_id not in (None, application_id):
        return "other_application"
    if claim.source not in fact.sources:
        return "source_not_allowed"
    if claim.source != "self_reported" and (reason := _outside(fact, claim, on)):
        return reason
    return "says_unknown" if claim.value is None else None


def _outside(fact: Fact, claim: Claim, on: date) -> Why | None:
    if claim.as_of > on:
        return "after_the_date"
    if fact.age is not None and fact.age.admits(claim.as_of, on):
        return None
    return "other_period" if fact.age is not None and fact.age.days is None else "too_old"


def why(fact: Fact, claim: Claim, stands: Standing | None, on: date, application_id: uuid.UUID | None) -> Why:
    """What became of a claim, `stands` being `standing` of all."""
    if reason := ignored_because(fact, claim, on, application_id):
        return reason
    if stands is None or claim == stands.claim:
        return "stands"
    return "newer_statement" if claim.source == stands.claim.source else "higher_source"


def _newness(claim: Claim) -> tuple[date, float, int]:
    """Never equal for two statements: their ids differ."""
    moment = 0.0 if claim.stated_at is None else claim.stated_at.timestamp()
    return claim.as_of, moment, 0 if claim.statement_id is None else claim.statement_id.int
