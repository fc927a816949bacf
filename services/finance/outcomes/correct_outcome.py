"""A bank corrects an outcome: a later row takes its place, or says that there was none; and releases pledges."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.outcomes.checks import content_faults, pledge_faults, refuse
from services.finance.outcomes.errors import CORRECTED_ALREADY, NOT_PLEDGED, OUTCOME_WITHDRAWN, RELEASED_TOO_EARLY
from services.finance.outcomes.queries import shown_in_order, within_reach
from services.finance.outcomes.rows import content_columns, hold_pledged, pledges_of, tell
from services.finance.outcomes.schemas import ApprovedIn, OutcomeCorrectionIn, OutcomeOut, RefusedIn, ReleaseIn
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.base import new_id
from shared.models.finance import CreditOutcome, Pledge
from shared.security.actor import Actor

_CHAIN = text("SELECT pg_advisory_xact_lock(hashtextextended('outcome ' || :root, 0))")

# What a correction is about is not corrected: who, on which list, under which number.
_KEPT = ("root_id", "programme_code", "serial", "uscc", "city_code", "client_id", "reference")


async def correct_outcome(
    session: AsyncSession, actor: Actor, outcome_id: uuid.UUID, correction_in: OutcomeCorrectionIn
) -> OutcomeOut:
    """The correction. Problems `not_found`, `outcome_corrected_already`, `outcome_withdrawn`, and those of a report.

    Pledges of the row before are void and those that are said now stand. The same correction again changes nothing.
    """
    before = await _own(session, actor, outcome_id)
    await session.execute(_CHAIN, {"root": str(before.root_id)})
    content = correction_in.outcome
    said: dict[str, Any] = {
        "uscc": before.uscc,
        "outcome": None if content is None else content.model_dump(mode="json"),
    }
    later = (
        await session.execute(select(CreditOutcome).where(CreditOutcome.corrects == outcome_id))
    ).scalar_one_or_none()
    if later is not None:
        if (later.reason, later.content) != (correction_in.reason, said):
            raise Problem(CORRECTED_ALREADY)
        return (await shown_in_order(session, actor, [later.id]))[0]
    if before.withdrawn:
        raise Problem(OUTCOME_WITHDRAWN)
    columns = {} if content is None else await _checked_columns(session, before, content)
    row = CreditOutcome(
        **{name: getattr(before, name) for name in _KEPT},
        **columns
        | {
            "id": new_id(),
            "content": said,
            "unverified": columns.get("unverified", []),
            "corrects": before.id,
            "withdrawn": content is None,
            "reason": correction_in.reason,
            "recorded_at": calendar.now(),
        },
    )
    await hold_pledged(session, [content])
    session.add(row)
    await session.flush()
    released = await _void(session, before, row)
    pledges = pledges_of(row, content)
    for one in pledges:
        # A pledge that was released stays so, if it is said again of the same registration.
        one.released_on, one.released_by = released.get((one.patent_no, one.registration_no), (None, None))
    session.add_all(pledges)
    await session.flush()
    await tell(session, actor, "outcome.correct", row)
    return (await shown_in_order(session, actor, [row.id]))[0]


async def _checked_columns(
    session: AsyncSession, before: CreditOutcome, content: ApprovedIn | RefusedIn
) -> dict[str, Any]:
    """What holds now, checked as a report is."""
    refuse(list(content_faults(content, "/outcome")))
    against, unverified = await pledge_faults(session, content, before.uscc, "/outcome")
    refuse(against)
    return content_columns(content) | {"unverified": unverified}


async def _own(session: AsyncSession, actor: Actor, outcome_id: uuid.UUID) -> CreditOutcome:
    statement = select(CreditOutcome).where(CreditOutcome.id == outcome_id, within_reach(actor))
    outcome = (await session.execute(statement)).scalar_one_or_none()
    if outcome is None:
        raise Problem(NOT_FOUND)
    return outcome


async def _void(
    session: AsyncSession, before: CreditOutcome, row: CreditOutcome
) -> dict[tuple[str, str], tuple[Any, Any]]:
    """The pledges of the row before count no more; when each was released, by patent and registration."""
    statement = (
        update(Pledge)
        .where(Pledge.outcome_id == before.id)
        .values(voided_by=row.id)
        .returning(Pledge.patent_no, Pledge.registration_no, Pledge.released_on, Pledge.released_by)
    )
    return {
        (one.patent_no, one.registration_no): (one.released_on, one.released_by)
        for one in (await session.execute(statement)).all()
    }


async def release_pledges(
    session: AsyncSession, actor: Actor, outcome_id: uuid.UUID, release_in: ReleaseIn
) -> OutcomeOut:
    """Every patent pledged for this credit is free from that day. Problems `nothing_pledged`, `released_too_early`.

    The same day again changes nothing.
    """
    outcome = await _own(session, actor, outcome_id)
    await session.execute(_CHAIN, {"root": str(outcome.root_id)})
    of_outcome = (Pledge.outcome_id == outcome.id) & Pledge.voided_by.is_(None)
    days = select(func.count(), func.count(Pledge.released_on), func.max(Pledge.released_on)).where(of_outcome)
    pledged, released, day = (await session.execute(days)).one()
    if pledged and released == pledged and day == release_in.released_on:
        return (await shown_in_order(session, actor, [outcome.id]))[0]
    if pledged == released:
        raise Problem(NOT_PLEDGED)
    begun = select(func.max(Pledge.registered_on)).where(of_outcome)
    today = calendar.business_date(calendar.now())
    if not (await session.execute(begun)).scalar_one() <= release_in.released_on <= today:
        raise Problem(RELEASED_TOO_EARLY)
    free = update(Pledge).where(of_outcome, Pledge.released_on.is_(None))
    await session.execute(free.values(released_on=release_in.released_on, released_by=actor.subject))
    detail = {"uscc": outcome.uscc, "released_on": release_in.released_on.isoformat()}
    subject = ("credit_outcome", outcome.id)
    await audit.record(session, service="finance", actor=actor, action="pledge.release", subject=subject, detail=detail)
    return (await shown_in_order(session, actor, [outcome.id]))[0]
