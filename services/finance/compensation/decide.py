"""A finance officer decides on a claim: how much is compensated, or the coded reason why nothing is."""

from __future__ import annotations

import uuid

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.compensation.errors import CLAIM_DECIDED, CLAIM_REFUSAL_UNKNOWN, COMPENSATED_ABOVE
from services.finance.compensation.queries import shown_in_order
from services.finance.compensation.schemas import AcceptedIn, ClaimOut, DecisionIn
from services.finance.compensation.terms import compensation_terms
from services.finance.outcomes.checks import fault, refuse
from services.finance.outcomes.money import fen_of
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.compensation import CompensationClaim, CompensationDecision
from shared.security.actor import Actor

_CHAIN = text("SELECT pg_advisory_xact_lock(hashtextextended('claim ' || :root, 0))")


async def decide_claim(session: AsyncSession, actor: Actor, claim_id: uuid.UUID, decision_in: DecisionIn) -> ClaimOut:
    """The claim with its decision; the same decision again, by the same person, changes nothing.

    Problems `not_found`, `claim_decided`, `claim_not_standing`, `compensated_above_claim`, `claim_refusal_unknown`.
    """
    claim = await session.get(CompensationClaim, claim_id)
    if claim is None:
        raise Problem(NOT_FOUND)
    await session.execute(_CHAIN, {"root": str(claim.root_id)})
    given = decision_in.decision
    accepted = given if isinstance(given, AcceptedIn) else None
    refusal_code = None if isinstance(given, AcceptedIn) else given.refusal_code
    if refusal_code is not None and refusal_code not in compensation_terms().refusals:
        refuse([fault(CLAIM_REFUSAL_UNKNOWN, "/decision/refusal_code")])
    compensated = None if accepted is None else fen_of(accepted.compensated_cny)
    most = (claim.claimed_fen or 0) * compensation_terms().most_percent // 100
    decision = CompensationDecision(
        claim_id=claim.id,
        decision=given.decision,
        compensated_fen=compensated,
        refusal_code=refusal_code,
        document=given.document,
        reason=given.reason,
        decided_by=actor.subject,
        decided_at=calendar.now(),
    )
    on_record = await session.scalar(select(CompensationDecision).where(CompensationDecision.claim_id == claim.id))
    if on_record is not None:
        if _said(on_record) != _said(decision):
            raise Problem(CLAIM_DECIDED)
        return (await shown_in_order(session, actor, [claim.id]))[0]
    if not claim.withdrawn and compensated is not None and compensated > most:
        refuse([fault(COMPENSATED_ABOVE, "/decision/compensated_cny")])
    session.add(decision)
    await session.flush()
    detail = {"uscc": claim.uscc, "decision": given.decision, "compensated_fen": compensated, "reason": given.reason}
    subject = ("compensation_claim", claim.id)
    await audit.record(
        session, service="finance", actor=actor, action="compensation.decide", subject=subject, detail=detail
    )
    return (await shown_in_order(session, actor, [claim.id]))[0]


def _said(decision: CompensationDecision) -> tuple[str | int | None, ...]:
    names = ("decision", "compensated_fen", "refusal_code", "document", "reason", "decided_by")
    return tuple(getattr(decision, name) for name in names)
