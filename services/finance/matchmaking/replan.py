"""After a cancellation: new meetings for those who lost one, everything else where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import highspy
import numpy as np

from services.finance.matchmaking.linear_programme import Limits, quiet_solver
from services.finance.matchmaking.problem import Matching, UnsolvedError
from services.finance.matchmaking.terms import FULL
from services.finance.matchmaking.timetable import Placed

_Choice = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Touched:
    """Whose meetings fell out: places of enterprises and partners who are still there."""

    rows: frozenset[int]
    columns: frozenset[int]


def replan(
    matching: Matching, kept: Sequence[Placed], touched: Touched, slots: Sequence[int], rooms: int, limits: Limits
) -> list[Placed]:
    """The best new meetings in `slots` of those who were touched, around all that are kept; nobody else's day changes.

    A kept meeting whose other side has left since has -1 in its place. First as many enterprises as possible that have none get one, then the total counts.
    """
    choices = _choices(matching, kept, touched, slots)
    return _in_rooms(kept, _best(matching, kept, choices, rooms, limits), rooms) if choices else []


def _choices(matching: Matching, kept: Sequence[Placed], touched: Touched, slots: Sequence[int]) -> list[_Choice]:
    met = {(one.row, one.column) for one in kept}
    busy_rows = {(one.row, one.slot) for one in kept}
    busy_columns = {(one.column, one.slot) for one in kept}
    theirs = np.zeros(matching.allowed.shape, dtype=np.bool_)
    theirs[sorted(touched.rows), :] = True
    theirs[:, sorted(touched.columns)] = True
    pairs = np.argwhere(matching.allowed & theirs & (matching.points > 0)).tolist()
    return [
        (row, column, slot)
        for row, column in pairs
        if (row, column) not in met
        for slot in slots
        if (row, slot) not in busy_rows and (column, slot) not in busy_columns
    ]


class _Rows:
    """Rows of at most so many, added as they are first named."""

    def __init__(self) -> None:
        self.most: list[float] = []
        self._numbers: dict[tuple[object, ...], int] = {}

    def number(self, most: float, *name: object) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.most)
            self.most.append(most)
        return self._numbers[name]


def _best(
    matching: Matching, kept: Sequence[Placed], choices: Sequence[_Choice], rooms: int, limits: Limits
) -> list[_Choice]:
    of_row, of_column = Counter(one.row for one in kept), Counter(one.column for one in kept)
    in_slot = Counter(one.slot for one in kept)
    rows = _Rows()
    # One more enterprise with a meeting is worth more than any meetings.
    first = (FULL * 2) * (len(choices) + 1)
    columns: list[tuple[float, list[int], list[float]]] = []
    for row, column, slot in choices:
        used = [
            rows.number(1, "pair", row, column),
            rows.number(1, "row", row, slot),
            rows.number(1, "column", column, slot),
            rows.number(rooms - in_slot[slot], "slot", slot),
            rows.number(int(matching.row_capacity[row]) - of_row[row], "row", row),
            rows.number(int(matching.column_capacity[column]) - of_column[column], "column", column),
        ]
        signs = [1.0] * len(used)
        if not of_row[row]:
            used.append(rows.number(0, "first", row))
            signs.append(-1.0)
        columns.append((-float(matching.points[row, column]), used, signs))
    without = sorted({row for row, _, _ in choices if not of_row[row]})
    columns += [(-float(first), [rows.number(0, "first", row)], [1.0]) for row in without]
    values = _whole_numbers(rows.most, columns, limits)
    return [choice for choice, value in zip(choices, values, strict=False) if value > 0.5]


def _whole_numbers(
    most: Sequence[float], columns: Sequence[tuple[float, list[int], list[float]]], limits: Limits
) -> list[float]:
    solver = quiet_solver(limits)
    solver.setOptionValue("mip_rel_gap", 0.0)
    none, empty = np.array([], dtype=np.int32), np.array([], dtype=np.float64)
    for bound in most:
        solver.addRow(-highspy.kHighsInf, bound, 0, none, empty)
    for number, (cost, used, signs) in enumerate(columns):
        solver.addCol(cost, 0.0, 1.0, len(used), np.array(used, dtype=np.int32), np.array(signs))
        solver.changeColIntegrality(number, highspy.HighsVarType.kInteger)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise UnsolvedError(str(solver.getModelStatus()))
    return list(solver.getSolution().col_value)


def _in_rooms(kept: Sequence[Placed], chosen: Iterable[_Choice], rooms: int) -> list[Placed]:
    taken = {(one.slot, one.room) for one in kept}
    added: list[Placed] = []
    for row, column, slot in sorted(chosen, key=lambda one: (one[2], one[1])):
        room = next(number for number in range(rooms) if (slot, number) not in taken)
        taken.add((slot, room))
        added.append(Placed(row, column, slot, room))
    return added
