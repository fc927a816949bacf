"""Reads of judgements as they are stored: which there are, their receipts, and those on disputed facts."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.access import refuse_unseen
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Assessment, SelectionPlan
from shared.models.reads import RecommendedSnapshot
from shared.security.actor import Actor


async def judged_and_selected(session: AsyncSession, snapshots: Collection[RecommendedSnapshot]) -> set[uuid.UUID]:
    """Those of the snapshots that were judged, in a cycle whose selection is committed: they are not judged again."""
    selected = select(SelectionPlan.cycle_id).where(
        SelectionPlan.cycle_id.in_({one.cycle_id for one in snapshots}), SelectionPlan.status == "committed"
    )
    cycles = set((await session.execute(selected)).scalars())
    asked = [one.snapshot_id for one in snapshots if one.cycle_id in cycles]
    if not asked:
        return set()
    judged = select(Assessment.snapshot_id).where(Assessment.snapshot_id.in_(asked))
    return set((await session.execute(judged)).scalars())


async def judged_among(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Those of the applications that have a current assessment."""
    statement = select(Assessment.application_id).where(
        Assessment.application_id.in_(application_ids), Assessment.current
    )
    return list((await session.execute(statement)).scalars())


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    """The very text that was stored, and the SHA-256 of its bytes."""

    text: str
    digest: str


async def stored_receipt(session: AsyncSession, actor: Actor, assessment_id: uuid.UUID) -> StoredReceipt:
    """The receipt of an assessment, current or not; Problem `not_found`, and those of `refuse_unseen`."""
    columns = (Assessment.application_id, Assessment.receipt, Assessment.receipt_digest)
    row = (await session.execute(select(*columns).where(Assessment.id == assessment_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    await refuse_unseen(session, actor, row.application_id)
    return StoredReceipt(row.receipt, row.receipt_digest)


async def assessments_in_conflict(
    session: AsyncSession, cycle_id: uuid.UUID, *, after: uuid.UUID | None, limit: int
) -> list[Assessment]:
    """Current assessments of a cycle on whose facts sources disagree, in order of id; see `conflicts_of`."""
    statement = select(Assessment).where(Assessment.cycle_id == cycle_id, Assessment.current, Assessment.conflicts > 0)
    if after is not None:
        statement = statement.where(Assessment.id > after)
    return list((await session.execute(statement.order_by(Assessment.id).limit(limit))).scalars())
