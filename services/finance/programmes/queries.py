"""Reads of proposals."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import PROGRAMME_NOT_FOUND
from services.finance.programmes.proposal import changes_of, proposed
from services.finance.programmes.schemas import ProposalDetail, ProposalOut, ProposalPage, ProposedChange
from shared.errors import NOT_FOUND, Problem
from shared.models.finance import ListProgramme, ListProposal

_COLUMNS = tuple(name for name in ProposalOut.model_fields if name != "programme")


def proposal_shown(proposal: ListProposal) -> ProposalOut:
    """A proposal as HTTP tells it."""
    content = {name: getattr(proposal, name) for name in _COLUMNS}
    return ProposalOut(programme=proposal.programme_code, **content)


async def proposal_by_id(
    session: AsyncSession, code: str, proposal_id: uuid.UUID, *, locked: bool = False
) -> ListProposal:
    """The proposal of this list; Problem `not_found`."""
    statement = select(ListProposal).where(ListProposal.id == proposal_id, ListProposal.programme_code == code)
    if locked:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    proposal = (await session.execute(statement)).scalar_one_or_none()
    if proposal is None:
        raise Problem(NOT_FOUND)
    return proposal


async def proposal_detail(session: AsyncSession, code: str, proposal_id: uuid.UUID) -> ProposalDetail:
    """The proposal with its entries and the changes that it would make to the newest edition."""
    proposal = await proposal_by_id(session, code, proposal_id)
    entries = await proposed(session, proposal)
    changes = await changes_of(session, proposal, entries)
    return ProposalDetail(
        **proposal_shown(proposal).model_dump(),
        entries=[dict(one.fields) for one in entries],
        changes=[ProposedChange(uscc=one.uscc, change=one.kind) for one in changes],
    )


async def proposal_page(session: AsyncSession, code: str, *, before: uuid.UUID | None, limit: int) -> ProposalPage:
    """Newest first; Problem `list_not_found`."""
    if await session.get(ListProgramme, code) is None:
        raise Problem(PROGRAMME_NOT_FOUND)
    statement = (
        select(ListProposal)
        .where(ListProposal.programme_code == code)
        .order_by(ListProposal.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(ListProposal.id < before)
    rows = (await session.execute(statement)).scalars().all()
    items = [proposal_shown(one) for one in rows[:limit]]
    return ProposalPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)
