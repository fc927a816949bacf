"""Judge a batch of recommended snapshots and store assessments, criterion results and receipts with COPY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import polars as pl
from asyncpg import Connection as DriverConnection
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.facts import facts_frame
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.receipt import receipts
from services.evaluation.rulebooks.rulebook import Rulebook
from shared import calendar
from shared.canonical import sha256_hex
from shared.models.base import new_id
from shared.models.evaluation import Assessment
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
    "current",
    "created_at",
)
_VERDICT = {True: "met", False: "not_met", None: "unknown"}


async def assess(session: AsyncSession, snapshots: Sequence[RecommendedSnapshot]) -> int:
    """Judge those snapshots that their rulebook has not judged yet; returns how many were judged.

    The earlier assessment of an application stays, no longer current.
    """
    waiting = await _not_yet_judged(session, snapshots)
    for (digest, assessed_on), group in groupby(sorted(waiting, key=_rulebook_and_date), key=_rulebook_and_date):
        rulebook = (await rulebook_of(session, digest)).on(assessed_on)
        await _assess_group(session, rulebook, assessed_on, list(group))
    return len(waiting)


def _rulebook_and_date(snapshot: RecommendedSnapshot) -> tuple[str, Any]:
    return snapshot.rulebook_digest, snapshot.assessed_on


async def _not_yet_judged(session: AsyncSession, snapshots: Sequence[RecommendedSnapshot]) -> list[RecommendedSnapshot]:
    statement = select(Assessment.snapshot_id, Assessment.rulebook_digest).where(
        Assessment.snapshot_id.in_([snapshot.snapshot_id for snapshot in snapshots])
    )
    judged = {(row.snapshot_id, row.rulebook_digest) for row in await session.execute(statement)}
    return [one for one in snapshots if (one.snapshot_id, one.rulebook_digest) not in judged]


async def _assess_group(
    session: AsyncSession, rulebook: Rulebook, assessed_on: Any, snapshots: list[RecommendedSnapshot]
) -> None:
    facts = facts_frame([snapshot.payload for snapshot in snapshots], assessed_on)
    parts = judge(rulebook, facts)
    criteria = criterion_verdicts(rulebook, parts)
    texts = receipts(rulebook, facts, parts, [_subject(snapshot) for snapshot in snapshots], assessed_on)
    superseded = update(Assessment).where(
        Assessment.application_id.in_([snapshot.application_id for snapshot in snapshots]), Assessment.current
    )
    await session.execute(superseded.values(current=False))
    await _copy(session, rulebook, snapshots, texts, criteria)


def _subject(snapshot: RecommendedSnapshot) -> dict[str, str]:
    return {
        "application_id": str(snapshot.application_id),
        "snapshot_id": str(snapshot.snapshot_id),
        "snapshot_digest": snapshot.snapshot_digest,
    }


async def _copy(
    session: AsyncSession,
    rulebook: Rulebook,
    snapshots: list[RecommendedSnapshot],
    texts: list[str],
    criteria: pl.DataFrame,
) -> None:
    connection = await (await session.connection()).get_raw_connection()
    driver: DriverConnection[Any] = connection.driver_connection  # type: ignore[assignment]
    ids = [new_id() for _ in snapshots]
    moment = calendar.now()
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
                True,
                moment,
            )
            for id_, one, verdict, text in zip(ids, snapshots, criteria["overall"], texts, strict=True)
        ),
    )
    await driver.copy_records_to_table(
        "criterion_result",
        columns=("assessment_id", "number", "verdict"),
        records=_result_rows(rulebook, ids, criteria),
    )


def _result_rows(rulebook: Rulebook, ids: list[Any], criteria: pl.DataFrame) -> Iterator[tuple[Any, int, str]]:
    numbers = [criterion.number for criterion in rulebook.criteria]
    columns = criteria.select([str(number) for number in numbers])
    for id_, row in zip(ids, columns.iter_rows(), strict=True):
        for number, met in zip(numbers, row, strict=True):
            yield id_, number, _VERDICT[met]
