"""Reads of credit outcomes within the actor's reach."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.finance.outcomes.money import percent_of, yuan_of
from services.finance.outcomes.refusal_grounds import refusal_reasons
from services.finance.outcomes.schemas import (
    OutcomeOut,
    OutcomePage,
    PledgedOut,
    ReasonOut,
    ReasonsOut,
    UnverifiedOut,
)
from shared.models.finance import CreditOutcome, Pledge
from shared.security.actor import Actor

_AS_THEY_ARE = (
    "id",
    "serial",
    "uscc",
    "city_code",
    "client_id",
    "reference",
    "decision",
    "decided_on",
    "due_on",
    "refusal_code",
    "registration_no",
    "registered_on",
    "corrects",
    "withdrawn",
    "reason",
    "recorded_at",
)


def reasons() -> ReasonsOut:
    """Every coded reason with its source."""
    return ReasonsOut(
        items=[
            ReasonOut(code=one.code, title=one.title, source=one.source, declarable=one.declarable)
            for one in refusal_reasons().values()
        ]
    )


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """A bank reads what it said itself, an enterprise its own, a city those of its enterprises, the province all."""
    if actor.role == "bank":
        return CreditOutcome.client_id == actor.subject
    if actor.uscc is not None:
        return func.holder_of_code(CreditOutcome.uscc) == func.holder_of_code(actor.uscc)
    return true() if actor.city_code is None else CreditOutcome.city_code == actor.city_code


def _is_current() -> ColumnElement[bool]:
    later = aliased(CreditOutcome)
    return ~CreditOutcome.withdrawn & ~exists().where(later.corrects == CreditOutcome.id)


async def outcome_page(
    session: AsyncSession,
    actor: Actor,
    *,
    uscc: str | None,
    current: bool,
    before: uuid.UUID | None,
    limit: int,
) -> OutcomePage:
    """Newest first; `current` leaves out what was corrected or withdrawn."""
    statement = select(CreditOutcome.id).where(within_reach(actor)).order_by(CreditOutcome.id.desc()).limit(limit + 1)
    if uscc is not None:
        statement = statement.where(func.holder_of_code(CreditOutcome.uscc) == func.holder_of_code(uscc))
    if current:
        statement = statement.where(_is_current())
    if before is not None:
        statement = statement.where(CreditOutcome.id < before)
    ids = (await session.execute(statement)).scalars().all()
    items = await shown_in_order(session, actor, ids[:limit])
    return OutcomePage(items=items, next_cursor=items[-1].id if len(ids) > limit else None)


async def shown_in_order(session: AsyncSession, actor: Actor, ids: Sequence[uuid.UUID]) -> list[OutcomeOut]:
    """Rows by id, in the order asked for; those out of reach are left out."""
    statement = select(CreditOutcome, _is_current()).where(CreditOutcome.id.in_(ids), within_reach(actor))
    rows = {row.id: (row, current) for row, current in await session.execute(statement)}
    pledges: dict[uuid.UUID, list[Pledge]] = defaultdict(list)
    of_rows = select(Pledge).where(Pledge.outcome_id.in_(ids), Pledge.voided_by.is_(None)).order_by(Pledge.patent_no)
    for one in (await session.execute(of_rows.execution_options(populate_existing=True))).scalars():
        pledges[one.outcome_id].append(one)
    return [_shown(*rows[id_], pledges[id_]) for id_ in ids if id_ in rows]


def _shown(row: CreditOutcome, current: bool, pledges: Sequence[Pledge]) -> OutcomeOut:
    content = {name: getattr(row, name) for name in _AS_THEY_ARE} | {
        "programme": row.programme_code,
        "line_cny": yuan_of(row.line_fen),
        "drawn_cny": yuan_of(row.drawn_fen),
        "rate_percent": percent_of(row.rate_e4),
        "pledged": [PledgedOut.model_validate(one, from_attributes=True) for one in pledges],
        "unverified": [UnverifiedOut.model_validate(one) for one in row.unverified],
        "current": current,
    }
    return OutcomeOut.model_validate(content)
