"""Record what a check found at an enterprise that was drawn: facts from then on, and an incident where one was false."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.known_facts import known_facts
from services.evaluation.facts.schemas import FactsKnown, StatementAboutIn, StatementOut, StatementsIn
from services.evaluation.facts.state_facts import state_facts
from services.evaluation.spot_checks.check_findings import claimed_value, found_value, refuse_faulty
from services.evaluation.spot_checks.errors import CHECKED_BY_ANOTHER, FOUND_ALREADY, NOT_DRAWN
from services.evaluation.spot_checks.finding_queries import facts_of, finding_shown
from services.evaluation.spot_checks.queries import reveal_of, revealed_draw
from services.evaluation.spot_checks.schemas import FactFoundIn, FindingIn, FindingOut
from services.evaluation.spot_checks.tell_finding import tell_finding
from shared import calendar
from shared.canonical import canonical_text, sha256_hex
from shared.errors import NOT_FOUND, Problem, Violation
from shared.models.base import new_id
from shared.models.evaluation import SpotCheck, SpotCheckDrawn, SpotCheckFact, SpotCheckFinding
from shared.models.reads import EnterpriseOnRecord, enterprises_on_record, recommenders
from shared.security.actor import Actor


async def record_finding(
    session: AsyncSession, actor: Actor, number: str, code: str, finding_in: FindingIn
) -> FindingOut:
    """The finding; recording the same again by the same person changes nothing.

    A city's officers check what is registered in their city now. Problems `not_found`, `spot_check_not_revealed`,
    `spot_check_not_drawn`, `spot_check_found_already`, `spot_check_by_another`, and faults at their places.
    """
    draw = await revealed_draw(session, number)
    enterprise = (await enterprises_on_record(session, [code])).get(code)
    if enterprise is None or actor.city_code not in (None, enterprise.city_code):
        raise Problem(NOT_FOUND)
    drawn_as = await _drawn_as(session, draw.id, code)
    digest = _digest(number, drawn_as, finding_in)
    if (earlier := await _found(session, draw.id, drawn_as)) is not None:
        if (earlier.found_by, earlier.digest) != (actor.subject, digest):
            raise Problem(FOUND_ALREADY)
        return finding_shown(earlier, number, await facts_of(session, earlier.id))
    known = await known_facts(session, actor, enterprise.uscc, finding_in.checked_on)
    today = calendar.business_date(calendar.now())
    refuse_faulty(finding_in, known, drawn_on=await _drawn_on(session, draw.id), today=today)
    finding = await _finding(session, actor, draw, enterprise, known, finding_in)
    finding.uscc, finding.digest = drawn_as, digest
    session.add(finding)
    await session.flush()
    statements = await _state(session, actor, enterprise.uscc, finding_in)
    facts = _facts(finding.id, known, finding_in.facts, statements)
    session.add_all(facts)
    await session.flush()
    await tell_finding(session, actor, draw, enterprise, finding, facts)
    return finding_shown(finding, number, facts)


def _digest(number: str, uscc: str, finding_in: FindingIn) -> str:
    """Of what was found, as sent: by it an incident names the finding that it rests on."""
    return sha256_hex(canonical_text({"number": number, "uscc": uscc, **finding_in.model_dump(mode="json")}))


async def _drawn_as(session: AsyncSession, draw_id: uuid.UUID, code: str) -> str:
    """The code under which an enterprise was drawn: this one if it is there, else another that it has or had."""
    statement = (
        select(SpotCheckDrawn.uscc)
        .where(
            SpotCheckDrawn.spot_check_id == draw_id,
            func.holder_of_code(SpotCheckDrawn.uscc) == func.holder_of_code(code),
        )
        .order_by((SpotCheckDrawn.uscc == code).desc(), SpotCheckDrawn.uscc)
        .limit(1)
    )
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_DRAWN)
    return found


async def _found(session: AsyncSession, draw_id: uuid.UUID, uscc: str) -> SpotCheckFinding | None:
    statement = select(SpotCheckFinding).where(SpotCheckFinding.spot_check_id == draw_id, SpotCheckFinding.uscc == uscc)
    return (await session.execute(statement)).scalar_one_or_none()


async def _drawn_on(session: AsyncSession, draw_id: uuid.UUID) -> date:
    reveal = await reveal_of(session, draw_id)
    assert reveal is not None  # noqa: S101 (refused before)
    return calendar.business_date(reveal.revealed_at)


async def _finding(
    session: AsyncSession,
    actor: Actor,
    draw: SpotCheck,
    enterprise: EnterpriseOnRecord,
    known: FactsKnown,
    finding_in: FindingIn,
) -> SpotCheckFinding:
    application = known.application_id
    by = None if application is None else (await recommenders(session, [application])).get(application)
    if by is not None and await _same_person(session, actor.subject, by):
        raise Problem(CHECKED_BY_ANOTHER)
    return SpotCheckFinding(
        id=new_id(),
        spot_check_id=draw.id,
        city_code=enterprise.city_code,
        by_city=actor.city_code,
        application_id=application,
        recommended_by=by,
        checked_on=finding_in.checked_on,
        document=finding_in.document,
        summary=finding_in.summary,
        found_by=actor.subject,
        found_at=calendar.now(),
    )


async def _same_person(session: AsyncSession, one: str, other: str) -> bool:
    statement = select(func.person_of(one) == func.person_of(other))
    return bool((await session.execute(statement)).scalar_one())


async def _state(session: AsyncSession, actor: Actor, uscc: str, finding_in: FindingIn) -> Sequence[StatementOut]:
    given = [_statement(uscc, finding_in, one) for one in finding_in.facts]
    try:
        return (await state_facts(session, actor, StatementsIn(statements=given))).statements
    except Problem as problem:
        # The same fault, at its place in what was sent here.
        raise Problem(problem.kind, violations=[_moved(one) for one in problem.violations]) from None


def _statement(uscc: str, finding_in: FindingIn, one: FactFoundIn) -> StatementAboutIn:
    return StatementAboutIn(
        uscc=uscc,
        fact=one.fact,
        source="city_verified",
        value=one.value,
        as_of=one.as_of or finding_in.checked_on,
        basis=one.basis,
        document=finding_in.document,
        attachment_id=one.attachment_id,
    )


def _moved(one: Violation) -> Violation:
    pointer = (one.pointer or "").replace("/statements/", "/facts/", 1)
    return Violation(one.code, one.message_zh, one.message_en, pointer=pointer)


def _facts(
    finding_id: uuid.UUID, known: FactsKnown, given: Sequence[FactFoundIn], statements: Sequence[StatementOut]
) -> list[SpotCheckFact]:
    return [
        SpotCheckFact(
            finding_id=finding_id,
            fact=one.fact,
            outcome=one.outcome,
            claimed={"value": claimed_value(known, one.fact)},
            found={"value": found_value(one)},
            statement_id=statement.id,
        )
        for one, statement in zip(given, statements, strict=True)
    ]
