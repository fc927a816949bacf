"""Retract a statement: a later row says that the earlier one no longer counts; both stay."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.errors import NOT_RETRACTABLE, SOURCE_NOT_YOURS, STATEMENT_RETRACTED
from services.evaluation.facts.queries import hold_stating
from services.evaluation.facts.schemas import RetractionIn, StatementOut
from services.evaluation.facts.state_facts import statement_shown
from shared import audit, outbox
from shared.errors import NOT_FOUND, Problem
from shared.events import FactsStated
from shared.models.evaluation import FactStatement
from shared.models.reads import EnterpriseOnRecord, enterprises_on_record
from shared.security.actor import Actor


async def retract_statement(
    session: AsyncSession, actor: Actor, statement_id: uuid.UUID, retraction_in: RetractionIn
) -> StatementOut:
    """The retraction. A city retracts what its own officers stated, the province anything.

    Problems `not_found`, `source_not_yours`, `not_retractable`, `statement_retracted`; the same retraction by the same
    person again changes nothing.
    """
    statement, enterprise = await _within_reach(session, actor, statement_id)
    if statement.retracts is not None:
        raise Problem(NOT_RETRACTABLE)
    await hold_stating(session, [enterprise.id])
    earlier = (
        await session.execute(select(FactStatement).where(FactStatement.retracts == statement_id))
    ).scalar_one_or_none()
    if earlier is not None:
        if (earlier.stated_by, earlier.basis, earlier.document) != (actor.subject, *_words(retraction_in)):
            raise Problem(STATEMENT_RETRACTED)
        return statement_shown(earlier)
    return statement_shown(await _retract(session, actor, statement, retraction_in))


def _words(retraction_in: RetractionIn) -> tuple[str, str | None]:
    return retraction_in.basis, retraction_in.document


async def _within_reach(
    session: AsyncSession, actor: Actor, statement_id: uuid.UUID
) -> tuple[FactStatement, EnterpriseOnRecord]:
    found = await session.get(FactStatement, statement_id)
    enterprise = None if found is None else (await enterprises_on_record(session, [found.uscc])).get(found.uscc)
    if found is None or enterprise is None or actor.city_code not in (None, enterprise.city_code):
        raise Problem(NOT_FOUND)
    if actor.city_code not in (None, found.city_code):
        raise Problem(SOURCE_NOT_YOURS)
    return found, enterprise


async def _retract(
    session: AsyncSession, actor: Actor, statement: FactStatement, retraction_in: RetractionIn
) -> FactStatement:
    row = FactStatement(
        uscc=statement.uscc,
        application_id=statement.application_id,
        fact=statement.fact,
        source=statement.source,
        as_of=statement.as_of,
        basis=retraction_in.basis,
        document=retraction_in.document,
        city_code=actor.city_code,
        stated_by=actor.subject,
        retracts=statement.id,
    )
    session.add(row)
    await session.flush()
    detail = {"retracts": str(statement.id), "basis": row.basis, "document": row.document}
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="fact.retract",
        subject=("fact_statement", row.id),
        detail=detail,
    )
    await outbox.publish(session, FactsStated(usccs=[statement.uscc]))
    return row
