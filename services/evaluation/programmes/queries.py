"""Reads of lists by rule, their judgements and the standing of one enterprise."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.programmes.errors import PROGRAMME_UNKNOWN
from services.evaluation.programmes.rules import ProgrammeRule, programme_rules
from services.evaluation.programmes.schemas import (
    ConsentNeeded,
    JudgedEntryOut,
    JudgedEntryPage,
    JudgementOut,
    JudgementPage,
    MissingOut,
    ProgrammeOut,
    ProgrammesOut,
)
from services.evaluation.programmes.words import rule_in_words, title_of
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import ProgrammeJudgement, ProgrammeJudgementEntry
from shared.reference.province import province


def rule_of(code: str) -> ProgrammeRule:
    """The list with its rule; Problem `programme_not_found`."""
    rule = programme_rules().get(code)
    if rule is None:
        raise Problem(PROGRAMME_UNKNOWN)
    return rule


def all_programmes() -> ProgrammesOut:
    """Every list of the province, in the order of its data."""
    return ProgrammesOut(items=[_programme(one) for one in programme_rules().values()])


def consent_needed(rule: ProgrammeRule) -> ConsentNeeded | None:
    """The consent that a list asks for; None where it asks for none."""
    if rule.data.consent is None:
        return None
    purpose = province().programmes.purposes[rule.data.consent]
    return ConsentNeeded(purpose=purpose.code, title=purpose.title)


def _programme(rule: ProgrammeRule) -> ProgrammeOut:
    data = rule.data
    return ProgrammeOut(
        code=data.code,
        title=data.title,
        clause=data.clause,
        audience=data.audience,
        origin=data.origin,
        rule=data.rule.strip(),
        rule_zh=rule_in_words(rule.condition),
        cadence=data.cadence,
        consent=consent_needed(rule),
        approval_needed=data.approval,
        columns=list(data.fields["subscriber"]),
        basis=data.basis.strip(),
    )


def missing(facts: list[str] | tuple[str, ...]) -> list[MissingOut]:
    """Facts with their titles."""
    return [MissingOut(fact=one, title=title_of(one)) for one in facts]


def judgement_shown(judgement: ProgrammeJudgement) -> JudgementOut:
    """A judgement as HTTP tells it."""
    return JudgementOut(
        id=judgement.id,
        programme=judgement.programme_code,
        judged_on=judgement.judged_on,
        rule=judgement.rule.strip(),
        met=judgement.met,
        unknown=judgement.unknown,
        not_met=judgement.not_met,
        digest=judgement.digest,
        judged_by=judgement.judged_by,
        judged_at=judgement.judged_at,
    )


async def judgement_page(session: AsyncSession, code: str, *, before: uuid.UUID | None, limit: int) -> JudgementPage:
    """The judgements of one list, newest first."""
    statement = (
        select(ProgrammeJudgement)
        .where(ProgrammeJudgement.programme_code == rule_of(code).data.code)
        .order_by(ProgrammeJudgement.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(ProgrammeJudgement.id < before)
    rows = (await session.execute(statement)).scalars().all()
    items = [judgement_shown(one) for one in rows[:limit]]
    return JudgementPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def entry_page(
    session: AsyncSession, code: str, judgement_id: uuid.UUID, *, verdict: str | None, after: str, limit: int
) -> JudgedEntryPage:
    """The entries of one judgement by 统一社会信用代码; Problem `not_found` for one of another list."""
    judgement = await session.get(ProgrammeJudgement, judgement_id)
    if judgement is None or judgement.programme_code != rule_of(code).data.code:
        raise Problem(NOT_FOUND)
    statement = (
        select(ProgrammeJudgementEntry)
        .where(ProgrammeJudgementEntry.judgement_id == judgement_id, ProgrammeJudgementEntry.uscc > after)
        .order_by(ProgrammeJudgementEntry.uscc)
        .limit(limit + 1)
    )
    if verdict is not None:
        statement = statement.where(ProgrammeJudgementEntry.verdict == verdict)
    rows = (await session.execute(statement)).scalars().all()
    items = [
        JudgedEntryOut.model_validate(
            {
                "uscc": one.uscc,
                "city_code": one.city_code,
                "verdict": one.verdict,
                "missing": missing(one.missing),
                "fields": one.fields,
            }
        )
        for one in rows[:limit]
    ]
    return JudgedEntryPage(items=items, next_cursor=items[-1].uscc if len(rows) > limit else None)
