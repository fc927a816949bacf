"""Matchmaking: the optimal assignment and its timetable next to a greedy one, and the best patents of a stock."""

from __future__ import annotations

import random
import resource
from collections import Counter
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table

from services.finance.matchmaking.affinity import Affinity, best_partners
from services.finance.matchmaking.classes import ipc_symbol
from services.finance.matchmaking.gathering import Gathering, Scoring
from services.finance.matchmaking.problem import Matching
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.quality import labelled_pairs, measured
from services.finance.matchmaking.solver import solve
from services.finance.matchmaking.terms import match_terms
from services.finance.matchmaking.timetable import timetable

WAN = 1_000_000
# Enterprises, partners, slots.
SIZES = ((50, 20, 6), (500, 100, 12), (3000, 600, 12))
PATENTS, ASKING, WANTED = 10_000, 3_000, 10
_IPC = [f"{section}{klass:02d}{sub}{group}/{low}" for section in "ABCFGH" for klass in (1, 4, 23) for sub in "BKLM"
        for group in (1, 5, 21) for low in ("02", "10")]  # fmt: skip
_INDUSTRIES = ("3976", "3841", "2710", "3562", "3670", "2651", "3444", "3922", "6513", "2770")
_FIELDS = (
    "光纤 激光器 焊接 动力电池 回收 药物 中间体 催化剂 数控机床 北斗 导航 芯片 封装 传感器 机器人 减速器",
    "碳纤维 复合材料 储能 逆变器 医疗影像 检测 水处理 膜材料 智能网联 雷达 显示面板 存储器 育种 发酵",
)
_WORDS = [word for line in _FIELDS for word in line.split()]
_CITIES = ("420100", "420200", "420300", "420500", "420600", "420000")
_STAGES = ("seed", "start_up", "growth", "expansion", "mature")


@dataclass(frozen=True)
class Run:
    size: tuple[int, int, int]
    affinity: float
    solving: float
    timetable: float
    meetings: int
    gap: float
    total: int
    greedy: int
    fair_greedy: int
    with_one: int
    greedy_with_one: int
    megabytes: float


def profile(source: random.Random, name: str, capacity: int, *, partner: bool) -> Profile:
    """Invented; some facts unknown, as on real forms."""
    amount = source.choice((100, 300, 500, 1000, 3000)) * WAN
    return Profile(
        id=name,
        name=f"【虚构】{name}",
        capacity=capacity,
        ipc=tuple(ipc_symbol(one) for one in source.sample(_IPC, source.randrange(4))),
        industries=tuple(source.sample(_INDUSTRIES, source.randrange(1, 3))),
        least=amount // 2 if partner else amount,
        most=amount * 4 if partner else amount,
        regions=(source.choice(_CITIES) if partner else source.choice(_CITIES[:-1]),),
        stages=tuple(source.sample(_STAGES, 3 if partner else 1)),
        text="".join(source.choices(_WORDS, k=8)),
    )


def gathering(rows: int, columns: int, slots: int) -> Gathering:
    """Rooms for every partner; a twentieth of the pairs that anyone names are bans."""
    source = random.Random(14)
    enterprises = tuple(profile(source, f"e{n:05}", 4, partner=False) for n in range(rows))
    partners = tuple(profile(source, f"p{n:05}", slots, partner=True) for n in range(columns))
    bans = {
        (source.choice(enterprises).id, source.choice(partners).id): frozenset({"partner"}) for _ in range(rows // 5)
    }
    return Gathering("roadshow", slots, columns, enterprises, partners, bans, {}, {})  # pyright: ignore[reportArgumentType]


def greedy(matching: Matching) -> tuple[int, int]:
    """The best pair that still fits, again and again: its total, and how many enterprises it gives a meeting."""
    pairs = np.argwhere(matching.allowed)
    order = np.argsort(-matching.points[matching.allowed], kind="stable")
    rows: Counter[int] = Counter()
    columns: Counter[int] = Counter()
    total = 0
    for row, column in pairs[order].tolist():
        if rows[row] < matching.row_capacity[row] and columns[column] < matching.column_capacity[column]:
            rows[row] += 1
            columns[column] += 1
            total += int(matching.points[row, column])
    return total, len(rows)


def run_one(size: tuple[int, int, int]) -> Run:
    """Affinity, assignment and timetable of one event."""
    terms = match_terms()
    one = gathering(*size)
    started = perf_counter()
    matching = Scoring(one, terms.kinds[one.kind], terms).matching()
    scored = perf_counter()
    found = solve(matching, seconds=terms.solver_seconds, seed=terms.seed)
    solved = perf_counter()
    placed = timetable(found.pairs, one.slots, one.rooms)
    done = perf_counter()
    assert len({(each.slot, each.room) for each in placed}) == len(found.pairs)
    by_greed, greedy_with_one = greedy(matching)
    # Greed knows no floor: it is fair where nobody may have more than the few meetings that need no floor.
    limited = replace(matching, row_capacity=np.minimum(matching.row_capacity, matching.fair))
    return Run(
        size,
        scored - started,
        solved - scored,
        done - solved,
        len(found.pairs),
        found.gap_permille / 10,
        found.total,
        by_greed,
        greedy(limited)[0],
        len({row for row, _ in found.pairs}),
        greedy_with_one,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def top_patents() -> tuple[float, float]:
    """Seconds for the best of a stock of patents for every enterprise, and of a dense product of the same size."""
    source = random.Random(15)
    terms = match_terms()
    patents = [replace(profile(source, f"p{n:05}", 1, partner=True), least=None, most=None) for n in range(PATENTS)]
    enterprises = [profile(source, f"e{n:05}", 1, partner=False) for n in range(ASKING)]
    started = perf_counter()
    affinity = Affinity(enterprises, patents, terms.kinds["university_patents"], terms.affinity)
    best = [best_partners(affinity, one, WANTED) for one in enterprises]
    taken = perf_counter() - started
    assert all(len(one) == WANTED for one in best)
    numbers = np.random.default_rng(15)
    width = len(_IPC) + len(_WORDS) + len(_INDUSTRIES)
    left, right = (numbers.random((length, width), dtype=np.float32) for length in (ASKING, PATENTS))
    started = perf_counter()
    dense = left @ right.T
    np.argpartition(-dense, WANTED, axis=1)
    return taken, perf_counter() - started


def quality() -> None:
    """How well the affinity of events ranks pairs that people judged."""
    labelled, terms = labelled_pairs(), match_terms()
    for kind in ("university_patents", "challenge"):
        found = measured(labelled, terms.kinds[kind], terms)
        print(
            f"nDCG@{found.cut} on {labelled.pairs} labelled pairs, {kind}: {found.affinity:.3f}; "
            f"classes alone {found.classes:.3f}, text alone {found.text:.3f}, chance {found.chance:.3f}"
        )


def main() -> None:
    table = Table(title="match: meetings of one event; gap proven by the solver's prices")
    for name in ("event", "affinity s", "solve s", "timetable s", "meetings", "gap %", "total", "greedy",
                 "fair greedy", "with one", "greedy's", "peak MB"):  # fmt: skip
        table.add_column(name, justify="right")
    for one in map(run_one, SIZES):
        table.add_row(
            "x".join(map(str, one.size[:2])),
            *(f"{seconds:.2f}" for seconds in (one.affinity, one.solving, one.timetable)),
            f"{one.meetings:,}",
            f"{one.gap:.2f}",
            f"{one.total:,}",
            f"{one.greedy / one.total:.2%}",
            f"{one.fair_greedy / one.total:.2%}",
            f"{one.with_one:,}",
            f"{one.greedy_with_one:,}",
            f"{one.megabytes:,.0f}",
        )
    Console(width=140).print(table)
    taken, dense = top_patents()
    print(
        f"best {WANTED} of {PATENTS:,} patents for {ASKING:,} enterprises: {taken:.1f} s; dense product {dense:.1f} s"
    )
    quality()


if __name__ == "__main__":
    main()
