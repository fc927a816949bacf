"""Run one import: read every row, submit the good ones, and say of each what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.bulk_submission import BulkOutcome, BulkSubmission, PreparedForm
from services.intake.applications.submission import Channel
from services.intake.imports.errors import ERROR_SHARE_EXCEEDED, ROWS_REJECTED
from services.intake.imports.file_rows import FileRow, RowGate, violations_at
from services.intake.imports.import_records import Progress, RowResult, keep_results
from services.intake.imports.import_sources import Source
from shared.errors import Problem
from shared.models.intake import ApplicationImport, Cycle
from shared.security.actor import Actor

_CHANNELS: dict[str, Channel] = {"workbook": "workbook", "ndjson": "bulk"}


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How an import ended: `processed`, or `stopped` with the problem that kept all of the file out."""

    status: Literal["processed", "stopped"]
    rows_read: int
    rows_accepted: int
    rows_rejected: int
    problem: Problem | None = None


@dataclass(slots=True)
class ImportRun:
    """One attempt, in the transaction of `session`; progress alone is written outside of it."""

    session: AsyncSession
    upload: ApplicationImport
    actor: Actor
    source: Source
    gate: RowGate
    progress: Progress
    _accepted: int = field(default=0, init=False)
    # Rejections that only the state of the record explains, found after reading.
    _refused: int = field(default=0, init=False)

    async def open(self) -> None:
        """Begin to read. Problem where the file as a whole is refused."""
        await self._report()
        await self.source.open()
        await self._report()

    async def run(self) -> Conclusion:
        """Read, submit, keep the results."""
        submission = await self._submission()
        await self._read(submission)
        await self._keep(self._rejected(row) for row in self.source.strays)
        if self.gate.is_exceeded:
            await self._hold_back(await submission.staged())
            return self._stopped(_share_problem(self.gate))
        return await self._submit(submission)

    async def _submission(self) -> BulkSubmission:
        cycle_id = self.upload.cycle_id
        code = (await self.session.execute(select(Cycle.code).where(Cycle.id == cycle_id))).scalar_one()
        channel = _CHANNELS[self.upload.format]
        return BulkSubmission(await self.session.connection(), self.actor, (code, cycle_id), channel)

    async def _read(self, submission: BulkSubmission) -> None:
        """Stage good rows and keep bad ones, until the end or until too many are bad."""
        async with aclosing(self.source.batches()) as batches:
            async for batch in batches:
                good: list[tuple[int, PreparedForm]] = []
                bad: list[RowResult] = []
                for row in map(self.gate.take, batch):
                    if row.form is None:
                        bad.append(self._rejected(row))
                    else:
                        good.append((self.source.position(row.place), row.form))
                    if self.gate.is_exceeded:
                        break
                await submission.stage(good)
                await self._keep(bad)
                await self._report()
                if self.gate.is_exceeded:
                    return

    async def _submit(self, submission: BulkSubmission) -> Conclusion:
        """Submit what is staged; take it back where it was a rehearsal or the file must come in whole."""
        savepoint = await submission.connection.begin_nested()
        outcomes: list[BulkOutcome] = []
        async for batch in submission.submit_staged():
            outcomes += batch
            self._refused += sum(one.problem is not None for one in batch)
            self._accepted += sum(one.problem is None for one in batch)
            await self._report()
        rejected = self.gate.rejected + self._refused
        incomplete = self.upload.mode == "all_or_nothing" and (rejected > 0 or len(self.source.strays) > 0)
        if incomplete or self.upload.validate_only:
            await savepoint.rollback()
        else:
            await savepoint.commit()
        await self._keep(self._result(one, held_back=incomplete) for one in outcomes)
        if incomplete:
            return self._stopped(_whole_problem(rejected, len(self.source.strays)))
        return Conclusion("processed", self.gate.read, self._accepted, rejected)

    def _result(self, outcome: BulkOutcome, *, held_back: bool) -> RowResult:
        place = self.source.place(outcome.position)
        if outcome.problem is not None:
            violations = violations_at(place, outcome.problem)
            return RowResult(outcome.position, place, outcome.uscc, "rejected", violations=violations)
        if held_back:
            return RowResult(outcome.position, place, outcome.uscc, "held_back")
        # The application of a rehearsal is gone.
        application_id = None if self.upload.validate_only else outcome.application_id
        return RowResult(outcome.position, place, outcome.uscc, "accepted", application_id)

    def _rejected(self, row: FileRow) -> RowResult:
        position = self.source.position(row.place)
        return RowResult(position, row.place, row.uscc, "rejected", violations=row.violations)

    async def _hold_back(self, staged: Iterable[tuple[int, str]]) -> None:
        await self._keep(
            RowResult(position, self.source.place(position), uscc, "held_back") for position, uscc in staged
        )

    async def _keep(self, results: Iterable[RowResult]) -> None:
        await keep_results(await self.session.connection(), self.upload.id, results)

    async def _report(self) -> None:
        rejected = self.gate.rejected + self._refused
        await self.progress.report(
            total=self.source.rows_total, read=self.gate.read, accepted=self._accepted, rejected=rejected
        )

    def _stopped(self, problem: Problem) -> Conclusion:
        return Conclusion("stopped", self.gate.read, 0, self.gate.rejected + self._refused, problem)


def _share_problem(gate: RowGate) -> Problem:
    return Problem(
        ERROR_SHARE_EXCEEDED,
        detail_zh=f"前 {gate.read} 行中有 {gate.rejected} 行错误，上限为 {gate.max_error_share:.0%}",
        detail_en=f"{gate.rejected} of the first {gate.read} rows are wrong; the ceiling is {gate.max_error_share:.0%}",
    )


def _whole_problem(rejected: int, strays: int) -> Problem:
    strays_zh = f"，另有 {strays} 行明细没有对应企业" if strays else ""
    strays_en = f" and {strays} detail rows of no enterprise" if strays else ""
    return Problem(
        ROWS_REJECTED,
        detail_zh=f"{rejected} 行被拒绝{strays_zh}",
        detail_en=f"{rejected} rows were rejected{strays_en}",
    )
