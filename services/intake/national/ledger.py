"""The record of records: what came before, which version counts, and what waits for something else to come."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ValidationError
from sqlalchemy import ColumnElement, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.errors import KIND_CHANGED, VERSION_REUSED
from services.intake.national.filings import Filing, Verdict, follow
from services.intake.national.records import ReadRecord, reason_of, reparsed
from services.intake.national.schemas import Outcome, RecordResult, ViolationShown
from services.intake.national.wire import as_json
from shared import audit
from shared.errors import Violation
from shared.models.base import new_id
from shared.models.intake import NationalFiling, NationalRecord
from shared.security.actor import Actor
from shared.security.tokens import actor_of_role
from shared.validation import violations_of_model

_COUNTS = ("accepted", "unchanged", "waiting")
_STORE = insert(NationalRecord)
# A sender and the id that it gave an application: what others call theirs is not its own.
FilingKey = tuple[str, str]


@dataclass(slots=True)
class Ledger:
    """Records of the applications in `filings`, whose rows this transaction has locked: nobody else handles them."""

    session: AsyncSession
    actor: Actor
    batch: uuid.UUID
    filings: dict[FilingKey, Filing]

    @classmethod
    async def open(cls, session: AsyncSession, actor: Actor, batch: uuid.UUID, keys: set[FilingKey]) -> Self:
        """Lock the applications, in one order for all batches, so that two batches never wait for each other."""
        rows = [{"sender": sender, "record_id": record_id} for sender, record_id in sorted(keys)]
        if rows:
            await session.execute(insert(NationalFiling).values(rows).on_conflict_do_nothing())
        statement = (
            select(
                NationalFiling.sender,
                NationalFiling.record_id,
                NationalFiling.application_id,
                NationalFiling.application_version,
                NationalFiling.status_sequence,
            )
            .where(tuple_(NationalFiling.sender, NationalFiling.record_id).in_(keys))
            .order_by(NationalFiling.sender, NationalFiling.record_id)
            .with_for_update()
        )
        filings = {(row.sender, row.record_id): Filing(*row) for row in await session.execute(statement)}
        return cls(session, actor, batch, filings)

    async def take(self, position: int, record: ReadRecord) -> RecordResult:
        """What comes of one record now, stored; the same record again has the same result, and no second effect."""
        before = await self._before(record)
        if before is not None and before.digest != record.digest:
            reused = reason_of(VERSION_REUSED, "/version")
            return result_of(position, record, Verdict("rejected", _NOWHERE, (reused,)))
        if before is not None and before.outcome != "rejected":
            outcome = "unchanged" if before.outcome == "accepted" else before.outcome
            return _stored_result(position, record, outcome, before)
        verdict = await self._judge(record)
        await self._store(record, verdict)
        return result_of(position, record, verdict)

    async def _judge(self, record: ReadRecord) -> Verdict:
        if record.parsed is None or record.filing_id is None:
            return Verdict("rejected", _NOWHERE, record.violations)
        key = self.actor.subject, record.filing_id
        filing = self.filings[key]
        if await self._is_something_else(record):
            return Verdict("rejected", filing, (reason_of(KIND_CHANGED, "/record_id"),))
        newest = select(func.max(NationalRecord.version)).where(
            *self._of_sender(record.record_id), NationalRecord.outcome.in_(_COUNTS)
        )
        if record.version < ((await self.session.execute(newest)).scalar_one() or 0):
            return Verdict("stale", filing)
        verdict = await follow(self.session, self.actor, filing, record.parsed, record.digest)
        self.filings[key] = verdict.filing
        return verdict

    async def follow_up(self) -> dict[tuple[str, int], Verdict]:
        """Try all that waits for these applications until nothing moves; what was settled, by record and version."""
        settled: dict[tuple[str, int], Verdict] = {}
        moved = True
        while moved:
            moved = False
            for row in await self._waiting():
                verdict = await self._follow_again(row)
                if verdict.outcome != "waiting":
                    moved = True
                    settled[row.record_id, row.version] = verdict
                await self._settle(row.id, verdict)
        return settled

    async def _follow_again(self, row: Any) -> Verdict:
        key = row.sender, row.filing_id
        filing = self.filings[key]
        try:
            record = reparsed(row.payload)
        except ValidationError as error:  # the form's rules have changed while it waited
            return Verdict("rejected", filing, tuple(violations_of_model(error)))
        # Whoever gave the occasion, what is followed is what the sender said.
        actor = actor_of_role(row.sender, "national_system")
        verdict = await follow(self.session, actor, filing, record, row.digest)
        self.filings[key] = verdict.filing
        return verdict

    async def _waiting(self) -> list[Any]:
        statement = select(
            NationalRecord.id,
            NationalRecord.record_id,
            NationalRecord.version,
            NationalRecord.filing_id,
            NationalRecord.digest,
            NationalRecord.payload,
            NationalRecord.sender,
        ).where(
            tuple_(NationalRecord.sender, NationalRecord.filing_id).in_(self.filings),
            NationalRecord.outcome == "waiting",
        )
        rows: list[Any] = list(await self.session.execute(statement))
        return sorted(rows, key=_place)

    def _of_sender(self, record_id: str) -> tuple[ColumnElement[bool], ...]:
        return NationalRecord.sender == self.actor.subject, NationalRecord.record_id == record_id

    async def _before(self, record: ReadRecord) -> Any:
        statement = select(
            NationalRecord.digest, NationalRecord.outcome, NationalRecord.violations, NationalRecord.application_id
        ).where(*self._of_sender(record.record_id), NationalRecord.version == record.version)
        return (await self.session.execute(statement)).one_or_none()

    async def _is_something_else(self, record: ReadRecord) -> bool:
        """Whether this record id stands for another kind, or for another application's change of status."""
        same = (NationalRecord.kind == record.kind) & (NationalRecord.filing_id == record.filing_id)
        other = select(NationalRecord.id).where(
            *self._of_sender(record.record_id), NationalRecord.outcome.in_(_COUNTS), ~same
        )
        return (await self.session.execute(other.limit(1))).first() is not None

    async def _store(self, record: ReadRecord, verdict: Verdict) -> None:
        values = {
            "id": new_id(),
            "sender": self.actor.subject,
            "record_id": record.record_id,
            "version": record.version,
            "kind": record.kind,
            "digest": record.digest,
            "payload": record.payload,
            "filing_id": record.filing_id,
            "batch_id": self.batch,
            **_fate(verdict),
        }
        # A record that was refused is judged again when it is sent again: what it lacked may have come.
        await self.session.execute(
            _STORE.values(**values).on_conflict_do_update(
                constraint="uq_national_record_version", set_=_fate(verdict), where=NationalRecord.outcome == "rejected"
            )
        )
        if verdict.outcome in _COUNTS:
            older = update(NationalRecord).where(
                *self._of_sender(record.record_id),
                NationalRecord.version < record.version,
                NationalRecord.outcome == "waiting",
            )
            await self.session.execute(older.values(outcome="stale", violations=None, settled_at=func.now()))

    async def _settle(self, row_id: uuid.UUID, verdict: Verdict) -> None:
        await self.session.execute(update(NationalRecord).where(NationalRecord.id == row_id).values(**_fate(verdict)))


async def follow_waiting(session: AsyncSession, keys: set[FilingKey]) -> int:
    """Try again what waits for these applications, which an officer may have moved on; how many were settled."""
    ledger = await Ledger.open(session, audit.SYSTEM, uuid.UUID(int=0), keys)
    return len(await ledger.follow_up())


_NOWHERE = Filing("", "", None, None, None)


def _fate(verdict: Verdict) -> dict[str, Any]:
    reasons = shown(verdict.violations)
    return {
        "outcome": verdict.outcome,
        "violations": {"items": [one.model_dump(exclude_none=True) for one in reasons]} if reasons else None,
        "application_id": verdict.filing.application_id,
        "settled_at": None if verdict.outcome == "waiting" else func.now(),
    }


def shown(violations: tuple[Violation, ...]) -> list[ViolationShown]:
    """Violations as they are answered and stored."""
    return [
        ViolationShown(code=one.code, message_zh=one.message_zh, message_en=one.message_en, pointer=one.pointer)
        for one in violations
    ]


def _place(row: Any) -> tuple[str, int, int]:
    """By application, its filings first, changes of status in their order."""
    sequence = as_json(row.payload).get("sequence")
    return row.filing_id, int(sequence is not None), sequence or row.version


def result_of(position: int, record: ReadRecord, verdict: Verdict) -> RecordResult:
    """A verdict as it is answered."""
    return RecordResult(
        position=position,
        record_id=record.record_id,
        version=record.version,
        outcome=verdict.outcome,
        application_id=verdict.filing.application_id,
        violations=shown(verdict.violations) or None,
    )


def _stored_result(position: int, record: ReadRecord, outcome: Outcome, before: Any) -> RecordResult:
    return RecordResult(
        position=position,
        record_id=record.record_id,
        version=record.version,
        outcome=outcome,
        application_id=before.application_id,
        violations=(before.violations or {}).get("items"),
    )
