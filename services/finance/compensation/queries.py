"""Reads of claims within the actor's reach, and the terms."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.finance.compensation.schemas import (
    ClaimOut,
    ClaimPage,
    ClaimRefusalOut,
    CompensationTermsOut,
    DecisionOut,
)
from services.finance.compensation.terms import compensation_terms
from services.finance.outcomes.money import yuan_of
from shared.models.compensation import CompensationClaim, CompensationDecision
from shared.security.actor import Actor

_AS_THEY_ARE = (
    "id",
    "outcome_id",
    "client_id",
    "uscc",
    "city_code",
    "reference",
    "defaulted_on",
    "corrects",
    "withdrawn",
    "reason",
    "recorded_at",
)


def terms_out() -> CompensationTermsOut:
    """The province's terms."""
    terms = compensation_terms()
    refusals = [ClaimRefusalOut(code=one.code, title=one.title, basis=one.basis) for one in terms.refusals.values()]
    return CompensationTermsOut(most_percent=terms.most_percent, basis=terms.basis, refusals=refusals)


def within_reach(actor: Actor) -> ColumnElement[bool]:
    """A bank reads its own claims, a city those about its enterprises, the province all; an enterprise its own."""
    if actor.role == "bank":
        return CompensationClaim.client_id == actor.subject
    if actor.uscc is not None:
        return func.holder_of_code(CompensationClaim.uscc) == func.holder_of_code(actor.uscc)
    return true() if actor.city_code is None else CompensationClaim.city_code == actor.city_code


def _is_current() -> ColumnElement[bool]:
    later = aliased(CompensationClaim)
    return ~CompensationClaim.withdrawn & ~exists().where(later.corrects == CompensationClaim.id)


async def claim_page(
    session: AsyncSession,
    actor: Actor,
    *,
    undecided: bool,
    before: uuid.UUID | None,
    limit: int,
) -> ClaimPage:
    """Newest first; `undecided` are those that wait for a decision."""
    statement = (
        select(CompensationClaim.id).where(within_reach(actor)).order_by(CompensationClaim.id.desc()).limit(limit + 1)
    )
    if undecided:
        decided = exists().where(CompensationDecision.claim_id == CompensationClaim.id)
        statement = statement.where(_is_current(), ~decided)
    if before is not None:
        statement = statement.where(CompensationClaim.id < before)
    ids = (await session.execute(statement)).scalars().all()
    items = await shown_in_order(session, actor, ids[:limit])
    return ClaimPage(items=items, next_cursor=items[-1].id if len(ids) > limit else None)


async def shown_in_order(session: AsyncSession, actor: Actor, ids: Sequence[uuid.UUID]) -> list[ClaimOut]:
    """Rows by id, in the order asked for; those out of reach are left out."""
    statement = (
        select(CompensationClaim, CompensationDecision, _is_current().label("current"))
        .outerjoin(CompensationDecision, CompensationDecision.claim_id == CompensationClaim.id)
        .where(CompensationClaim.id.in_(ids), within_reach(actor))
    )
    found = (await session.execute(statement)).all()
    rows = {row.id: _shown(row, decision, current, actor) for row, decision, current in found}
    return [rows[id_] for id_ in ids if id_ in rows]


def _shown(row: CompensationClaim, decision: CompensationDecision | None, current: bool, actor: Actor) -> ClaimOut:
    content = {name: getattr(row, name) for name in _AS_THEY_ARE} | {
        "principal_cny": yuan_of(row.principal_fen),
        "recovered_cny": yuan_of(row.recovered_fen),
        "claimed_cny": yuan_of(row.claimed_fen),
        "current": current,
        "decision": None if decision is None else _decided(decision, actor),
    }
    return ClaimOut.model_validate(content)


def _decided(decision: CompensationDecision, actor: Actor) -> DecisionOut:
    """Who decided is told inside the administration."""
    told = {name: getattr(decision, name) for name in ("decision", "refusal_code", "document", "reason", "decided_at")}
    outside = actor.role == "bank" or actor.uscc is not None
    return DecisionOut.model_validate(
        told
        | {
            "compensated_cny": yuan_of(decision.compensated_fen),
            "decided_by": None if outside else decision.decided_by,
        }
    )
