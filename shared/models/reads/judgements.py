"""What finance reads of evaluation's judgements of lists."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.evaluation import Membership, ProgrammeJudgement, ProgrammeJudgementEntry


@dataclass(frozen=True, slots=True)
class JudgedEntry:
    """An enterprise that meets the rule, with whatever somebody may see of it and what that rests on."""

    uscc: str
    fields: dict[str, Any]
    membership_id: uuid.UUID | None
    consent_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class JudgementOnRecord:
    """A judgement with those who meet the rule, by code."""

    id: uuid.UUID
    programme_code: str
    judged_on: date
    judged_by: str
    unknown: int
    entries: tuple[JudgedEntry, ...]


async def judgement_on_record(session: AsyncSession, judgement_id: uuid.UUID) -> JudgementOnRecord:
    """The judgement, which is there."""
    judgement = (
        await session.execute(select(ProgrammeJudgement).where(ProgrammeJudgement.id == judgement_id))
    ).scalar_one()
    statement = (
        select(ProgrammeJudgementEntry)
        .where(ProgrammeJudgementEntry.judgement_id == judgement_id, ProgrammeJudgementEntry.verdict == "met")
        .order_by(ProgrammeJudgementEntry.uscc)
    )
    entries = [
        JudgedEntry(one.uscc, one.fields, one.membership_id, one.consent_id)
        for one in (await session.execute(statement)).scalars()
    ]
    return JudgementOnRecord(
        judgement.id,
        judgement.programme_code,
        judgement.judged_on,
        judgement.judged_by,
        judgement.unknown,
        tuple(entries),
    )


@dataclass(frozen=True, slots=True)
class EndedStay:
    """A stay that is over: by which adjustment, and for which reason."""

    membership_id: uuid.UUID
    plan_id: uuid.UUID
    reason: str


async def ended_stays(session: AsyncSession, membership_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, EndedStay]:
    """Those of these stays that are over, by id."""
    statement = select(Membership.id, Membership.ended_by_plan, Membership.ended_reason).where(
        Membership.id.in_(membership_ids), Membership.ended_by_plan.is_not(None)
    )
    found: dict[uuid.UUID, EndedStay] = {}
    for row in await session.execute(statement):
        assert row.ended_by_plan is not None and row.ended_reason is not None  # noqa: S101, PT018 (a CHECK keeps both)
        found[row.id] = EndedStay(row.id, row.ended_by_plan, row.ended_reason)
    return found
