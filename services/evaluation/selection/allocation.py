"""Give places in order of rank: reserved places, cities' minimums, then the shared remainder, under cap and maxima."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from services.evaluation.selection.ranking import Candidate

Kind = Literal["reserved", "minimum", "shared"]
Reason = Literal["admitted", "city_quota", "pool_cap", "already_member", "reserved", "minimum", "objection"]


@dataclass(frozen=True, slots=True)
class Quota:
    """A city's places in a cycle: at least `minimum` as far as it has candidates, never more than `maximum`."""

    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class ReservedPlaces:
    """Places for a condition, or (`condition` None) held back by the province. What is unused is `shared` or `empty`."""

    condition: str | None
    places: int
    unused: Literal["shared", "empty"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan distributes, and under which promises. `free` is the cap less the members."""

    free: int
    quotas: Mapping[str, Quota]
    reserved: Sequence[ReservedPlaces] = ()

    @property
    def available(self) -> int:
        """Free places that are not held back."""
        return max(self.free - sum(one.places for one in self.reserved if one.condition is None), 0)

    @property
    def promised(self) -> int:
        """The places that minimums, conditions and the province claim together."""
        return sum(one.minimum for one in self.quotas.values()) + sum(one.places for one in self.reserved)


@dataclass(frozen=True, slots=True)
class Seat:
    """The kind of place somebody is admitted by; `condition` is that of a reserved one."""

    kind: Kind
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One candidate's outcome; `rank` counts from 1 and `seat` is None for those who are out."""

    rank: int
    candidate: Candidate
    reason: Reason
    seat: Seat | None


class _Allocation:
    def __init__(self, ranked: Sequence[Candidate], terms: Terms) -> None:
        self.terms = terms
        self.ranked = ranked
        self.seats: dict[str, Seat] = {}
        self.used: Counter[str] = Counter()
        self.left = terms.available
        present = Counter(one.city_code for one in ranked)
        self.needed = {city: min(quota.minimum, present[city]) for city, quota in terms.quotas.items()}

    def run(self) -> dict[str, Seat]:
        kept = 0
        for reserved in self.terms.reserved:
            if reserved.condition is not None:
                unused = reserved.places - self._reserve(reserved.condition, reserved.places)
                kept += unused if reserved.unused == "empty" else 0
        for one in self._waiting():
            if self.left and self._lacks(one.city_code):
                self._admit(one, Seat("minimum"))
        for one in self._waiting():
            if self.left > kept and self._below_maximum(one.city_code):
                self._admit(one, Seat("shared"))
        return self.seats

    def _reserve(self, condition: str, places: int) -> int:
        given = 0
        for one in self._waiting():
            if given < places and condition in one.reserves and self._may_reserve(one.city_code):
                self._admit(one, Seat("reserved", condition))
                given += 1
        return given

    def _may_reserve(self, city: str) -> bool:
        # A minimum outranks a reservation: a city that lacks nothing takes no place that another's minimum needs.
        spare = self.left - sum(max(need - self.used[of], 0) for of, need in self.needed.items())
        return self.left > 0 and self._below_maximum(city) and (spare > 0 or self._lacks(city))

    def _waiting(self) -> list[Candidate]:
        return [one for one in self.ranked if one.uscc not in self.seats]

    def _lacks(self, city: str) -> bool:
        return self.used[city] < self.needed.get(city, 0)

    def _below_maximum(self, city: str) -> bool:
        quota = self.terms.quotas.get(city)
        return quota is None or self.used[city] < quota.maximum

    def _admit(self, one: Candidate, seat: Seat) -> None:
        self.seats[one.uscc] = seat
        self.used[one.city_code] += 1
        self.left -= 1


def seats(ranked: Sequence[Candidate], terms: Terms, members: Collection[str]) -> dict[str, Seat]:
    """Who is admitted, and by which kind of place (方案二(六)11: 省级筛选不超过500家), of candidates ranked best first.

    Reserved places go first, in the order stated, to the best ranked who meet the condition; whoever holds one counts
    for its city too. Then each city is brought to its minimum by its best ranked; a minimum outranks a reservation
    where places do not suffice for both. What is left is shared by rank. No city exceeds its maximum by any of these.
    """
    return _Allocation([one for one in ranked if one.uscc not in members], terms).run()


def allocate(
    ranked: Sequence[Candidate], terms: Terms, members: Collection[str], objected: Collection[str] = ()
) -> list[Place]:
    """One place per candidate, with the reason it is in or out.

    `objected`: codes that an upheld objection keeps out. Out for `reserved` or `minimum`: it would be in, had there
    been no reserved places or no minimums.
    """
    barred = {*members, *objected}
    given = seats(ranked, terms, barred)
    unreserved = seats(ranked, replace(terms, reserved=()), barred)
    no_minimums = {city: replace(quota, minimum=0) for city, quota in terms.quotas.items()}
    unguaranteed = seats(ranked, replace(terms, quotas=no_minimums), barred)
    used = Counter(one.city_code for one in ranked if one.uscc in given)

    def reason(one: Candidate) -> Reason:
        quota = terms.quotas.get(one.city_code)
        if one.uscc in given:
            return "admitted"
        if one.uscc in members:
            return "already_member"
        if one.uscc in objected:
            return "objection"
        if quota is not None and used[one.city_code] >= quota.maximum:
            return "city_quota"
        return "reserved" if one.uscc in unreserved else "minimum" if one.uscc in unguaranteed else "pool_cap"

    return [Place(position, one, reason(one), given.get(one.uscc)) for position, one in enumerate(ranked, start=1)]


@dataclass(frozen=True, slots=True)
class OneMore:
    """What one more place would change: of the cap (`city_code` None) or of a city at its maximum."""

    city_code: str | None
    comes_in: tuple[str, ...]
    goes_out: tuple[str, ...]


def one_more(ranked: Sequence[Candidate], terms: Terms, members: Collection[str]) -> list[OneMore]:
    """The cap first, then the cities at their maximum by code; both by the same allocation with one place more."""
    given = seats(ranked, terms, members)
    used = Counter(one.city_code for one in ranked if one.uscc in given)
    changes = [_change(None, given, seats(ranked, replace(terms, free=terms.free + 1), members))]
    for city, quota in sorted(terms.quotas.items()):
        if used[city] >= quota.maximum:
            quotas = {**terms.quotas, city: replace(quota, maximum=quota.maximum + 1)}
            changes.append(_change(city, given, seats(ranked, replace(terms, quotas=quotas), members)))
    return changes


def _change(city: str | None, before: Mapping[str, Seat], after: Mapping[str, Seat]) -> OneMore:
    return OneMore(city, tuple(sorted(after.keys() - before.keys())), tuple(sorted(before.keys() - after.keys())))


@dataclass(frozen=True, slots=True)
class UnmetMinimum:
    """A city's minimum that is not reached, because it has too few candidates or the pool too few places."""

    city_code: str
    minimum: int
    admitted: int
    cause: Literal["candidates", "places"]


def unmet_minimums(ranked: Sequence[Candidate], terms: Terms, members: Collection[str]) -> list[UnmetMinimum]:
    """Minimums that the allocation does not reach, by city."""
    given = seats(ranked, terms, members)
    used = Counter(one.city_code for one in ranked if one.uscc in given)
    present = Counter(one.city_code for one in ranked if one.uscc not in members)
    return [
        UnmetMinimum(city, quota.minimum, used[city], "candidates" if present[city] <= used[city] else "places")
        for city, quota in sorted(terms.quotas.items())
        if used[city] < quota.minimum
    ]
