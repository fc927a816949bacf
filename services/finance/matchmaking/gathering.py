"""Everything that a plan is computed from, as frozen data, and the matching that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from services.finance.matchmaking.affinity import Affinity, Row
from services.finance.matchmaking.problem import Matching
from services.finance.matchmaking.profiles import Profile
from services.finance.matchmaking.terms import KindTerms, MatchTerms

Side: TypeAlias = Literal["enterprise", "partner"]
PairIds: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Gathering:
    """Both sides in order of id; pairs are (enterprise, partner).

    `bans` and `wishes` name who asked for it, `conflicts` the ground of a conflict of interest.
    """

    kind: str
    slots: int
    rooms: int
    enterprises: tuple[Profile, ...]
    partners: tuple[Profile, ...]
    bans: Mapping[PairIds, frozenset[Side]]
    wishes: Mapping[PairIds, frozenset[Side]]
    conflicts: Mapping[PairIds, str]

    def as_json(self) -> dict[str, Any]:
        """Plain data in a canonical order; `from_json` makes the same gathering of it."""
        return {
            "kind": self.kind,
            "slots": self.slots,
            "rooms": self.rooms,
            "enterprises": [_plain(one) for one in self.enterprises],
            "partners": [_plain(one) for one in self.partners],
            "bans": [[*pair, *sorted(sides)] for pair, sides in sorted(self.bans.items())],
            "wishes": [[*pair, *sorted(sides)] for pair, sides in sorted(self.wishes.items())],
            "conflicts": [[*pair, ground] for pair, ground in sorted(self.conflicts.items())],
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Gathering:
        """What `as_json` wrote."""
        return cls(
            kind=content["kind"],
            slots=content["slots"],
            rooms=content["rooms"],
            enterprises=tuple(_profile(one) for one in content["enterprises"]),
            partners=tuple(_profile(one) for one in content["partners"]),
            bans={(row, column): frozenset(sides) for row, column, *sides in content["bans"]},
            wishes={(row, column): frozenset(sides) for row, column, *sides in content["wishes"]},
            conflicts={(row, column): ground for row, column, ground in content["conflicts"]},
        )

    def capacity(self, profile: Profile) -> int:
        """Nobody meets twice in one slot."""
        return min(profile.capacity, self.slots)


def _plain(profile: Profile) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(profile).items()}


def _profile(content: dict[str, Any]) -> Profile:
    lists: dict[str, Any] = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
    return Profile(**(content | lists))


@dataclass(frozen=True, slots=True)
class Scored:
    """One enterprise against all partners: affinity by parts, and what wishes add."""

    row: Row
    bonus: Mapping[int, int]

    def points(self, column: int) -> int:
        """What a meeting with this partner is worth."""
        return int(self.row.points[column]) + self.bonus.get(column, 0)


class Scoring:
    """Scores a gathering's pairs by its kind's weights."""

    def __init__(self, gathering: Gathering, kind: KindTerms, terms: MatchTerms) -> None:
        self.gathering, self.kind, self.terms = gathering, kind, terms
        self.affinity = Affinity(gathering.enterprises, gathering.partners, kind, terms.affinity)
        self._columns = {one.id: number for number, one in enumerate(gathering.partners)}
        self._wished: dict[str, dict[int, int]] = {}
        for (row, column), sides in gathering.wishes.items():
            bonus = terms.mutual_wish if len(sides) > 1 else terms.one_sided_wish
            if column in self._columns:
                self._wished.setdefault(row, {})[self._columns[column]] = bonus

    def of(self, enterprise: Profile) -> Scored:
        """The enterprise's scores, partners in the gathering's order."""
        return Scored(self.affinity.row(enterprise), self._wished.get(enterprise.id, {}))

    def matching(self) -> Matching:
        """The whole matching; pairs below the kind's floor, banned, barred or in conflict are not allowed."""
        gathering = self.gathering
        shape = (len(gathering.enterprises), len(gathering.partners))
        points = np.zeros(shape, dtype=np.int32)
        allowed = np.zeros(shape, dtype=np.bool_)
        for number, enterprise in enumerate(gathering.enterprises if gathering.partners else ()):
            scored = self.of(enterprise)
            points[number] = scored.row.points
            allowed[number] = ~scored.row.barred & (scored.row.points >= self.kind.floor)
            for column, bonus in scored.bonus.items():
                points[number, column] += bonus
        rows = {one.id: number for number, one in enumerate(gathering.enterprises)}
        for row, column in (*gathering.bans, *gathering.conflicts):
            if row in rows and column in self._columns:
                allowed[rows[row], self._columns[column]] = False
        return Matching(
            points=points,
            allowed=allowed,
            row_capacity=np.array([gathering.capacity(one) for one in gathering.enterprises], dtype=np.int32),
            column_capacity=np.array([gathering.capacity(one) for one in gathering.partners], dtype=np.int32),
            most=gathering.slots * gathering.rooms,
            fair=self.terms.fair_meetings,
        )
