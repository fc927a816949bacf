"""Somebody else than the proposer approves what was frozen, and the edition is published."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.publication import Cause
from services.finance.lists.queries import edition_for
from services.finance.lists.refusals import refusal_by_id
from services.finance.lists.schemas import EditionSummary
from services.finance.programmes.errors import PROPOSAL_DIGEST, PROPOSAL_STALE, PROPOSAL_STATUS
from services.finance.programmes.proposal import Proposed, proposed
from services.finance.programmes.propose_list import locked_programme, publish_proposal
from services.finance.programmes.queries import proposal_by_id, proposal_shown
from services.finance.programmes.schemas import ApprovalIn, ApprovalOut
from shared import audit, calendar
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.models.finance import ListConsent, ListProposal
from shared.models.reads import ended_stays, present_codes
from shared.security.actor import Actor


async def approve_proposal(
    session: AsyncSession, actor: Actor, code: str, proposal_id: uuid.UUID, approval_in: ApprovalIn, key: OKPKey
) -> ApprovalOut:
    """Publish exactly what was frozen. Problems `proposal_status`, `…_digest`, `…_second_person`, `…_stale`.

    A safeguard that stops the edition is on record and the proposal open; the same approval again changes nothing.
    """
    await proposal_by_id(session, code, proposal_id)
    programme = await locked_programme(session, code)
    proposal = await proposal_by_id(session, code, proposal_id, locked=True)
    if proposal.digest != approval_in.digest:
        raise Problem(PROPOSAL_DIGEST)
    if proposal.status == "published" and proposal.approved_by == actor.subject:
        return await _answer(session, actor, proposal, None)
    if proposal.status != "frozen":
        raise Problem(PROPOSAL_STATUS)
    proposal.approved_by, proposal.approved_at = actor.subject, calendar.now()
    # Before anything is published the database refuses whoever proposed it, however the name is written.
    await session.flush()
    await _check_current(session, await proposed(session, proposal))
    cause = Cause(new_id(), actor, approval_in.reason, approval_in.authorised_removals)
    outcome = await publish_proposal(session, programme, proposal, cause, key)
    if outcome.serial is None:
        proposal.approved_by = proposal.approved_at = None
        await session.flush()
        return await _answer(session, actor, proposal, outcome.refusal_id)
    detail = {"programme": code, "serial": outcome.serial, "digest": proposal.digest, "reason": approval_in.reason}
    subject = ("list_proposal", proposal.id)
    await audit.record(session, service="finance", actor=actor, action="list.approve", subject=subject, detail=detail)
    return await _answer(session, actor, proposal, None)


async def _check_current(session: AsyncSession, entries: Sequence[Proposed]) -> None:
    """That nobody has left the pool, withdrawn or changed code since: those facts are never older than the edition."""
    stays = [one.membership_id for one in entries if one.membership_id is not None]
    ended = await ended_stays(session, stays)
    consents = [one.consent_id for one in entries if one.consent_id is not None]
    # Held until the edition is there: a withdrawal waits, and then the next edition tells of it.
    held = select(ListConsent).where(ListConsent.id.in_(consents)).order_by(ListConsent.id).with_for_update(read=True)
    rows = (await session.execute(held.execution_options(populate_existing=True))).scalars()
    withdrawn = {one.id for one in rows if one.withdrawn_at is not None}
    present = await present_codes(session, [one.uscc for one in entries])
    stale = [
        one.uscc
        for one in entries
        if one.membership_id in ended or one.consent_id in withdrawn or present[one.uscc] != one.uscc
    ]
    if stale:
        kind = PROPOSAL_STALE
        told = [Violation(kind.code, f"{kind.title_zh}：{uscc}", f"{kind.title_en}: {uscc}") for uscc in stale[:200]]
        raise Problem(kind, violations=told, violations_left_out=max(0, len(stale) - 200))


async def _answer(
    session: AsyncSession, actor: Actor, proposal: ListProposal, refusal_id: uuid.UUID | None
) -> ApprovalOut:
    shown = proposal_shown(proposal)
    if refusal_id is not None:
        return ApprovalOut(proposal=shown, edition=None, refusal=await refusal_by_id(session, refusal_id))
    edition = await edition_for(session, actor, proposal.programme_code, proposal.serial)
    summary = EditionSummary.model_validate(edition, from_attributes=True)
    return ApprovalOut(proposal=shown, edition=summary, refusal=None)
