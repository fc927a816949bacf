"""Dynamic adjustment of a province, of 31 of them and of a million members: seconds, memory, and whether it is linear."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from time import perf_counter
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from services.evaluation.adjustment.members import MEMBER_COLUMNS
from services.evaluation.adjustment.outcomes import outcomes
from services.evaluation.adjustment.receipts import receipts
from services.evaluation.adjustment.rule_sections import INCIDENT_KINDS
from services.evaluation.adjustment.rules import rules_in_force

SIZES = (500, 31 * 500, 1_000_000)
ON = date(2026, 12, 31)
REPETITIONS = 3
MISSING_SHARE = 0.03
INCIDENT_SHARE = 0.01
MOST_SECONDS: Mapping[int, float] = {500: 1, 1_000_000: 60}
MOST_BYTES = 2 * 2**30
# Fixed costs weigh on the smaller size, fresh memory on the larger; what grows with the square would be 64 times.
MOST_TIMES_LINEAR = 2
_FIRST_DAY = date(2024, 6, 6)
_GENERATED_AT_ONCE = 20_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of outcomes and of writing all receipts, and the most memory (bytes) the process ever held."""

    members: int
    outcomes_seconds: float
    receipts_seconds: float
    peak_bytes: int


def generated(count: int, seed: int = 12) -> pl.DataFrame:
    """Invented members, many of them on or near a threshold; amounts in 分."""
    source = random.Random(seed)
    rows = [_generated(source) for _ in range(min(count, _GENERATED_AT_ONCE))]
    some = pl.DataFrame(rows, schema=dict(MEMBER_COLUMNS))
    # A million are the same members again under other ids: generating them is not what is measured.
    frame = pl.concat([some] * -(-count // some.height)).head(count)
    return frame.with_columns(membership_id=pl.int_range(count).cast(pl.String).str.zfill(12))


def _generated(source: random.Random) -> dict[str, Any]:
    valid, sales, profit = source.randrange(1, 60), source.randrange(10**11), source.randrange(-(10**8), 10**10)
    admitted_on = _FIRST_DAY + timedelta(days=source.randrange(900))
    figures = {
        "baseline_industrialised": source.randrange(valid + 1),
        "baseline_valid": valid,
        "latest_industrialised": source.randrange(valid + 1),
        "latest_valid": valid + source.randrange(5),
        "new_intensive_products": source.choice((0, 0, 1, 2)),
        "baseline_sales": sales,
        "latest_sales": source.choice((sales * 12 // 10, source.randrange(10**11))),
        "baseline_profit": profit,
        "latest_profit": source.choice((profit * 12 // 10, source.randrange(10**10))),
        "progress_on": source.choice((None, min(ON, admitted_on + timedelta(days=source.randrange(700))))),
    }
    kept = {name: None if source.random() < MISSING_SHARE else value for name, value in figures.items()}
    return {
        "membership_id": "",
        "uscc": f"91420100MA{source.randrange(10**8):08}",
        "city_code": f"42{source.randrange(1, 18):02}00",
        "admitted_on": admitted_on,
        **kept,
        "progress_known": source.random() > MISSING_SHARE,
        "incident_kinds": [source.choice(INCIDENT_KINDS)] if source.random() < INCIDENT_SHARE else [],
        "held_graduation": source.random() < INCIDENT_SHARE,
        "held_exit": source.random() < INCIDENT_SHARE,
    }


def measure(count: int) -> Measured:
    """Outcomes and receipts for so many members, in this process."""
    rules, members = rules_in_force(ON), generated(count)
    seconds: list[float] = []
    judged = pl.DataFrame()
    for _ in range(REPETITIONS):
        start = perf_counter()
        judged = outcomes(rules, members, ON)
        seconds.append(perf_counter() - start)
    start = perf_counter()
    written = receipts(rules, members, judged, ON)
    receipts_seconds = perf_counter() - start
    assert len(written) == judged.height == count
    # Linux gives kilobytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measured(count, median(seconds), receipts_seconds, peak)


def _in_a_process_of_its_own(count: int) -> Measured:
    command = [sys.executable, "-m", "benchmarks.adjust", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 (our own module)
    members, outcomes_seconds, receipts_seconds, peak = done.stdout.split()
    return Measured(int(members), float(outcomes_seconds), float(receipts_seconds), int(peak))


def times_linear(smaller: Measured, larger: Measured) -> float:
    """Seconds per member of the larger against those of the smaller: 1 is linear, less is better."""
    spent = [one.outcomes_seconds + one.receipts_seconds for one in (smaller, larger)]
    return (spent[1] / larger.members) / (spent[0] / smaller.members)


def run() -> list[Measured]:
    """Each size in a process of its own. AssertionError where a bound is passed or the time grows faster than rows."""
    found = [_in_a_process_of_its_own(count) for count in SIZES]
    for one in found:
        assert one.outcomes_seconds + one.receipts_seconds < MOST_SECONDS.get(one.members, 60), one
        assert one.peak_bytes < MOST_BYTES, one
    assert times_linear(found[1], found[2]) < MOST_TIMES_LINEAR, found
    return found


def main() -> None:
    if len(sys.argv) > 1:
        one = measure(int(sys.argv[1]))
        print(one.members, one.outcomes_seconds, one.receipts_seconds, one.peak_bytes)
        return
    found = run()
    table = Table(title=f"adjust: outcomes and receipts on {ON}, each size in a process of its own")
    for name in ("members", "outcomes s", "receipts s", "peak MiB", "µs/member", "times linear"):
        table.add_column(name, justify="right")
    for at, one in enumerate(found):
        spent = one.outcomes_seconds + one.receipts_seconds
        table.add_row(
            f"{one.members:,}",
            f"{one.outcomes_seconds:.3f}",
            f"{one.receipts_seconds:.3f}",
            f"{one.peak_bytes / 2**20:,.0f}",
            f"{spent / one.members * 1e6:.2f}",
            f"{times_linear(found[at - 1], one):.2f}" if at else "",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
