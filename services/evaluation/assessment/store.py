"""Store a batch of judgements with COPY."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from asyncpg import Connection as DriverConnection
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.rulebooks.rulebook import Rulebook
from shared import calendar
from shared.canonical import sha256_hex
from shared.models.base import new_id
from shared.models.reads import RecommendedSnapshot

_ASSESSMENT_COLUMNS = (
    "id",
    "application_id",
    "snapshot_id",
    "cycle_id",
    "city_code",
    "uscc",
    "rulebook_digest",
    "assessed_on",
    "overall",
    "receipt",
    "receipt_digest",
    "inputs_digest",
    "conflicts",
    "current",
    "reopening",
    "created_at",
)
_VERDICT = {True: "met", False: "not_met", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch of one rulebook and day as judged; all columns by snapshot."""

    snapshots: list[RecommendedSnapshot]
    criteria: pl.DataFrame
    receipts: list[str]
    inputs: list[str]
    conflicts: list[int]

    def only(self, rows: Sequence[int]) -> Judged:
        """These rows of all."""
        return Judged(
            snapshots=[self.snapshots[row] for row in rows],
            criteria=self.criteria[list(rows)],
            receipts=[self.receipts[row] for row in rows],
            inputs=[self.inputs[row] for row in rows],
            conflicts=[self.conflicts[row] for row in rows],
        )


async def store(session: AsyncSession, rulebook: Rulebook, judged: Judged, reopened: Mapping[uuid.UUID, int]) -> None:
    """Assessments, all current, and their criterion results. `reopened`: how often, by snapshot; else never."""
    connection = await (await session.connection()).get_raw_connection()
    driver: DriverConnection[Any] = connection.driver_connection  # type: ignore[assignment]
    ids = [new_id() for _ in judged.snapshots]
    moment = calendar.now()
    verdicts = judged.criteria["overall"]
    columns = (ids, judged.snapshots, verdicts, judged.receipts, judged.inputs, judged.conflicts)
    await driver.copy_records_to_table(
        "assessment",
        columns=_ASSESSMENT_COLUMNS,
        records=(
            (
                id_,
                one.application_id,
                one.snapshot_id,
                one.cycle_id,
                one.city_code,
                one.uscc,
                rulebook.digest,
                one.assessed_on,
                verdict,
                text,
                sha256_hex(text),
                digest,
                conflicts,
                True,
                reopened.get(one.snapshot_id, 0),
                moment,
            )
            for id_, one, verdict, text, digest, conflicts in zip(*columns, strict=True)
        ),
    )
    await driver.copy_records_to_table(
        "criterion_result",
        columns=("assessment_id", "number", "verdict"),
        records=_result_rows(rulebook, ids, judged.criteria),
    )


def _result_rows(
    rulebook: Rulebook, ids: list[uuid.UUID], criteria: pl.DataFrame
) -> Iterator[tuple[uuid.UUID, int, str]]:
    numbers = [criterion.number for criterion in rulebook.criteria]
    columns = criteria.select([str(number) for number in numbers])
    for id_, row in zip(ids, columns.iter_rows(), strict=True):
        for number, met in zip(numbers, row, strict=True):
            yield id_, number, _VERDICT[met]
