"""The best assignment of meetings: capacities, bans, room for so many, and a floor of fairness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import numpy as np

from services.finance.matchmaking.linear_programme import Flow, Limits, Programme
from services.finance.matchmaking.problem import Matching, Solution

_EMPTY = Solution((), 0, 0, 0)


def solve(matching: Matching, *, seconds: float, seed: int) -> Solution:
    """The assignment with the largest total among the fair ones; the same for the same input.

    Fair: as many enterprises have a meeting as can have one at once, or nobody has more than `matching.fair`. Raises
    `UnsolvedError` where `seconds` do not suffice for any assignment.
    """
    limits = Limits(monotonic() + seconds, seed)
    matching = _reduced(matching)
    if not matching.allowed.any() or matching.most < 1:
        return _EMPTY
    free = Programme(matching, limits).solve()
    if max(_meetings(matching, free)) <= matching.fair:
        return _solution(free, free.bound, None)
    coverable = _coverable(matching, limits)
    if _covered(free) >= coverable:
        return _solution(free, free.bound, coverable)
    covering = Programme(matching, limits, covered=coverable).solve()
    limited = replace(matching, row_capacity=np.minimum(matching.row_capacity, matching.fair))
    few = Programme(limited, limits).solve()
    best = covering if covering.value >= few.value else few
    return _solution(best, max(covering.bound, few.bound), coverable)


def _reduced(matching: Matching) -> Matching:
    """Without pairs that nobody has a place for."""
    open_pairs = (matching.row_capacity > 0)[:, None] & (matching.column_capacity > 0)[None, :]
    return replace(matching, allowed=matching.allowed & open_pairs & (matching.points > 0))


def _meetings(matching: Matching, flow: Flow) -> Sequence[int]:
    counts = np.zeros(len(matching.row_capacity), dtype=np.int64)
    for row, _ in flow.pairs:
        counts[row] += 1
    return counts.tolist()


def _covered(flow: Flow) -> int:
    return len({row for row, _ in flow.pairs})


def _coverable(matching: Matching, limits: Limits) -> int:
    """How many enterprises can have a meeting at once: one each is enough to know."""
    ones = replace(matching, row_capacity=np.minimum(matching.row_capacity, 1))
    return Programme(ones, limits, first_points=1).solve().value


def _solution(flow: Flow, bound: int, coverable: int | None) -> Solution:
    return Solution(tuple(flow.pairs), flow.value, max(bound, flow.value), coverable)
