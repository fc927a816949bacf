"""Stored decisions and receipts of a cycle in batches, by a cursor on the server: never all of them in memory."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.impact.changed_decisions import Decision
from services.evaluation.impact.errors import RULEBOOK_NOT_FOUND
from shared.errors import Problem
from shared.models.evaluation import Assessment, Deviation, Finding, RulebookVersion

# Large enough for the vectors, small enough that fetching one does not hold up the event loop for long.
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class StoredReceipt:
    id: uuid.UUID
    rulebook_digest: str
    receipt: str
    receipt_digest: str


async def decisions_in_batches(
    session: AsyncSession, cycle_id: uuid.UUID, after: uuid.UUID | None
) -> AsyncGenerator[list[Decision]]:
    """The current assessments in order of id, with findings and signed deviations; one snapshot for all batches."""
    found = (
        select(cast(func.jsonb_object_agg(Finding.part, Finding.met), String))
        .where(Finding.assessment_id == Assessment.id)
        .scalar_subquery()
    )
    signed = (
        select(cast(func.jsonb_object_agg(Deviation.part, true()), String))
        .where(Deviation.assessment_id == Assessment.id, Deviation.signed_by.is_not(None))
        .scalar_subquery()
    )
    statement = (
        select(
            Assessment.id,
            Assessment.application_id,
            Assessment.uscc,
            Assessment.city_code,
            Assessment.rulebook_digest,
            Assessment.assessed_on,
            Assessment.receipt,
            found,
            signed,
        )
        .where(Assessment.cycle_id == cycle_id, Assessment.current, _beyond(after))
        .order_by(Assessment.id)
    )
    async for rows in _partitions(session, statement):
        yield [Decision(*row) for row in rows]


async def receipts_in_batches(
    session: AsyncSession, cycle_id: uuid.UUID, after: uuid.UUID | None
) -> AsyncGenerator[list[StoredReceipt]]:
    """Every receipt of a cycle in order of id, those of superseded assessments too."""
    statement = (
        select(Assessment.id, Assessment.rulebook_digest, Assessment.receipt, Assessment.receipt_digest)
        .where(Assessment.cycle_id == cycle_id, _beyond(after))
        .order_by(Assessment.id)
    )
    async for rows in _partitions(session, statement):
        yield [StoredReceipt(*row) for row in rows]


async def stored_receipt(session: AsyncSession, assessment_id: uuid.UUID) -> StoredReceipt | None:
    statement = select(Assessment.id, Assessment.rulebook_digest, Assessment.receipt, Assessment.receipt_digest).where(
        Assessment.id == assessment_id
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else StoredReceipt(*row)


async def registered_digest(session: AsyncSession, rulebook_id: str) -> str:
    """The digest of the newest registered rulebook of that id; Problem `rulebook_not_found`."""
    statement = (
        select(RulebookVersion.digest)
        .where(RulebookVersion.rulebook_id == rulebook_id)
        .order_by(RulebookVersion.created_at.desc(), RulebookVersion.digest)
        .limit(1)
    )
    digest = (await session.execute(statement)).scalar_one_or_none()
    if digest is None:
        raise Problem(RULEBOOK_NOT_FOUND)
    return digest


def _beyond(after: uuid.UUID | None) -> ColumnElement[bool]:
    return true() if after is None else Assessment.id > after


async def _partitions(session: AsyncSession, statement: Select[*tuple[Any, ...]]) -> AsyncGenerator[Any]:
    result = await session.stream(statement, execution_options={"yield_per": BATCH})
    try:
        async for rows in result.partitions():
            yield rows
    finally:
        await result.close()
