"""`assess`: stored applications read, judged and stored with receipts, next to reading and copying the same rows.

The floor reads the same snapshots with the same query and COPYs result rows of the same size into tables of the same
shape. Each size runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
import uuid
from datetime import date
from typing import Any

import asyncpg
from rich.console import Console
from rich.table import Table

from benchmarks.servers import bench_settings
from services.demo.invented_enterprises import DEFAULT_AS_OF, invented_forms
from services.evaluation.app import register_province
from services.evaluation.assessment.assess import assess
from services.evaluation.assessment.registry import provincial_rulebooks
from shared.canonical import canonical_text, sha256_hex
from shared.db import open_database
from shared.models.base import new_id
from shared.models.reads import recommended_snapshots
from shared.reference.divisions import city_of
from shared.settings import Settings

SIZES = (1_000, 10_000, 50_000)
BATCH = 2_000
_FORMS = 500


async def _fill(url: str, count: int, digest: str, assessed_on: date) -> list[uuid.UUID]:
    """Store `count` recommended applications, repeating five hundred invented forms under codes of their own."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    cycle_id = new_id()
    await connection.execute(
        "INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on) "
        "VALUES ($1, 'bench', 'bench', 'bench', $2, now(), now() + interval '1 day', $3)",
        cycle_id,
        digest,
        assessed_on,
    )
    forms = invented_forms(1, _FORMS)
    texts = [canonical_text(form) for form in forms]
    enterprises, applications, snapshots = [], [], []
    for number in range(count):
        form, text = forms[number % _FORMS], texts[number % _FORMS]
        enterprise, application = new_id(), new_id()
        city = city_of(form["registered_division"])
        uscc = f"91{number:016d}"
        enterprises.append((enterprise, uscc, form["name"], form["registered_division"], city))
        applications.append((application, cycle_id, enterprise, city, "submitted", 1))
        snapshots.append((new_id(), application, 1, text, sha256_hex(text), "bench", "http"))
    await connection.copy_records_to_table(
        "enterprise", columns=("id", "uscc", "name", "division_code", "city_code"), records=enterprises
    )
    await connection.copy_records_to_table(
        "application",
        columns=("id", "cycle_id", "enterprise_id", "city_code", "status", "revision"),
        records=applications,
    )
    await connection.copy_records_to_table(
        "application_snapshot",
        columns=("id", "application_id", "revision", "payload", "digest", "submitted_by", "channel"),
        records=snapshots,
    )
    await connection.execute("UPDATE application SET status = 'recommended'")
    await connection.execute("ANALYZE")
    await connection.execute("CREATE TABLE floor_assessment (LIKE assessment INCLUDING ALL)")
    await connection.execute("CREATE TABLE floor_criterion_result (LIKE criterion_result INCLUDING ALL)")
    await connection.execute("GRANT ALL ON floor_assessment, floor_criterion_result TO peiyu_evaluation")
    await connection.close()
    return [row[0] for row in applications]


async def _floor(database: Any, ids: list[uuid.UUID], rows: dict[str, tuple[list[str], list[Any]]]) -> float:
    started = time.perf_counter()
    async with database.sessions.begin() as session:
        await recommended_snapshots(session, ids)
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        for table, (columns, records) in rows.items():
            await driver.copy_records_to_table(f"floor_{table}", columns=columns, records=records)
    return time.perf_counter() - started


async def _ours(database: Any, ids: list[uuid.UUID]) -> float:
    started = time.perf_counter()
    async with database.sessions.begin() as session:
        await assess(session, await recommended_snapshots(session, ids))
    return time.perf_counter() - started


async def _stored(connection: asyncpg.Connection, ids: list[uuid.UUID]) -> dict[str, tuple[list[str], list[Any]]]:
    assessments = await connection.fetch("SELECT * FROM assessment WHERE application_id = ANY($1)", ids)
    results = await connection.fetch(
        "SELECT * FROM criterion_result WHERE assessment_id = ANY($1)", [row["id"] for row in assessments]
    )
    return {
        "assessment": (list(assessments[0].keys()), [tuple(row) for row in assessments]),
        "criterion_result": (list(results[0].keys()), [tuple(row) for row in results]),
    }


async def _measure(settings: Settings, urls: dict[str, str], count: int) -> dict[str, float]:
    database = open_database(settings.model_copy(update={"database_url": _secret(urls["evaluation"])}), "evaluation")
    async with database.sessions.begin() as session:
        await register_province(session)
    (rulebook, *_) = provincial_rulebooks()
    ids = await _fill(urls["owner"], count, rulebook.digest, DEFAULT_AS_OF)
    connection = await asyncpg.connect(urls["owner"].replace("+asyncpg", ""))
    # The first batch warms both: compiled expressions, prepared statements, plans.
    warm, rest = ids[: BATCH // 10], ids[BATCH // 10 :]
    await _ours(database, warm)
    await _floor(database, warm, await _stored(connection, warm))
    ours = floor = 0.0
    for start in range(0, len(rest), BATCH):
        batch = rest[start : start + BATCH]
        ours += await _ours(database, batch)
        floor += await _floor(database, batch, await _stored(connection, batch))
    judged = await connection.fetchval("SELECT count(*) FROM assessment")
    assert judged == await connection.fetchval("SELECT count(*) FROM floor_assessment") == count
    await connection.close()
    await database.close()
    return {"ours": ours, "floor": floor, "timed": len(rest), "mib": _peak_mib()}


def _secret(url: str) -> Any:
    from pydantic import SecretStr  # noqa: PLC0415 (only here)

    return SecretStr(url)


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _one(count: int) -> None:
    with bench_settings(f"assess-{count}") as (settings, urls):
        print(json.dumps(asyncio.run(_measure(settings, urls, count))))


def main() -> None:
    table = Table(title="assess: read, judge, store with receipts (target: at most 4 × floor, under 1 GiB, linear)")
    for heading in ("applications", "ours s", "floor s", "ours / floor", "rows per second", "peak MiB"):
        table.add_column(heading, justify="right")
    for size in SIZES:
        done = subprocess.run(  # noqa: S603 (our own module)
            [sys.executable, "-m", "benchmarks.assess", str(size)], check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        table.add_row(
            f"{size:,}",
            f"{found['ours']:.2f}",
            f"{found['floor']:.2f}",
            f"{found['ours'] / found['floor']:.2f}",
            f"{found['timed'] / found['ours']:,.0f}",
            f"{found['mib']:.0f}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _one(int(sys.argv[1]))
    else:
        main()
