"""Assignments of meetings against every assignment there is, timetables against what makes one free of conflicts."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from time import monotonic

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.matchmaking.linear_programme import Limits
from services.finance.matchmaking.problem import Matching, Solution
from services.finance.matchmaking.replan import Touched, replan
from services.finance.matchmaking.solver import solve
from services.finance.matchmaking.timetable import timetable

Pairs = tuple[tuple[int, int], ...]


def solved(matching: Matching) -> Solution:
    return solve(matching, seconds=30, seed=14)


@st.composite
def matchings(draw: st.DrawFn, rows: int = 4, columns: int = 3) -> Matching:
    shape = (draw(st.integers(1, rows)), draw(st.integers(1, columns)))
    size = shape[0] * shape[1]
    points = draw(st.lists(st.integers(0, 9), min_size=size, max_size=size))
    # Few bans: an assignment that has everything to choose from is where the floor of fairness matters.
    allowed = draw(st.lists(st.sampled_from([True, True, True, False]), min_size=size, max_size=size))
    capacities = [draw(st.lists(st.integers(0, 3), min_size=length, max_size=length)) for length in shape]
    return Matching(
        points=np.array(points, dtype=np.int32).reshape(shape),
        allowed=np.array(allowed, dtype=np.bool_).reshape(shape),
        row_capacity=np.array(capacities[0], dtype=np.int32),
        column_capacity=np.array(capacities[1], dtype=np.int32),
        most=draw(st.integers(0, 8)),
        fair=draw(st.integers(0, 2)),
    )


def feasible(matching: Matching) -> list[Pairs]:
    """Every assignment within capacities, bans and room."""
    pairs = [
        (row, column)
        for row, column in np.argwhere(matching.allowed).tolist()
        if matching.points[row, column] > 0 and matching.row_capacity[row] and matching.column_capacity[column]
    ]
    return [
        chosen
        for size in range(min(len(pairs), matching.most) + 1)
        for chosen in combinations(pairs, size)
        if fits(matching, chosen)
    ]


def fits(matching: Matching, pairs: Pairs) -> bool:
    rows, columns = Counter(row for row, _ in pairs), Counter(column for _, column in pairs)
    return all(count <= matching.row_capacity[row] for row, count in rows.items()) and all(
        count <= matching.column_capacity[column] for column, count in columns.items()
    )


def is_fair(matching: Matching, pairs: Pairs, coverable: int) -> bool:
    meetings = Counter(row for row, _ in pairs)
    return len(meetings) == coverable or max(meetings.values(), default=0) <= matching.fair


@given(matchings())
@settings(max_examples=150)
def test_no_fair_assignment_is_worth_more(matching: Matching) -> None:
    every = feasible(matching)
    coverable = max(len({row for row, _ in pairs}) for pairs in every)
    fair = [pairs for pairs in every if is_fair(matching, pairs, coverable)]
    best = max(sum(int(matching.points[pair]) for pair in pairs) for pairs in fair)
    found = solved(matching)
    assert found.pairs in fair
    assert (found.total, found.bound, found.gap_permille) == (best, best, 0)
    assert sum(int(matching.points[pair]) for pair in found.pairs) == found.total
    assert found.coverable in {None, coverable}
    assert solved(matching) == found


def test_everybody_has_one_before_anyone_has_a_fourth() -> None:
    """One enterprise is worth far more everywhere; another can meet one partner alone, who has a single place."""
    points = np.array([[900, 900, 900, 900], [300, 0, 0, 0]], dtype=np.int32)
    matching = Matching(
        points, points > 0, np.array([4, 4], dtype=np.int32), np.array([1, 1, 1, 1], dtype=np.int32), 16, 3
    )
    found = solved(matching)
    assert found.pairs == ((0, 1), (0, 2), (0, 3), (1, 0))
    assert found.coverable is None or found.coverable == 2


def test_without_slots_partners_or_pairs_the_result_is_empty() -> None:
    none = np.zeros((3, 2), dtype=np.int32)
    ones = np.ones(3, dtype=np.int32), np.ones(2, dtype=np.int32)
    assert solved(Matching(none + 5, none > 0, *ones, 9, 3)).pairs == ()
    assert solved(Matching(none + 5, none == 0, *ones, 0, 3)).pairs == ()
    assert solved(Matching(none + 5, none == 0, ones[0] * 0, ones[1], 9, 3)).pairs == ()
    empty = np.zeros((3, 0), dtype=np.int32)
    assert solved(Matching(empty, empty > 0, ones[0], np.array([], dtype=np.int32), 9, 3)).pairs == ()


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 5)), max_size=40), st.integers(0, 3), st.integers(0, 4))
def test_a_timetable_is_free_of_conflicts(pairs: set[tuple[int, int]], more_slots: int, more_rooms: int) -> None:
    degrees = [Counter(pair[side] for pair in pairs) for side in (0, 1)]
    slots = max((count for side in degrees for count in side.values()), default=0) + more_slots
    rooms = -(-len(pairs) // slots) + more_rooms if slots else more_rooms
    placed = timetable(sorted(pairs), slots, rooms)
    assert {(one.row, one.column) for one in placed} == pairs
    assert len(placed) == len(pairs)
    for key in ("row", "column", "room"):
        assert len({(getattr(one, key), one.slot) for one in placed}) == len(pairs)
    assert all(0 <= one.slot < slots and 0 <= one.room < rooms for one in placed)


def test_more_meetings_than_slots_or_rooms_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        timetable([(0, 0), (0, 1)], 1, 5)
    with pytest.raises(ValueError, match="do not fit"):
        timetable([(0, 0), (1, 1)], 1, 1)


@given(matchings(), st.integers(0, 3))
def test_a_cancellation_moves_nobody_else(matching: Matching, cancelled: int) -> None:
    column = cancelled % matching.points.shape[1]
    slots, rooms = 4, 3
    limited = Matching(
        matching.points, matching.allowed, matching.row_capacity, matching.column_capacity, slots * rooms, matching.fair
    )
    placed = timetable(list(solved(limited).pairs), slots, rooms)
    lost = [one for one in placed if one.column == column]
    limited.allowed[:, column] = False
    kept = [one for one in placed if one not in lost]
    touched = Touched(frozenset(one.row for one in lost), frozenset())
    added = replan(limited, kept, touched, range(slots), rooms, Limits(monotonic() + 30, 14))
    assert {one.row for one in added} <= touched.rows
    both = [*kept, *added]
    assert fits(limited, tuple((one.row, one.column) for one in both))
    for key in ("row", "column", "room"):
        assert len({(getattr(one, key), one.slot) for one in both}) == len(both)
    assert all(limited.allowed[one.row, one.column] for one in added)
    # Whoever is left without could not have been given anything: every allowed partner is full or busy meanwhile.
    for row in {one.row for one in lost} - {one.row for one in both}:
        for other in np.flatnonzero(limited.allowed[row] & (limited.points[row] > 0)).tolist():
            met = [one for one in both if one.column == other]
            assert len(met) >= min(slots, int(limited.column_capacity[other])) or len(both) >= slots * rooms
