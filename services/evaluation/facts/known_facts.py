"""What is known of an enterprise: every fact with every statement, which of them stands, and why."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.queries import claim, retractions, statements_of
from services.evaluation.facts.schemas import ClaimOut, FactKnown, FactsKnown, JudgedClaim
from services.evaluation.facts.standing import WHY_ZH, Claim, Standing, standing, why
from services.evaluation.facts.state_facts import statement_shown
from services.evaluation.facts.values import shown_value
from services.evaluation.rulebooks.catalogue import Fact, catalogue
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Assessment, FactStatement
from shared.models.reads import codes_of, enterprises_on_record
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class FormsWord:
    """What the form of the newest judged application says, as its receipt holds it."""

    application_id: uuid.UUID | None = None
    submitted_on: date | None = None
    values: Mapping[str, Any] | None = None

    def claims(self, fact: Fact) -> list[Claim]:
        if self.values is None:
            return []
        return [Claim(fact.name, "self_reported", self.values.get(fact.name), self.submitted_on or date.min)]


@dataclass(frozen=True, slots=True)
class _Context:
    rows: Sequence[FactStatement]
    form: FormsWord
    on: date


async def known_facts(session: AsyncSession, actor: Actor, code: str, on: date) -> FactsKnown:
    """Every catalogued fact as it is to be judged by on a day; Problem `not_found` for an enterprise out of reach."""
    found = (await enterprises_on_record(session, [code])).get(code)
    if found is None or actor.city_code not in (None, found.city_code):
        raise Problem(NOT_FOUND)
    rows = (await statements_of(session, [found.uscc])).get(found.uscc, [])
    form = await _forms_word(session, found.uscc)
    by_fact: dict[str, list[FactStatement]] = {}
    for row in rows:
        by_fact.setdefault(row.fact, []).append(row)
    return FactsKnown(
        uscc=found.uscc,
        name=found.name,
        on=on,
        application_id=form.application_id,
        facts=[_known(fact, _Context(by_fact.get(fact.name, []), form, on)) for fact in catalogue().values()],
    )


async def _forms_word(session: AsyncSession, uscc: str) -> FormsWord:
    codes = codes_of([uscc]).subquery()
    statement = (
        select(Assessment.application_id, Assessment.receipt)
        .where(Assessment.uscc.in_(select(codes.c.code)), Assessment.current)
        .order_by(Assessment.snapshot_id.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        return FormsWord()
    receipt = json.loads(row.receipt)
    submitted_on = receipt["subject"].get("submitted_on")
    return FormsWord(
        row.application_id, date.fromisoformat(submitted_on) if submitted_on else None, forms_values(receipt)
    )


def forms_values(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as the form told them: a receipt keeps what the form says beside what stands instead."""
    told = {fact: source["self_reported"] for fact, source in receipt.get("sources", {}).items()}
    return {**receipt["facts"], **told}


def _known(fact: Fact, context: _Context) -> FactKnown:
    gone = retractions(context.rows)
    stated = [(row, claim(row, retracted=row.id in gone)) for row in context.rows if row.retracts is None]
    form = context.form.claims(fact)
    application_id = context.form.application_id
    stands = standing(fact, [*form, *(one for _, one in stated)], context.on, application_id)
    return FactKnown(
        fact=fact.name,
        title=fact.title,
        type=fact.type,
        unit=fact.unit,
        as_of_meaning=fact.as_of,
        sources=list(fact.sources),
        most_days=fact.age and fact.age.days,
        age_basis=fact.age and fact.age.basis,
        self_reported=next((_claim_shown(fact, one) for one in form), None),
        standing=stands and _claim_shown(fact, stands.claim),
        conflicts=[_claim_shown(fact, one) for one in (stands.against if stands else ())],
        statements=[_judged(fact, row, one, stands, context, gone.get(row.id)) for row, one in stated],
    )


def _judged(
    fact: Fact,
    row: FactStatement,
    one: Claim,
    stands: Standing | None,
    context: _Context,
    retracted_by: uuid.UUID | None,
) -> JudgedClaim:
    reason = why(fact, one, stands, context.on, context.form.application_id)
    return JudgedClaim(
        **statement_shown(row).model_dump(), why=reason, why_zh=WHY_ZH[reason], retracted_by=retracted_by
    )


def _claim_shown(fact: Fact, one: Claim) -> ClaimOut:
    return ClaimOut(
        source=one.source,
        value=shown_value(fact, one.value),
        as_of=None if one.as_of == date.min else one.as_of,
        statement_id=one.statement_id,
    )
