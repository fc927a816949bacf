"""Decisions stored as `assess` stores them: generated facts, receipts, findings and signed deviations."""

from __future__ import annotations

import json
import uuid
from datetime import date
from typing import TypeAlias

import asyncpg

from benchmarks.judge import generated
from services.evaluation.assessment.inputs import inputs_digest
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.origins import FORM_ALONE
from services.evaluation.rulebooks.receipt import facts_texts, receipts
from services.evaluation.rulebooks.rulebook import Rulebook
from shared import calendar
from shared.canonical import sha256_hex
from shared.models.base import new_id
from shared.models.evaluation import Assessment
from shared.security.actor import Actor

CYCLE = "bench"
ACTOR = Actor("bench", "province_officer", frozenset())
ASSESSED_ON = date(2024, 6, 30)
_BATCH = 10_000
Row: TypeAlias = tuple[object, ...]


async def fill(url: str, rulebook: Rulebook, count: int) -> None:
    """`count` current assessments of one cycle; each open part found met, each excusable one excused by two people."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    # Nobody has declared or been assigned here: what is measured is reading, and the guards stand in the way.
    await connection.execute("SET session_replication_role = replica")
    cycle_id = new_id()
    await connection.execute(
        "INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on) "
        "VALUES ($1, $2, $2, $3, $4, now(), now() + interval '1 day', $5)",
        cycle_id,
        CYCLE,
        rulebook.id,
        rulebook.digest,
        ASSESSED_ON,
    )
    for start in range(0, count, _BATCH):
        await _fill_batch(connection, rulebook, cycle_id, start, min(_BATCH, count - start))
    await connection.execute("ANALYZE")
    await connection.close()


async def _fill_batch(
    connection: asyncpg.Connection, rulebook: Rulebook, cycle_id: uuid.UUID, start: int, count: int
) -> None:
    facts = facts_frame(generated(count, seed=start))
    parts = judge(rulebook, facts)
    ids = [new_id() for _ in range(count)]
    texts = receipts(rulebook, facts, parts, [{"application_id": str(id_)} for id_ in ids], ASSESSED_ON)
    verdicts = criterion_verdicts(rulebook, parts)["overall"]
    moment = calendar.now()
    columns = [column.name for column in Assessment.__table__.columns]
    rows = [
        {
            "id": id_,
            "application_id": id_,
            "snapshot_id": id_,
            "cycle_id": cycle_id,
            "city_code": "420100",
            "uscc": f"91{start + number:016d}",
            "rulebook_digest": rulebook.digest,
            "assessed_on": ASSESSED_ON,
            "overall": verdict,
            "receipt": text,
            "receipt_digest": sha256_hex(text),
            "inputs_digest": inputs_digest(inputs, FORM_ALONE),
            "conflicts": 0,
            "reopening": 0,
            "current": True,
            "created_at": moment,
        }
        for number, (id_, text, verdict, inputs) in enumerate(
            zip(ids, texts, verdicts, facts_texts(facts), strict=True)
        )
    ]
    await connection.copy_records_to_table(
        "assessment", columns=columns, records=[tuple(row[name] for name in columns) for row in rows]
    )
    judged = [json.loads(text)["parts"] for text in texts]
    in_principle = {part.id for part in rulebook.parts if part.kind == "in_principle"}
    findings: list[Row] = []
    deviations: list[Row] = []
    for id_, values in zip(ids, judged, strict=True):
        findings += [(new_id(), id_, part, True, "认定", "a", moment) for part, met in values.items() if met is None]
        deviations += [
            (new_id(), id_, part, "例外", "a", "b", moment, moment) for part in in_principle if values[part] is False
        ]
    await connection.copy_records_to_table(
        "finding",
        columns=("id", "assessment_id", "part", "met", "reason", "found_by", "created_at"),
        records=findings,
    )
    await connection.copy_records_to_table(
        "deviation",
        columns=("id", "assessment_id", "part", "reason", "proposed_by", "signed_by", "signed_at", "created_at"),
        records=deviations,
    )
