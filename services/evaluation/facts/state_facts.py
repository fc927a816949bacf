"""State facts: what a register or a city knows of an enterprise, stored for good, and judged by from then on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.check_statements import Entry, Known, refuse_faulty
from services.evaluation.facts.consequences import consequences, judged_applications, told
from services.evaluation.facts.queries import claim, claims_of, hold_stating, retractions, statements_of
from services.evaluation.facts.schemas import StatementIn, StatementMade, StatementOut, StatementsIn, StatementsOut
from services.evaluation.facts.values import columns_of, read_value, shown_value, value_of
from services.evaluation.rulebooks.catalogue import catalogue
from shared import audit, calendar, outbox
from shared.errors import NOT_FOUND, Problem
from shared.events import FactsStated
from shared.models.base import new_id
from shared.models.evaluation import FactStatement
from shared.models.reads import EnterpriseOnRecord, applications_on_record, enterprises_on_record, files_on_record
from shared.security.actor import Actor

_SAME = ("application_id", "fact", "source", "as_of", "basis", "document", "attachment_id")


async def state_fact(session: AsyncSession, actor: Actor, uscc: str, statement_in: StatementIn) -> StatementMade:
    """State one fact; Problem `not_found` for an enterprise out of reach, others with the fault at its place."""
    found = (await enterprises_on_record(session, [uscc])).get(uscc)
    if found is None or actor.city_code not in (None, found.city_code):
        raise Problem(NOT_FOUND)
    (stated,) = await _state(session, actor, [Entry("", statement_in, found)])
    return stated


async def state_facts(session: AsyncSession, actor: Actor, statements_in: StatementsIn) -> StatementsOut:
    """State all of them or none; a fault anywhere refuses the batch and names each place."""
    given = statements_in.statements
    found = await enterprises_on_record(session, {one.uscc for one in given})
    entries = [Entry(f"/statements/{at}", one, found.get(one.uscc)) for at, one in enumerate(given)]
    return StatementsOut(statements=await _state(session, actor, entries))


async def _state(session: AsyncSession, actor: Actor, entries: Sequence[Entry]) -> list[StatementMade]:
    known = await _known(session, entries)
    refuse_faulty(actor, entries, known)
    about = {one.enterprise.id: one.enterprise for one in entries if one.enterprise is not None}
    await hold_stating(session, about.keys())
    stated = await _own_statements(session, actor, about.values())
    rows = [_row(actor, entry, known) for entry in entries]
    fresh: dict[tuple[Any, ...], FactStatement] = {}
    for row in rows:
        if _identity(row) not in stated:
            fresh.setdefault(_identity(row), row)
    session.add_all(fresh.values())
    await session.flush()
    if fresh:
        await _tell(session, actor, list(fresh.values()))
    kept = {**stated, **fresh}
    return await _made(session, [kept[_identity(row)] for row in rows])


async def _made(session: AsyncSession, rows: Sequence[FactStatement]) -> list[StatementMade]:
    usccs = {row.uscc for row in rows}
    claims, judged = await claims_of(session, usccs), await judged_applications(session, usccs)
    made: list[StatementMade] = []
    for row in rows:
        of_fact = [one for one in claims.get(row.uscc, []) if one.fact == row.fact]
        found = consequences(catalogue()[row.fact], claim(row, retracted=False), of_fact, judged.get(row.uscc, []))
        made.append(StatementMade(**statement_shown(row).model_dump(), consequences=found, told_zh=told(found)))
    return made


async def _known(session: AsyncSession, entries: Sequence[Entry]) -> Known:
    applications = {one.given.application_id for one in entries if one.given.application_id is not None}
    files = {one.given.attachment_id for one in entries if one.given.attachment_id is not None}
    found = await applications_on_record(session, ids=applications) if applications else []
    return Known(
        today=calendar.business_date(calendar.now()),
        applications={one.id: one.uscc for one in found},
        evidence=await files_on_record(session, files) if files else {},
    )


async def _own_statements(
    session: AsyncSession, actor: Actor, about: Collection[EnterpriseOnRecord]
) -> dict[tuple[Any, ...], FactStatement]:
    """What this person has stated of the enterprises and not retracted: stating it again changes nothing."""
    rows = await statements_of(session, [one.uscc for one in about])
    own: dict[tuple[Any, ...], FactStatement] = {}
    for statements in rows.values():
        gone = retractions(statements)
        own |= {
            _identity(row): row
            for row in statements
            if row.stated_by == actor.subject and row.retracts is None and row.id not in gone
        }
    return own


def _identity(row: FactStatement) -> tuple[Any, ...]:
    return (row.uscc, value_of(row), *(getattr(row, name) for name in _SAME))


def _row(actor: Actor, entry: Entry, known: Known) -> FactStatement:
    given, enterprise = entry.given, entry.enterprise
    assert enterprise is not None  # noqa: S101 (refused before)
    fact = catalogue()[given.fact]
    evidence = known.evidence[given.attachment_id][1] if given.attachment_id else None
    return FactStatement(
        id=new_id(),
        uscc=enterprise.uscc,
        city_code=actor.city_code,
        stated_by=actor.subject,
        evidence_digest=evidence,
        **{name: getattr(given, name) for name in _SAME},
        **columns_of(fact, read_value(fact, given.value)),
    )


async def _tell(session: AsyncSession, actor: Actor, rows: Sequence[FactStatement]) -> None:
    acts: list[tuple[tuple[str, uuid.UUID], dict[str, Any]]] = [
        (("fact_statement", row.id), _detail(row)) for row in rows
    ]
    await audit.record_each(session, service="evaluation", actor=actor, action="fact.state", acts=acts)
    await outbox.publish(session, FactsStated(usccs=sorted({row.uscc for row in rows})))


def _detail(row: FactStatement) -> dict[str, Any]:
    detail = statement_shown(row).model_dump(mode="json")
    return {key: value for key, value in detail.items() if value is not None and key not in ("id", "stated_by")}


def statement_shown(row: FactStatement) -> StatementOut:
    """A statement as HTTP shows it."""
    value = shown_value(catalogue()[row.fact], value_of(row)) if row.fact in catalogue() else value_of(row)
    return StatementOut.model_validate(
        {**{name: getattr(row, name, None) for name in StatementOut.model_fields}, "value": value}
    )
