"""The ten standards over 100,000 generated applications: the rulebook engine against a plain Python loop."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any, TypeAlias

import polars as pl
from rich.console import Console
from rich.table import Table

from services.evaluation.rulebooks.catalogue import Fact, FactValue, catalogue
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.reference.province import province

RULEBOOK = "hubei-2024"
APPLICATIONS = 100_000
REPETITIONS = 7
# Blank cells are common in real forms; the loop has to cope with them as the engine does.
MISSING_SHARE = 0.03
YES_SHARE = 0.8
FIVE_MILLION_YUAN = 500_000_000

Row: TypeAlias = dict[str, Any]
Verdicts: TypeAlias = tuple[bool | None, ...]


def generated(count: int, seed: int = 14) -> list[Row]:
    """Invented facts, many of them on or near a threshold; money in 分."""
    source = random.Random(seed)
    facts = tuple(catalogue().values())
    return [{fact.name: _generated(fact, source) for fact in facts} for _ in range(count)]


def _generated(fact: Fact, source: random.Random) -> FactValue:
    if source.random() < MISSING_SHARE:
        return None
    if fact.type == "boolean":
        return source.random() < YES_SHARE
    if fact.type == "text":
        return source.choice(list(fact.options))
    if fact.type == "money":
        return source.choice(
            (0, FIVE_MILLION_YUAN, FIVE_MILLION_YUAN - 1, source.randrange(10**10), source.randrange(10**9))
        )
    return source.choice((0, 5, 10, 20, 100, source.randrange(1000)))


def _every(values: Verdicts) -> bool | None:
    return False if False in values else None if None in values else True


def _some(values: Verdicts) -> bool | None:
    return True if True in values else None if None in values else False


def _none(values: Verdicts) -> bool | None:
    return False if True in values else None if None in values else True


def loop_verdicts(row: Row) -> Verdicts:
    """附件1 to 附件10 and the whole, written out by hand with the same three values."""
    size, staff, rd, revenue = row["size_class"], row["ip_staff"], row["rd_expense_cny"], row["revenue_cny"]
    industrialised, valid = row["industrialised_patents"], row["valid_patents"]
    rd_staff, employees = row["rd_staff"], row["employees"]
    medium_or_less = None if size is None else size != "large"
    rate = None if industrialised is None or not valid else industrialised * 2 >= valid
    rd_share = None if rd is None or not revenue else rd * 10 >= revenue
    rd_amount = None if rd is None else rd >= FIVE_MILLION_YUAN
    staff_share = None if rd_staff is None or not employees else rd_staff * 5 >= employees
    team = False if row["rd_leader_named"] is False else None
    ip_staff = None if staff is None else staff >= 1
    criteria = (
        _every((row["registered_in_province"], row["legal_person"], medium_or_less)),
        _some(
            (
                row["qualification_sme_specialised"],
                row["qualification_little_giant_national"],
                row["qualification_high_tech"],
                row["qualification_ip_advantage"],
                row["qualification_ip_demonstration"],
                row["qualification_industrial_ip_pilot"],
            )
        ),
        row["patent_intensive"],
        _every((row["core_patent_on_main_product"], row["main_product_filed"])),
        rate,
        _some((rd_share, rd_amount)),
        _every((team, _some((staff_share, row["collaboration_active"])))),
        False if row["own_brand"] is False else None,
        _every((row["ip_policy"], row["ip_unit"], ip_staff, row["ip_budget"], None)),
        _none((row["abnormal_filing"], row["major_accident"], row["violation"], row["serious_dishonesty"])),
    )
    return (*criteria, _every(criteria))


def _loop(rows: Sequence[Row]) -> list[Verdicts]:
    return [loop_verdicts(row) for row in rows]


def _engine(rulebook: Rulebook, facts: pl.DataFrame) -> pl.DataFrame:
    return criterion_verdicts(rulebook, judge(rulebook, facts))


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _same(verdicts: pl.DataFrame, by_loop: list[Verdicts]) -> bool:
    words = {True: "met", False: "not_met", None: "unknown"}
    return verdicts.rows() == [(*row[:-1], words[row[-1]]) for row in by_loop]


def run() -> list[dict[str, str | float]]:
    """Rows per second of each way (median of interleaved repetitions) and how many times the loop's they are.

    Raises AssertionError if the engine and the loop disagree on any verdict.
    """
    rulebook = rulebook_by_id(province().rulebooks, RULEBOOK)
    rows = generated(APPLICATIONS)
    facts = facts_frame(rows)
    if not _same(_engine(rulebook, facts), _loop(rows)):
        raise AssertionError("the engine and the loop disagree")
    ways: dict[str, Callable[[], object]] = {
        "plain Python loop": lambda: _loop(rows),
        "rulebook engine": lambda: _engine(rulebook, facts),
        "rulebook engine, from and to Python rows": lambda: _engine(rulebook, facts_frame(rows)).rows(),
    }
    seconds = [{name: _seconds(work) for name, work in ways.items()} for _ in range(REPETITIONS)]
    per_way = {name: median(repetition[name] for repetition in seconds) for name in ways}
    loop = per_way["plain Python loop"]
    return [
        {"way": name, "rows_per_second": APPLICATIONS / taken, "times_the_loop": loop / taken}
        for name, taken in per_way.items()
    ]


def main() -> None:
    table = Table(title=f"judge: {APPLICATIONS:,} applications against ten standards; all verdicts equal")
    table.add_column("way")
    table.add_column("rows/s", justify="right")
    table.add_column("times the loop", justify="right")
    for row in run():
        table.add_row(str(row["way"]), f"{row['rows_per_second']:,.0f}", f"{row['times_the_loop']:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
