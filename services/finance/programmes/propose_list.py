"""Freeze what a judgement found as a proposal; publish it at once where the list needs no approval."""

from __future__ import annotations

import uuid

from joserfc.jwk import OKPKey
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.edition import digest_of
from services.finance.lists.publication import Cause, Outcome, publish_draft
from services.finance.lists.safeguards import programme_data
from services.finance.programmes.proposal import body_of_judgement, draft_of, proposed
from shared import audit, calendar
from shared.models.base import new_id
from shared.models.finance import ListProgramme, ListProposal
from shared.models.reads import JudgementOnRecord, judgement_on_record


async def propose_list(session: AsyncSession, judgement_id: uuid.UUID, key: OKPKey) -> None:
    """One proposal for each judgement; it overtakes the one that is open, and an older judgement overtakes nothing."""
    judgement = await judgement_on_record(session, judgement_id)
    programme = await locked_programme(session, judgement.programme_code)
    newest = (
        select(ListProposal.judgement_id)
        .where(ListProposal.programme_code == programme.code, ListProposal.judgement_id >= judgement_id)
        .limit(1)
    )
    if (await session.execute(newest)).first() is not None:
        return
    open_one = (ListProposal.programme_code == programme.code) & (ListProposal.status == "frozen")
    await session.execute(update(ListProposal).where(open_one).values(status="overtaken"))
    proposal = _proposal(judgement)
    session.add(proposal)
    await session.flush()
    detail = {"programme": programme.code, "digest": proposal.digest, "count": proposal.entry_count}
    subject = ("list_proposal", proposal.id)
    await audit.record(
        session, service="finance", actor=audit.SYSTEM, action="list.propose", subject=subject, detail=detail
    )
    if not proposal.approval_needed:
        await publish_proposal(session, programme, proposal, Cause(proposal.id), key)


def _proposal(judgement: JudgementOnRecord) -> ListProposal:
    body = body_of_judgement(judgement)
    return ListProposal(
        id=new_id(),
        programme_code=judgement.programme_code,
        judgement_id=judgement.id,
        judged_on=judgement.judged_on,
        entry_count=len(judgement.entries),
        unknown_count=judgement.unknown,
        body=body,
        digest=digest_of(body),
        approval_needed=programme_data(judgement.programme_code).approval,
        status="frozen",
        proposed_by=judgement.judged_by,
        proposed_at=calendar.now(),
    )


async def locked_programme(session: AsyncSession, code: str) -> ListProgramme:
    """The programme's row, held, so that serials have no gaps and no twins."""
    statement = select(ListProgramme).where(ListProgramme.code == code).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def publish_proposal(
    session: AsyncSession, programme: ListProgramme, proposal: ListProposal, cause: Cause, key: OKPKey
) -> Outcome:
    """The edition; the proposal is then published as that serial, or stays open where the edition was refused."""
    draft = await draft_of(session, proposal, await proposed(session, proposal))
    outcome = await publish_draft(session, programme, cause, key, draft)
    if outcome.serial is not None:
        proposal.status, proposal.serial = "published", outcome.serial
        await session.flush()
    return outcome
