"""`impact`: what a change of rulebook does to stored decisions, next to judging the same number of rows in memory.

`judge` starts from a frame in memory; `impact` reads receipts, findings and deviations from PostgreSQL, judges by the
other rulebook, concludes both sides, counts every transition and explains the first page. Each size runs in a process
of its own, so that its peak memory is its own. Sizes may be given as arguments.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from statistics import median

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from benchmarks.judge import RULEBOOK, generated
from benchmarks.servers import bench_settings
from benchmarks.stored_decisions import ACTOR, CYCLE, fill
from services.evaluation.app import register_province
from services.evaluation.impact.assess_impact import impact
from services.evaluation.impact.schemas import ImpactIn, ImpactOut
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.db import Database, open_database
from shared.reference.province import province
from shared.settings import Settings

SIZES = (10_000, 100_000)
REPETITIONS = 3
_CHANGES = (
    ("0.50 * NULLIF(industrialisation_denominator, 0)", "0.60 * NULLIF(industrialisation_denominator, 0)"),
    ("OR rd_expense_cny >= 5000000", "OR rd_expense_cny >= 3000000"),
)


def _other_text() -> str:
    text = province().rulebooks.joinpath(f"{RULEBOOK}.toml").read_text(encoding="utf-8")
    for old, new in _CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


async def _longest_wait(stop: asyncio.Event) -> float:
    """The longest time that the event loop kept a task waiting that was ready all the time, in seconds."""
    longest, before = 0.0, time.perf_counter()
    while not stop.is_set():
        await asyncio.sleep(0.001)
        longest, before = max(longest, time.perf_counter() - before), time.perf_counter()
    return longest


async def _ours(database: Database) -> tuple[float, float, ImpactOut]:
    stop = asyncio.Event()
    waiting = asyncio.create_task(_longest_wait(stop))
    started = time.perf_counter()
    answer = await impact(database, ACTOR, CYCLE, ImpactIn(rulebook_text=_other_text()), depth="criterion")
    seconds = time.perf_counter() - started
    stop.set()
    return seconds, await waiting, answer


def _judged(rulebook: Rulebook, count: int) -> float:
    facts = facts_frame(generated(count))
    started = time.perf_counter()
    criterion_verdicts(rulebook, judge(rulebook, facts))
    return time.perf_counter() - started


async def _measure(settings: Settings, urls: dict[str, str], count: int) -> dict[str, float]:
    rulebook = rulebook_by_id(province().rulebooks, RULEBOOK)
    own = settings.model_copy(update={"database_url": SecretStr(urls["evaluation"])})
    database = open_database(own, "evaluation")
    async with database.sessions.begin() as session:
        await register_province(session)
    await fill(urls["owner"], rulebook, count)
    before = _peak_mib()
    runs = [await _ours(database) for _ in range(REPETITIONS)]
    grown = _peak_mib() - before
    answer = runs[0][2]
    assert answer.summary is not None
    assert answer.summary.judged == count
    judged = median(_judged(rulebook, count) for _ in range(REPETITIONS))
    await database.close()
    return {
        "impact": median(seconds for seconds, _, _ in runs),
        "wait": max(wait for _, wait, _ in runs),
        "judge": judged,
        "changed": answer.summary.changed + answer.summary.changed_in_part,
        "grown": grown,
        "mib": before + grown,
    }


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _one(count: int) -> None:
    with bench_settings(f"impact-{count}") as (settings, urls):
        print(json.dumps(asyncio.run(_measure(settings, urls, count))))


def main(sizes: tuple[int, ...] = SIZES) -> None:
    table = Table(title="impact: stored decisions under another rulebook (judge: facts in memory, nothing read)")
    headings = ("decisions", "differ", "impact rows/s", "judge rows/s", "impact / judge time")
    for heading in (*headings, "longest wait ms", "peak grew MiB", "peak MiB"):
        table.add_column(heading, justify="right")
    for size in sizes:
        done = subprocess.run(  # noqa: S603 (our own module)
            [sys.executable, "-m", "benchmarks.impact", "--one", str(size)], check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        table.add_row(
            f"{size:,}",
            f"{found['changed']:,}",
            f"{size / found['impact']:,.0f}",
            f"{size / found['judge']:,.0f}",
            f"{found['impact'] / found['judge']:.1f}",
            f"{found['wait'] * 1000:.0f}",
            f"{found['grown']:.0f}",
            f"{found['mib']:.0f}",
        )
    Console(width=120).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(int(sys.argv[2]))
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)
