"""The matching as a network flow for HiGHS, with pairs added only where the prices say that they may matter.

The constraint matrix is that of a network (enterprise, partner, and two supplies: first meetings and further ones), so
that its vertices are whole numbers and the simplex method's optimum is an assignment.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import highspy
import numpy as np
from numpy.typing import NDArray

from services.finance.matchmaking.problem import Counts, Flags, Matching, UnsolvedError

_EPSILON = 1e-6
_EXTRA_CANDIDATES = 6
_MOST_ADDED_PER_ROW = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """`until` on the monotonic clock, in seconds; `seed` of the solver."""

    until: float
    seed: int


@dataclass(frozen=True, slots=True)
class Flow:
    """An optimal flow over the pairs considered; `bound` holds for all pairs."""

    pairs: list[tuple[int, int]]
    value: int
    bound: int


def quiet_solver(limits: Limits) -> highspy.Highs:
    """HiGHS, silent and deterministic."""
    solver = highspy.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", limits.seed),
        ("time_limit", max(0.1, limits.until - monotonic())),
    ):
        solver.setOptionValue(name, value)
    return solver


class Programme:
    """Maximises `points` of the meetings plus `first_points` of every enterprise that has one, at least `covered`."""

    def __init__(self, matching: Matching, limits: Limits, *, covered: int = 0, first_points: int = 0) -> None:
        self._matching, self._limits = matching, limits
        self._first_points = first_points
        self._points: Counts = matching.points if not first_points else np.zeros_like(matching.points)
        self._rows, self._columns = matching.points.shape
        self._taken: Flags = np.zeros(matching.points.shape, dtype=np.bool_)
        self._arcs: list[tuple[int, int]] = []
        self._solver = quiet_solver(limits)
        self._solver.setOptionValue("solver", "simplex")
        self._solver.setOptionValue("presolve", "off")
        self._add_rows(covered)
        self._add_supplies()

    def solve(self) -> Flow:
        """Proven optimal, or with the bound that the prices prove when time is up; `UnsolvedError` without a flow."""
        self._add_pairs(self._first_candidates())
        while True:
            self._solver.setOptionValue("time_limit", max(0.1, self._limits.until - monotonic()))
            self._solver.run()
            if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
                raise UnsolvedError(str(self._solver.getModelStatus()))
            gains = self._gains()
            wanted = self._most_promising(gains)
            if not wanted.any() or monotonic() > self._limits.until:
                return self._flow(gains)
            self._add_pairs(wanted)

    def _add_rows(self, covered: int) -> None:
        solver, infinity = self._solver, highspy.kHighsInf
        none, empty = np.array([], dtype=np.int32), np.array([], dtype=np.float64)
        for _ in range(self._rows):
            solver.addRow(0.0, 0.0, 0, none, empty)
        for capacity in self._matching.column_capacity:
            solver.addRow(-infinity, float(capacity), 0, none, empty)
        solver.addRow(float(covered), infinity, 0, none, empty)
        solver.addRow(-infinity, float(self._matching.most), 0, none, empty)

    def _add_supplies(self) -> None:
        """An enterprise's first meeting, and its further ones."""
        cover, whole = self._rows + self._columns, self._rows + self._columns + 1
        for row, capacity in enumerate(self._matching.row_capacity.tolist()):
            first = np.array([row, cover, whole], dtype=np.int32)
            self._solver.addCol(
                -float(self._first_points), 0.0, float(min(capacity, 1)), 3, first, np.array([-1.0, 1.0, 1.0])
            )
            more = np.array([row, whole], dtype=np.int32)
            self._solver.addCol(0.0, 0.0, float(max(capacity - 1, 0)), 2, more, np.array([-1.0, 1.0]))

    def _first_candidates(self) -> Flags:
        """The best few pairs of everybody."""
        scores = np.where(self._matching.allowed, self._matching.points, -1)
        chosen: Flags = np.zeros(scores.shape, dtype=np.bool_)
        for axis, capacities in ((1, self._matching.row_capacity), (0, self._matching.column_capacity)):
            order = np.argsort(-scores, axis=axis, kind="stable")
            ranks = np.empty_like(order)
            numbers = np.arange(scores.shape[axis])
            np.put_along_axis(ranks, order, numbers if axis else numbers[:, None], axis=axis)
            most = np.minimum(capacities, scores.shape[axis]) + _EXTRA_CANDIDATES
            chosen |= ranks < (most[:, None] if axis else most[None, :])
        return chosen & self._matching.allowed

    def _add_pairs(self, wanted: Flags) -> None:
        rows, columns = np.nonzero(wanted)
        count = len(rows)
        if not count:
            return
        indices = np.stack([rows, columns + self._rows], axis=1).ravel().astype(np.int32)
        self._solver.addCols(
            count,
            -self._points[rows, columns].astype(np.float64),
            np.zeros(count),
            np.ones(count),
            2 * count,
            np.arange(0, 2 * count, 2, dtype=np.int32),
            indices,
            np.ones(2 * count),
        )
        self._taken |= wanted
        self._arcs.extend(zip(rows.tolist(), columns.tolist(), strict=True))

    def _gains(self) -> NDArray[np.float64]:
        """What one more unit of each pair that was left out would add at the present prices."""
        duals = np.array(self._solver.getSolution().row_dual)
        prices = duals[: self._rows, None] + duals[None, self._rows : self._rows + self._columns]
        gains = self._points + prices
        return np.where(self._matching.allowed & ~self._taken & (gains > _EPSILON), gains, 0.0)

    def _most_promising(self, gains: NDArray[np.float64]) -> Flags:
        best = np.argsort(-gains, axis=1, kind="stable")[:, :_MOST_ADDED_PER_ROW]
        wanted: Flags = np.zeros(gains.shape, dtype=np.bool_)
        np.put_along_axis(wanted, best, values=True, axis=1)
        return wanted & (gains > 0)

    def _flow(self, gains: NDArray[np.float64]) -> Flow:
        values = np.array(self._solver.getSolution().col_value)[2 * self._rows :]
        whole = np.rint(values)
        if len(values) and float(np.abs(values - whole).max()) > _EPSILON:
            raise UnsolvedError("a vertex of a network is not whole")
        pairs = [arc for arc, value in zip(self._arcs, whole.tolist(), strict=True) if value]
        value = -self._solver.getInfo().objective_function_value
        # What the pairs left out could add at most: each enterprise its best gain, as often as it may meet.
        beyond = float((gains.max(axis=1) * self._matching.row_capacity).sum()) if gains.size else 0.0
        return Flow(sorted(pairs), round(value), round(value) + int(beyond))
