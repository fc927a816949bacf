"""A timetable without conflicts: bipartite edge colouring over slots, evened out to the rooms there are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

Pair: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """One meeting of enterprise `row` with partner `column`; `slot` and `room` count from 0."""

    row: int
    column: int
    slot: int
    room: int


def timetable(pairs: Sequence[Pair], slots: int, rooms: int) -> list[Placed]:
    """A slot and a room for every pair: nobody twice in a slot, no room twice; in order of slot and room.

    By Kőnig's theorem there is one whenever nobody has more meetings than there are slots, and no more meetings than
    slots times rooms; ValueError otherwise.
    """
    sides = (Counter(row for row, _ in pairs), Counter(column for _, column in pairs))
    busiest = max((count for side in sides for count in side.values()), default=0)
    if busiest > slots or len(pairs) > slots * rooms or len(set(pairs)) < len(pairs):
        raise ValueError(f"{len(pairs)} meetings, up to {busiest} of one, do not fit {slots} slots of {rooms} rooms")
    colouring = _Colouring(slots)
    for pair in sorted(pairs):
        colouring.add(pair)
    if pairs:
        colouring.even_out(rooms)
    return with_rooms(colouring.slot_of, rooms)


class _Colouring:
    """A slot per pair; `_at[side][participant][slot]` is whom the participant meets in a slot."""

    def __init__(self, slots: int) -> None:
        self._at: tuple[defaultdict[int, dict[int, int]], ...] = (defaultdict(dict), defaultdict(dict))
        self._loads = [0] * slots
        self.slot_of: dict[Pair, int] = {}

    def add(self, pair: Pair) -> None:
        """Give the pair a slot; others may be moved."""
        row, column = pair
        mine, theirs = self._at[0][row], self._at[1][column]
        slots = range(len(self._loads))
        both = [slot for slot in slots if slot not in mine and slot not in theirs]
        if both:
            # The emptiest slot that suits both leaves least to even out.
            self._place(pair, min(both, key=lambda slot: (self._loads[slot], slot)))
            return
        here = next(slot for slot in slots if slot not in mine)
        there = next(slot for slot in slots if slot not in theirs)
        # The path from the column that alternates between the two slots never ends at the row: swapping frees `here`.
        self._swap(self._path(1, column, here, there), here, there)
        self._place(pair, here)

    def even_out(self, rooms: int) -> None:
        """Move meetings from slots with more of them than rooms to those with fewer."""
        while max(self._loads) > rooms:
            fullest = max(range(len(self._loads)), key=self._loads.__getitem__)
            emptiest = min(range(len(self._loads)), key=self._loads.__getitem__)
            self._swap(self._heavy_path(fullest, emptiest), fullest, emptiest)

    def _heavy_path(self, heavy: int, light: int) -> list[Pair]:
        """A path of alternating slots with one meeting more in `heavy`: there is one, since `heavy` has more."""
        seen: set[Pair] = set()
        for pair in sorted(pair for pair, slot in self.slot_of.items() if slot == heavy):
            if pair in seen:
                continue
            path = self._whole_path(pair, heavy, light)
            seen.update(path)
            in_heavy = sum(self.slot_of[one] == heavy for one in path)
            if 2 * in_heavy > len(path):
                return path
        raise AssertionError("a fuller slot has a path that begins and ends in it")

    def _whole_path(self, pair: Pair, one: int, other: int) -> list[Pair]:
        """Every pair connected with `pair` through the two slots."""
        forth = self._path(0, pair[0], other, one)
        back = self._path(1, pair[1], other, one)
        return list(dict.fromkeys([pair, *forth, *back]))

    def _path(self, side: int, start: int, slot: int, other: int) -> list[Pair]:
        """Pairs on the path from a participant, first in `slot`, then in `other`, and so on; a cycle once around."""
        found: list[Pair] = []
        at = start
        while (met := self._at[side][at].get(slot)) is not None:
            pair = (at, met) if side == 0 else (met, at)
            if found and pair == found[0]:
                break
            found.append(pair)
            side, at, slot, other = 1 - side, met, other, slot
        return found

    def _swap(self, path: Iterable[Pair], one: int, other: int) -> None:
        moves = [(pair, other if self.slot_of[pair] == one else one) for pair in path]
        for pair, _ in moves:
            self._remove(pair)
        for pair, slot in moves:
            self._place(pair, slot)

    def _place(self, pair: Pair, slot: int) -> None:
        self._at[0][pair[0]][slot] = pair[1]
        self._at[1][pair[1]][slot] = pair[0]
        self._loads[slot] += 1
        self.slot_of[pair] = slot

    def _remove(self, pair: Pair) -> None:
        slot = self.slot_of.pop(pair)
        del self._at[0][pair[0]][slot], self._at[1][pair[1]][slot]
        self._loads[slot] -= 1


def with_rooms(slot_of: dict[Pair, int], rooms: int) -> list[Placed]:
    """Rooms for meetings that have slots: partners stay where they were as far as they can."""
    placed: list[Placed] = []
    home: dict[int, int] = {}
    for slot in sorted(set(slot_of.values())):
        meetings = sorted((pair for pair, its in slot_of.items() if its == slot), key=lambda pair: (pair[1], pair[0]))
        free = set(range(rooms)) - {home[column] for _, column in meetings if column in home}
        taken: set[int] = set()
        for row, column in meetings:
            room = home.get(column)
            if room is None or room in taken:
                room = min(free - taken)
            taken.add(room)
            home[column] = room
            placed.append(Placed(row, column, slot, room))
    return sorted(placed, key=lambda one: (one.slot, one.room))
