"""A bank claims for credits that failed: one or many, all or none, the same again without effect; and corrects."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.compensation.errors import (
    ABOVE_LOSS,
    BEFORE_CREDIT,
    CLAIM_CORRECTED_ALREADY,
    CLAIM_REFERENCE_TWICE,
    CLAIM_REFERENCE_USED,
    CLAIMED_ALREADY,
    CREDIT_NOT_FOUND,
    NOT_DRAWN,
)
from services.finance.compensation.queries import shown_in_order, within_reach
from services.finance.compensation.schemas import (
    ClaimContent,
    ClaimCorrectionIn,
    ClaimIn,
    ClaimOut,
    ClaimsIn,
    ClaimsOut,
)
from services.finance.outcomes.checks import Fault, fault, refuse
from services.finance.outcomes.money import fen_of
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.base import new_id
from shared.models.compensation import CompensationClaim
from shared.models.finance import CreditOutcome
from shared.security.actor import Actor

# Two requests of one bank wait for each other: the second finds what the first claimed.
_CLAIMING = text("SELECT pg_advisory_xact_lock(hashtextextended('claims of ' || :client, 0))")
_CHAIN = text("SELECT pg_advisory_xact_lock(hashtextextended('claim ' || :root, 0))")


async def claim(session: AsyncSession, actor: Actor, claim_in: ClaimIn) -> ClaimOut:
    """One claim. Problems `credit_not_found`, `claim_above_drawn`, `claim_reference_used` and others."""
    (claimed,) = await _claim(session, actor, [("", claim_in)])
    return claimed


async def claim_many(session: AsyncSession, actor: Actor, claims_in: ClaimsIn) -> ClaimsOut:
    """All of them or none; a fault anywhere refuses the batch and names each place."""
    entries = [(f"/claims/{at}", one) for at, one in enumerate(claims_in.claims)]
    return ClaimsOut(claims=await _claim(session, actor, entries))


async def _claim(session: AsyncSession, actor: Actor, entries: Sequence[tuple[str, ClaimIn]]) -> list[ClaimOut]:
    await session.execute(_CLAIMING, {"client": actor.subject})
    refuse(list(_repeated(entries)))
    credits_ = await _credits(session, actor, [given.outcome_id for _, given in entries])
    known = await _known(session, actor, credits_, [given.reference for _, given in entries])
    ids: list[uuid.UUID] = []
    faults: list[Fault] = []
    fresh: list[CompensationClaim] = []
    for place, given in entries:
        credit = credits_.get(given.outcome_id)
        if credit is None:
            faults.append(fault(CREDIT_NOT_FOUND, f"{place}/outcome_id"))
            continue
        said = {"outcome_id": str(given.outcome_id), "claim": given.claim.model_dump(mode="json")}
        earlier = known.get(given.reference)
        if earlier is not None:
            faults += [] if earlier.content == said else [fault(CLAIM_REFERENCE_USED, f"{place}/reference")]
            ids.append(earlier.id)
        elif any(one.credit_id == credit.root_id for one in known.values()):
            faults.append(fault(CLAIMED_ALREADY, f"{place}/outcome_id"))
        else:
            faults += _against(credit, given.claim, f"{place}/claim")
            row = _row(credit, given, said)
            fresh.append(row)
            ids.append(row.id)
    refuse(faults)
    session.add_all(fresh)
    await session.flush()
    for row in fresh:
        await _audit(session, actor, "compensation.claim", row)
    return await shown_in_order(session, actor, ids)


def _repeated(entries: Sequence[tuple[str, ClaimIn]]) -> Iterator[Fault]:
    references: set[str] = set()
    credits_: set[uuid.UUID] = set()
    for place, given in entries:
        if given.reference in references:
            yield fault(CLAIM_REFERENCE_TWICE, f"{place}/reference")
        if given.outcome_id in credits_:
            yield fault(CLAIM_REFERENCE_TWICE, f"{place}/outcome_id")
        references.add(given.reference)
        credits_.add(given.outcome_id)


async def _credits(session: AsyncSession, actor: Actor, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, CreditOutcome]:
    """By the id that was asked for, what the bank says of that credit now: any row of a chain names the credit."""
    asked = select(CreditOutcome.id, CreditOutcome.root_id).where(
        CreditOutcome.id.in_(ids), CreditOutcome.client_id == actor.subject
    )
    roots = {one.id: one.root_id for one in await session.execute(asked)}
    rows = select(CreditOutcome).where(CreditOutcome.root_id.in_(roots.values())).order_by(CreditOutcome.id)
    chains = (await session.execute(rows)).scalars().all()
    corrected = {one.corrects for one in chains}
    standing = {one.root_id: one for one in chains if one.id not in corrected}
    return {asked_id: standing[root] for asked_id, root in roots.items()}


async def _known(
    session: AsyncSession, actor: Actor, credits_: dict[uuid.UUID, CreditOutcome], references: Sequence[str]
) -> dict[str, CompensationClaim]:
    """First claims of this bank under these references or for these credits, by reference."""
    roots = {one.root_id for one in credits_.values()}
    statement = select(CompensationClaim).where(
        CompensationClaim.client_id == actor.subject,
        CompensationClaim.corrects.is_(None),
        CompensationClaim.reference.in_(references) | CompensationClaim.credit_id.in_(roots),
    )
    return {one.reference: one for one in (await session.execute(statement)).scalars()}


def _against(credit: CreditOutcome, claim_: ClaimContent, place: str) -> Iterator[Fault]:
    principal, recovered, claimed = _fen(claim_)
    if credit.decision != "approved" or credit.drawn_fen is None or principal > credit.drawn_fen:
        yield fault(NOT_DRAWN, f"{place}/principal_cny")
    today = calendar.business_date(calendar.now())
    if credit.decided_on is None or not credit.decided_on <= claim_.defaulted_on <= today:
        yield fault(BEFORE_CREDIT, f"{place}/defaulted_on")
    if recovered is not None and recovered > principal:
        yield fault(ABOVE_LOSS, f"{place}/recovered_cny")
    elif claimed > principal - (recovered or 0):
        yield fault(ABOVE_LOSS, f"{place}/claimed_cny")


def _fen(claim_: ClaimContent) -> tuple[int, int | None, int]:
    principal, claimed = fen_of(claim_.principal_cny), fen_of(claim_.claimed_cny)
    assert principal is not None  # noqa: S101 (required by the schema)
    assert claimed is not None  # noqa: S101
    return principal, fen_of(claim_.recovered_cny), claimed


def _columns(claim_: ClaimContent) -> dict[str, Any]:
    principal, recovered, claimed = _fen(claim_)
    return {
        "defaulted_on": claim_.defaulted_on,
        "principal_fen": principal,
        "recovered_fen": recovered,
        "claimed_fen": claimed,
    }


def _row(credit: CreditOutcome, given: ClaimIn, said: dict[str, Any]) -> CompensationClaim:
    claim_id = new_id()
    return CompensationClaim(
        id=claim_id,
        root_id=claim_id,
        credit_id=credit.root_id,
        outcome_id=credit.id,
        client_id=credit.client_id,
        uscc=credit.uscc,
        city_code=credit.city_code,
        reference=given.reference,
        content=said,
        withdrawn=False,
        recorded_at=calendar.now(),
        **_columns(given.claim),
    )


async def correct_claim(
    session: AsyncSession, actor: Actor, claim_id: uuid.UUID, correction_in: ClaimCorrectionIn
) -> ClaimOut:
    """The correction, which waits for a decision of its own. The same correction again changes nothing.

    A claim that was withdrawn may be made anew by correcting the withdrawal. Problems `not_found`,
    `claim_corrected_already`, and those of a claim.
    """
    mine = select(CompensationClaim).where(CompensationClaim.id == claim_id, within_reach(actor))
    before = (await session.execute(mine)).scalar_one_or_none()
    if before is None:
        raise Problem(NOT_FOUND)
    await session.execute(_CHAIN, {"root": str(before.root_id)})
    content = correction_in.claim
    said = {"claim": None if content is None else content.model_dump(mode="json")}
    after = select(CompensationClaim).where(CompensationClaim.corrects == claim_id)
    later = (await session.execute(after)).scalar_one_or_none()
    if later is not None:
        if (later.reason, later.content) != (correction_in.reason, said):
            raise Problem(CLAIM_CORRECTED_ALREADY)
        return (await shown_in_order(session, actor, [later.id]))[0]
    credit = (await _credits(session, actor, [before.outcome_id]))[before.outcome_id]
    if content is not None:
        refuse(list(_against(credit, content, "/claim")))
    row = CompensationClaim(
        id=new_id(),
        **{name: getattr(before, name) for name in ("root_id", "credit_id", "client_id", "uscc", "city_code")},
        reference=before.reference,
        outcome_id=credit.id,
        content=said,
        corrects=before.id,
        withdrawn=content is None,
        reason=correction_in.reason,
        recorded_at=calendar.now(),
        **({} if content is None else _columns(content)),
    )
    session.add(row)
    await session.flush()
    await _audit(session, actor, "compensation.correct", row)
    return (await shown_in_order(session, actor, [row.id]))[0]


async def _audit(session: AsyncSession, actor: Actor, action: str, row: CompensationClaim) -> None:
    detail = {"uscc": row.uscc, "reference": row.reference, "claimed_fen": row.claimed_fen}
    if row.reason is not None:
        detail["reason"] = row.reason
    subject = ("compensation_claim", row.id)
    await audit.record(session, service="finance", actor=actor, action=action, subject=subject, detail=detail)
