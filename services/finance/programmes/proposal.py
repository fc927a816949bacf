"""What a proposal holds, and the draft of an edition that comes of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.differences import Change, Listed, changes_between
from services.finance.lists.history import listed_now
from services.finance.lists.publication import Draft
from services.finance.lists.safeguards import programme_data
from services.finance.programmes.backing import judged_changes
from shared.canonical import canonical_text
from shared.models.finance import ListProposal
from shared.models.reads import JudgementOnRecord


@dataclass(frozen=True, slots=True)
class Proposed:
    """One enterprise with every field that somebody may see, and what its place rests on."""

    fields: Mapping[str, str]
    membership_id: uuid.UUID | None
    consent_id: uuid.UUID | None

    @property
    def uscc(self) -> str:
        return self.fields["uscc"]


def body_of_judgement(judgement: JudgementOnRecord) -> bytes:
    """Canonical JSON of what is proposed: the fields that the province may see, and no others."""
    shown = programme_data(judgement.programme_code).fields["province"]
    content = {
        "programme": judgement.programme_code,
        "judgement_id": str(judgement.id),
        "judged_on": judgement.judged_on.isoformat(),
        "entries": [
            {
                "fields": {name: one.fields[name] for name in shown},
                "membership_id": None if one.membership_id is None else str(one.membership_id),
                "consent_id": None if one.consent_id is None else str(one.consent_id),
            }
            for one in judgement.entries
        ],
    }
    return canonical_text(content).encode()


async def proposed(session: AsyncSession, proposal: ListProposal) -> list[Proposed]:
    """The entries of a proposal, by code."""
    statement = select(ListProposal.body).where(ListProposal.id == proposal.id)
    content: dict[str, Any] = orjson.loads((await session.execute(statement)).scalar_one())
    return [Proposed(one["fields"], _id(one["membership_id"]), _id(one["consent_id"])) for one in content["entries"]]


async def draft_of(session: AsyncSession, proposal: ListProposal, entries: Sequence[Proposed]) -> Draft:
    """The edition that the proposal would make of the newest one."""
    data = programme_data(proposal.programme_code)
    before, after = await listed_now(session, data.code), listed(data.fields["subscriber"], entries)
    changes = changes_between(before, after)
    return Draft(before, after, await judged_changes(session, changes, proposal.judgement_id, data.consent))


async def changes_of(session: AsyncSession, proposal: ListProposal, entries: Sequence[Proposed]) -> list[Change]:
    """How the proposal differs from the newest edition."""
    data = programme_data(proposal.programme_code)
    return changes_between(await listed_now(session, data.code), listed(data.fields["subscriber"], entries))


def listed(columns: Sequence[str], entries: Sequence[Proposed]) -> dict[str, Listed]:
    """By code, what subscribers see."""
    return {one.uscc: Listed({name: one.fields[name] for name in columns}, one.membership_id) for one in entries}


def _id(text: str | None) -> uuid.UUID | None:
    return None if text is None else uuid.UUID(text)
