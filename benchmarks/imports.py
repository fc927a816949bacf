"""`imports`: a file from uploaded to processed, next to a bare COPY of the same rows into one table.

Ours is the worker's whole job: every row parsed and judged, enterprise, application, snapshot, audit entry and result
stored, progress reported. The yardstick is COPY of the forms as jsonb. Uploading is measured apart, and so is how long
the worker's event loop stood still.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from io import BytesIO
from itertools import count
from statistics import median
from typing import Any

import asyncpg
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from stdnum.cn.uscc import calc_check_digit

from benchmarks.servers import bench_settings
from services.demo.invented_enterprises import invented_forms
from services.intake.imports.line_spool import SpoolLimits, spool_lines
from services.intake.imports.schemas import ImportWishes
from services.intake.imports.upload import receive_lines, receive_workbook
from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import write_workbook
from services.intake.worker import HANDLERS
from shared import calendar
from shared.canonical import canonical_text
from shared.db import Database, open_database
from shared.models.base import new_id
from shared.queue import handle_row
from shared.security.officers import officer
from shared.settings import Settings

# rows, and the least share of COPY's speed.
FORMATS = {"ndjson": (20_000, 0.10), "workbook": (5_000, 0.05)}
_FORMS = 5_000
_COPIES = 3
_CYCLE = "bench"


def _forms(rows: int) -> list[dict[str, Any]]:
    """Invented forms, repeated under codes of their own."""
    forms = invented_forms(1, min(rows, _FORMS))
    return [forms[number % len(forms)] | {"uscc": _code(number)} for number in range(rows)]


def _code(number: int) -> str:
    body = f"91420106MA{number:07d}"
    return body + calc_check_digit(body)


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    now = calendar.now()
    day = timedelta(days=1)
    await connection.execute(
        "INSERT INTO cycle (id, code, title, rulebook_id, rulebook_digest, opens_at, closes_at, assessed_on) "
        "VALUES ($1, $2, 'bench', 'bench', 'bench', $3, $4, $5)",
        new_id(),
        _CYCLE,
        now - day,
        now + day,
        now.date(),
    )
    await connection.execute("CREATE TABLE bare (payload jsonb NOT NULL)")
    await connection.close()


async def _copy(url: str, texts: list[str]) -> float:
    connection = await asyncpg.connect(url)
    started = time.perf_counter()
    await connection.copy_records_to_table("bare", columns=["payload"], records=[(text,) for text in texts])
    seconds = time.perf_counter() - started
    await connection.close()
    return seconds


def _file(kind: str, rows: int) -> tuple[bytes, list[str]]:
    """The file, and its forms as JSON."""
    forms = _forms(rows)
    content = _lines(forms) if kind == "ndjson" else write_workbook(rows_of(forms))
    return content, [canonical_text(form) for form in forms]


async def _upload(database: Database, settings: Settings, kind: str, content: bytes) -> float:
    """Store the file as a request would."""
    actor, wishes = officer("bench", "province_officer"), ImportWishes()
    started = time.perf_counter()
    async with database.sessions.begin() as session:
        if kind == "ndjson":
            limits = SpoolLimits(settings.max_import_bytes, settings.max_import_rows, settings.max_body_bytes)
            lines = await spool_lines(_body(content), BytesIO(), limits, gzipped=False)
            await receive_lines(session, actor, settings, cycle_code=_CYCLE, wishes=wishes, lines=lines)
        else:
            await receive_workbook(
                session, actor, settings, cycle_code=_CYCLE, wishes=wishes, file_name="bench.xlsx", content=content
            )
    return time.perf_counter() - started


def _lines(forms: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(form, ensure_ascii=False).encode() + b"\n" for form in forms)


async def _body(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


async def _longest_pause(work: Awaitable[None]) -> float:
    """Seconds for which the event loop did not turn while `work` ran."""
    task = asyncio.ensure_future(work)
    longest = 0.0
    for _ in count():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        longest = max(longest, time.perf_counter() - before)
        if task.done():
            break
    await task
    return longest


async def _measure(settings: Settings, urls: dict[str, str], kind: str) -> dict[str, float]:
    rows, _ = FORMATS[kind]
    plain = urls["owner"].replace("+asyncpg", "")
    await _prepare(plain)
    content, texts = _file(kind, rows)
    # What it took to make the file is none of the worker's objects, and would be looked through at each collection.
    gc.collect()
    intake = settings.model_copy(update={"database_url": SecretStr(urls["intake"])})
    database = open_database(intake, "intake")
    uploaded = await _upload(database, intake, kind, content)
    connection = await asyncpg.connect(plain)
    event: uuid.UUID = await connection.fetchval("SELECT id FROM outbox_event")
    copies = [await _copy(plain, texts) for _ in range(_COPIES)]
    started = time.perf_counter()
    pause = await _longest_pause(handle_row(database, intake, HANDLERS, event))
    ours = time.perf_counter() - started
    copies += [await _copy(plain, texts) for _ in range(_COPIES)]
    done = await connection.fetchrow("SELECT status, rows_accepted, warnings FROM application_import")
    assert done is not None
    assert (done["status"], done["rows_accepted"]) == ("processed", rows), tuple(done)
    assert await connection.fetchval("SELECT count(*) FROM application_snapshot") == rows
    await connection.close()
    await database.close()
    return {"ours": ours, "copy": median(copies), "upload": uploaded, "pause": pause}


def _one(kind: str) -> None:
    with bench_settings(f"imports-{kind}") as (settings, urls):
        print(json.dumps(asyncio.run(_measure(settings, urls, kind))))


def main() -> None:
    table = Table(title="imports: uploaded to processed, next to a bare COPY (target: at least the share in brackets)")
    for heading in ("file", "rows", "ours s", "rows per second", "COPY s", "rows per second", "share", "upload s"):
        table.add_column(heading, justify="right")
    table.add_column("longest pause ms", justify="right")
    for kind, (rows, target) in FORMATS.items():
        done = subprocess.run(  # noqa: S603 (our own module)
            [sys.executable, "-m", "benchmarks.imports", kind], check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        table.add_row(
            kind,
            f"{rows:,}",
            f"{found['ours']:.2f}",
            f"{rows / found['ours']:,.0f}",
            f"{found['copy']:.2f}",
            f"{rows / found['copy']:,.0f}",
            f"{found['copy'] / found['ours']:.1%} ({target:.0%})",
            f"{found['upload']:.2f}",
            f"{found['pause'] * 1000:.0f}",
        )
    Console(width=140).print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in FORMATS:
        _one(sys.argv[1])
    else:
        main()
