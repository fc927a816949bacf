"""Take in a batch: every record on its own, each stored with what came of it, the whole answered once and for all."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.errors import BATCH_REUSED
from services.intake.national.ledger import Ledger, result_of, shown
from services.intake.national.records import ReadRecord, read_record
from services.intake.national.schemas import BatchAnswer, Outcome, RecordResult
from services.intake.national.wire import BatchIn, canonical
from shared import audit
from shared.canonical import sha256_hex
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.intake import NationalBatch
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed the batch (the key), and the SHA-256 of its bytes."""

    keyid: str
    digest: str


async def receive_batch(session: AsyncSession, actor: Actor, signed: Signed, batch: BatchIn) -> str:
    """The BatchAnswer as JSON. The same batch again gets the same answer, and does nothing.

    Problem `batch_reused` where the sender's batch id came with other content before.
    """
    await _one_at_a_time(session, actor, batch.batch_id)
    digest = _digest_of(batch, signed)
    before = await _before(session, actor, batch.batch_id)
    if before is not None:
        if before.digest != digest:
            raise Problem(BATCH_REUSED)
        return before.answer
    batch_row = new_id()
    answer = await _take_all(session, actor, batch, batch_row)
    stored = answer.model_dump_json()
    await session.execute(
        insert(NationalBatch).values(
            id=batch_row,
            sender=actor.subject,
            batch_id=batch.batch_id,
            keyid=signed.keyid,
            digest=digest,
            counts=answer.counts,
            answer=stored,
        )
    )
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="national.receive",
        subject=("national_batch", batch_row),
        detail={"batch_id": batch.batch_id, "keyid": signed.keyid, **answer.counts},
    )
    return stored


async def _one_at_a_time(session: AsyncSession, actor: Actor, batch_id: str) -> None:
    """A twin of this batch waits here until the first is answered."""
    name = f"national_batch {actor.subject} {batch_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def _digest_of(batch: BatchIn, signed: Signed) -> str:
    try:
        return sha256_hex(canonical(batch.model_dump()))
    except (TypeError, RecursionError):  # some record has no canonical form: the bytes then
        return signed.digest


async def _before(session: AsyncSession, actor: Actor, batch_id: str) -> NationalBatch | None:
    statement = select(NationalBatch).where(NationalBatch.sender == actor.subject, NationalBatch.batch_id == batch_id)
    return (await session.execute(statement)).scalar_one_or_none()


async def _take_all(session: AsyncSession, actor: Actor, batch: BatchIn, batch_row: uuid.UUID) -> BatchAnswer:
    results: dict[int, RecordResult] = {}
    read: list[tuple[int, ReadRecord]] = []
    for position, content in enumerate(batch.records):
        try:
            read.append((position, read_record(content)))
        except Problem as problem:
            results[position] = RecordResult(
                position=position,
                record_id=None,
                version=None,
                outcome="rejected",
                violations=shown(problem.violations) or None,
            )
    named = {(actor.subject, one.filing_id) for _, one in read if one.filing_id}
    ledger = await Ledger.open(session, actor, batch_row, named)
    for position, record in sorted(read, key=lambda one: (one[1].place, one[0])):
        results[position] = await ledger.take(position, record)
    settled = await ledger.follow_up()
    for position, record in read:
        if results[position].outcome == "waiting" and (record.record_id, record.version) in settled:
            verdict = settled[record.record_id, record.version]
            results[position] = result_of(position, record, verdict)
    counts: dict[Outcome, int] = dict(Counter(result.outcome for result in results.values()))
    return BatchAnswer(
        batch_id=batch.batch_id, counts=counts, results=[results[position] for position in sorted(results)]
    )
