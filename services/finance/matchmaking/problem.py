"""A matching to be solved, and its solution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Matching:
    """Rows are enterprises, columns partners. `points` count where `allowed`; `most` is how many meetings there is room
    for; nobody may have more than `fair` meetings unless as many enterprises as can be have one."""

    points: Counts
    allowed: Flags
    row_capacity: Counts
    column_capacity: Counts
    most: int
    fair: int


@dataclass(frozen=True, slots=True)
class Solution:
    """`pairs` in order; `bound` is what no assignment exceeds, `coverable` how many enterprises can have a meeting at
    once (None where everybody's limit made it needless to know)."""

    pairs: tuple[tuple[int, int], ...]
    total: int
    bound: int
    coverable: int | None

    @property
    def gap_permille(self) -> float:
        """How far the total may be from the best one, in thousandths of the bound."""
        return 0.0 if self.bound <= self.total else 1000 * (self.bound - self.total) / self.bound


class UnsolvedError(RuntimeError):
    """The solver found no assignment in the time it has."""
