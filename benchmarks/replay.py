"""`replay`: receipts judged again and compared byte for byte, next to judging the same facts. Sizes may be given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

from rich.console import Console
from rich.table import Table

from benchmarks.judge import RULEBOOK, generated
from benchmarks.stored_decisions import ASSESSED_ON
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.receipt import receipts, replay_all
from shared.reference.province import province

SIZES = (10_000,)
REPETITIONS = 7


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def run(count: int) -> list[tuple[str, float]]:
    """Seconds of each way (median of interleaved repetitions). Raises AssertionError where a receipt does not replay."""
    rulebook = rulebook_by_id(province().rulebooks, RULEBOOK)
    rows = generated(count)
    facts = facts_frame(rows)
    subjects = [{"application_id": str(number)} for number in range(count)]
    texts = receipts(rulebook, facts, judge(rulebook, facts), subjects, ASSESSED_ON)
    assert replay_all(texts, rulebook) == texts

    def judged() -> object:
        return criterion_verdicts(rulebook, judge(rulebook, facts))

    def written() -> object:
        return receipts(rulebook, facts, judge(rulebook, facts), subjects, ASSESSED_ON)

    def replayed() -> object:
        return replay_all(texts, rulebook) == texts

    ways: dict[str, Callable[[], object]] = {
        "judge, from and to a frame in memory": judged,
        "judge from Python rows": lambda: criterion_verdicts(rulebook, judge(rulebook, facts_frame(rows))),
        "judge and write receipts": written,
        "replay and compare": replayed,
    }
    seconds = [{name: _seconds(work) for name, work in ways.items()} for _ in range(REPETITIONS)]
    return [(name, median(repetition[name] for repetition in seconds)) for name in ways]


def main(sizes: tuple[int, ...] = SIZES) -> None:
    table = Table(title="replay: receipts judged again, all equal to the byte")
    table.add_column("way")
    for heading in ("receipts", "rows/s", "times the time of judge"):
        table.add_column(heading, justify="right")
    for size in sizes:
        found = run(size)
        judged = found[0][1]
        for name, taken in found:
            table.add_row(name, f"{size:,}", f"{size / taken:,.0f}", f"{taken / judged:.1f}")
    Console(width=120).print(table)


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
