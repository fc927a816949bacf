"""A bank reports what it decided for enterprises on a list: one or many, all or none, the same again without effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.programmes import readable_programme
from services.finance.outcomes.checks import (
    Fault,
    content_faults,
    fault,
    listing_serial,
    not_listed,
    pledge_faults,
    refuse,
)
from services.finance.outcomes.errors import REFERENCE_TWICE, REFERENCE_USED
from services.finance.outcomes.queries import shown_in_order
from services.finance.outcomes.rows import content_columns, hold_pledged, pledges_of, tell
from services.finance.outcomes.schemas import OutcomeIn, OutcomeOut, OutcomesIn, OutcomesOut
from shared import calendar
from shared.models.base import new_id
from shared.models.finance import CreditOutcome
from shared.models.reads import EnterpriseOnRecord, enterprises_on_record
from shared.security.actor import Actor

# Two requests of one bank with the same references wait for each other: the second finds what the first recorded.
_REPORTING = text("SELECT pg_advisory_xact_lock(hashtextextended('outcomes of ' || :client, 0))")


async def report_outcome(session: AsyncSession, actor: Actor, code: str, outcome_in: OutcomeIn) -> OutcomeOut:
    """One outcome. Problems `list_not_found`, `not_on_list`, `pledge_refused`, `outcome_reference_used` and others."""
    (reported,) = await _report(session, actor, code, [("", outcome_in)])
    return reported


async def report_outcomes(session: AsyncSession, actor: Actor, code: str, outcomes_in: OutcomesIn) -> OutcomesOut:
    """All of them or none; a fault anywhere refuses the batch and names each place."""
    entries = [(f"/outcomes/{at}", one) for at, one in enumerate(outcomes_in.outcomes)]
    return OutcomesOut(outcomes=await _report(session, actor, code, entries))


async def _report(
    session: AsyncSession, actor: Actor, code: str, entries: Sequence[tuple[str, OutcomeIn]]
) -> list[OutcomeOut]:
    programme = await readable_programme(session, actor, code)
    await session.execute(_REPORTING, {"client": actor.subject})
    refuse([one for place, given in entries for one in content_faults(given.outcome, f"{place}/outcome")])
    refuse(_repeated(entries))
    found = await enterprises_on_record(session, {given.uscc for _, given in entries})
    known = await _known(session, actor, [given.reference for _, given in entries])
    ids = [known[given.reference].id if given.reference in known else None for _, given in entries]
    faults: list[Fault] = []
    fresh: list[tuple[CreditOutcome, OutcomeIn]] = []
    for at, (place, given) in enumerate(entries):
        earlier, enterprise = known.get(given.reference), found.get(given.uscc)
        if earlier is not None:
            faults += (
                [] if _is_the_same(earlier, given, programme.code) else [fault(REFERENCE_USED, f"{place}/reference")]
            )
            continue
        row, against = await _row(session, actor, programme.code, enterprise, given, place)
        faults += against
        if row is not None:
            ids[at] = row.id
            fresh.append((row, given))
    refuse(faults)
    await hold_pledged(session, [given.outcome for _, given in fresh])
    for row, given in fresh:
        session.add(row)
        await session.flush()
        session.add_all(pledges_of(row, given.outcome))
        await session.flush()
        await tell(session, actor, "outcome.report", row)
    return await shown_in_order(session, actor, [id_ for id_ in ids if id_ is not None])


def _repeated(entries: Sequence[tuple[str, OutcomeIn]]) -> list[Fault]:
    seen: set[str] = set()
    faults: list[Fault] = []
    for place, given in entries:
        if given.reference in seen:
            faults.append(fault(REFERENCE_TWICE, f"{place}/reference"))
        seen.add(given.reference)
    return faults


async def _known(session: AsyncSession, actor: Actor, references: Sequence[str]) -> dict[str, CreditOutcome]:
    """What this client said first under these references."""
    statement = select(CreditOutcome).where(
        CreditOutcome.client_id == actor.subject,
        CreditOutcome.reference.in_(references),
        CreditOutcome.corrects.is_(None),
    )
    return {one.reference: one for one in (await session.execute(statement)).scalars()}


def _is_the_same(earlier: CreditOutcome, given: OutcomeIn, programme_code: str) -> bool:
    said = (earlier.programme_code, earlier.content["uscc"], earlier.content["outcome"])
    return said == (programme_code, given.uscc, given.outcome.model_dump(mode="json"))


async def _row(
    session: AsyncSession,
    actor: Actor,
    programme_code: str,
    enterprise: EnterpriseOnRecord | None,
    given: OutcomeIn,
    place: str,
) -> tuple[CreditOutcome | None, list[Fault]]:
    serial = await listing_serial(session, programme_code, given.uscc, given.outcome.decided_on)
    if enterprise is None or serial is None:
        return None, [not_listed(place)]
    against, unverified = await pledge_faults(session, given.outcome, enterprise.uscc, f"{place}/outcome")
    if against:
        return None, against
    outcome_id = new_id()
    columns: dict[str, Any] = content_columns(given.outcome)
    columns["content"] = {"uscc": given.uscc, "outcome": columns["content"]}
    row = CreditOutcome(
        id=outcome_id,
        root_id=outcome_id,
        programme_code=programme_code,
        serial=serial,
        uscc=enterprise.uscc,
        city_code=enterprise.city_code,
        client_id=actor.subject,
        reference=given.reference,
        unverified=unverified,
        withdrawn=False,
        recorded_at=calendar.now(),
        **columns,
    )
    return row, []
