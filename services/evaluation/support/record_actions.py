"""Record support actions: for good, and each claim once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.claims import claim_of
from services.evaluation.support.errors import (
    AMOUNT_MISSING,
    AMOUNT_NOT_MEANT,
    CLAIMED_ALREADY,
    IN_FUTURE,
    KIND_UNKNOWN,
)
from services.evaluation.support.kinds import support_data
from services.evaluation.support.ledger import hold_recording
from services.evaluation.support.money import fen_of
from services.evaluation.support.queries import current_claims, shown_in_order
from services.evaluation.support.schemas import ActionContent, ActionIn, ActionOut, ActionsIn, ActionsOut
from shared import audit, calendar
from shared.errors import NOT_FOUND, ErrorKind, Problem, Violation
from shared.models.base import new_id
from shared.models.evaluation import SupportAction
from shared.models.reads import EnterpriseOnRecord, enterprises_on_record
from shared.security.actor import Actor

_CONTENT = ("kind", "happened_on", "provider", "subject", "amount_fen", "document")
Fault = tuple[ErrorKind, Violation]


@dataclass(frozen=True, slots=True)
class Entry:
    """One action as sent, at `place` (a JSON pointer)."""

    place: str
    given: ActionIn


async def record_action(session: AsyncSession, actor: Actor, action_in: ActionIn) -> ActionOut:
    """Record one action; Problem `not_found` for an enterprise out of reach, others with the fault at its place."""
    (recorded,) = await _record(session, actor, [Entry("", action_in)])
    return recorded


async def record_actions(session: AsyncSession, actor: Actor, actions_in: ActionsIn) -> ActionsOut:
    """Record all of them or none; a fault anywhere refuses the batch and names each place."""
    entries = [Entry(f"/actions/{at}", one) for at, one in enumerate(actions_in.actions)]
    return ActionsOut(actions=await _record(session, actor, entries))


async def _record(session: AsyncSession, actor: Actor, entries: Sequence[Entry]) -> list[ActionOut]:
    found = await enterprises_on_record(session, {one.given.uscc for one in entries})
    today = calendar.business_date(calendar.now())
    refuse([fault for one in entries for fault in _faults(actor, one, found.get(one.given.uscc), today)])
    about = [found[one.given.uscc] for one in entries]
    await hold_recording(session, [one.id for one in about])
    claimed = await current_claims(session, [one.uscc for one in about])
    rows: list[SupportAction] = []
    fresh: list[SupportAction] = []
    repeated: list[Fault] = []
    for entry, enterprise in zip(entries, about, strict=True):
        row = _row(actor, enterprise, entry.given)
        earlier = claimed.setdefault((enterprise.uscc, row.claim), row)
        if earlier is row:
            fresh.append(row)
        elif not is_the_same(actor, earlier, row):
            repeated.append(_fault(CLAIMED_ALREADY, entry.place, "provider"))
        rows.append(earlier)
    refuse(repeated)
    session.add_all(fresh)
    await session.flush()
    await _audit(session, actor, fresh)
    return await shown_in_order(session, actor, [row.id for row in rows])


def refuse(faults: Sequence[Fault]) -> None:
    """Raise a Problem of the first fault's kind with every fault at its place; nothing where there is none."""
    if faults:
        raise Problem(faults[0][0], violations=[violation for _, violation in faults])


def content_faults(place: str, given: ActionContent, today: date) -> Iterator[Fault]:
    """What is wrong with the content of an action at a place (a JSON pointer)."""
    kind = support_data().kinds.get(given.kind)
    if kind is None:
        yield _fault(KIND_UNKNOWN, place, "kind")
    elif kind.amount == "required" and given.amount_cny is None:
        yield _fault(AMOUNT_MISSING, place, "amount_cny")
    elif kind.amount == "none" and given.amount_cny is not None:
        yield _fault(AMOUNT_NOT_MEANT, place, "amount_cny")
    if given.happened_on > today:
        yield _fault(IN_FUTURE, place, "happened_on")


def content_columns(given: ActionContent) -> dict[str, Any]:
    """The columns that hold the content of an action, its claim included."""
    kind, amount = support_data().kinds[given.kind], fen_of(given.amount_cny)
    return {
        "kind": given.kind,
        "happened_on": given.happened_on,
        "provider": given.provider,
        "subject": given.subject,
        "amount_fen": amount,
        "document": given.document,
        "claim": claim_of(kind, given.happened_on, given.provider, given.subject, amount),
    }


def is_the_same(actor: Actor, earlier: SupportAction, row: SupportAction) -> bool:
    """Whether the actor has recorded exactly this before: doing so again changes nothing."""
    return earlier.recorded_by == actor.subject and all(
        getattr(earlier, name) == getattr(row, name) for name in (*_CONTENT, "source", "by_city")
    )


def who_records(actor: Actor) -> dict[str, Any]:
    """The columns that say on whose word a row stands."""
    source = "province" if actor.city_code is None else "city"
    return {"source": source, "by_city": actor.city_code, "recorded_by": actor.subject}


def _faults(actor: Actor, entry: Entry, enterprise: EnterpriseOnRecord | None, today: date) -> Iterator[Fault]:
    if enterprise is None or actor.city_code not in (None, enterprise.city_code):
        yield _fault(NOT_FOUND, entry.place, "uscc")
        return
    yield from content_faults(entry.place, entry.given, today)


def _row(actor: Actor, enterprise: EnterpriseOnRecord, given: ActionIn) -> SupportAction:
    return SupportAction(
        id=new_id(),
        uscc=enterprise.uscc,
        city_code=enterprise.city_code,
        **content_columns(given),
        **who_records(actor),
    )


async def _audit(session: AsyncSession, actor: Actor, rows: Sequence[SupportAction]) -> None:
    acts: list[tuple[tuple[str, uuid.UUID], dict[str, Any]]] = [
        (("support_action", row.id), audited_content(row)) for row in rows
    ]
    await audit.record_each(session, service="evaluation", actor=actor, action="support.record", acts=acts)


def audited_content(row: SupportAction) -> dict[str, Any]:
    """What the audit keeps of a row: what is known of it, as JSON."""
    content = {name: getattr(row, name) for name in ("uscc", "city_code", *_CONTENT)}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in content.items()
        if value is not None
    }


def _fault(kind: ErrorKind, place: str, field: str) -> Fault:
    return kind, Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"{place}/{field}")
