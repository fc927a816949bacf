"""Allocation: never over cap, maximum or reservation; minimums whenever they can be met; nobody out without reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.selection.allocation import (
    Place,
    Quota,
    ReservedPlaces,
    Terms,
    allocate,
    one_more,
    seats,
    unmet_minimums,
)
from services.evaluation.selection.ranking import Candidate, rank

_thorough = settings(max_examples=120)
CITIES = ("420100", "420200", "429004")
CONDITIONS = ("chain", "giant")


@dataclass(frozen=True)
class Case:
    ranked: list[Candidate]
    terms: Terms
    members: set[str]

    @property
    def places(self) -> list[Place]:
        return allocate(self.ranked, self.terms, self.members)

    @property
    def admitted(self) -> list[Candidate]:
        return [place.candidate for place in self.places if place.seat is not None]

    @property
    def eligible(self) -> list[Candidate]:
        return [one for one in self.ranked if one.uscc not in self.members]

    def needs(self) -> dict[str, int]:
        """What a city's minimum asks for, as far as it has candidates."""
        present = Counter(one.city_code for one in self.eligible)
        return {city: min(quota.minimum, present[city]) for city, quota in self.terms.quotas.items()}


def candidate(number: int, city: str = CITIES[0], reserves: frozenset[str] = frozenset()) -> Candidate:
    return Candidate(str(number), f"{number:018d}", city, "", "met", {}, None, reserves)


_conditions = st.sampled_from(
    [frozenset(), frozenset(CONDITIONS[:1]), frozenset(CONDITIONS[1:]), frozenset(CONDITIONS)]
)
_quota = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda pair: Quota(min(pair), max(pair)))
_reserved = st.lists(
    st.builds(
        lambda condition, places, unused: ReservedPlaces(condition, places, unused if condition else "empty"),
        st.sampled_from([*CONDITIONS, None]),
        st.integers(1, 4),
        st.sampled_from(["shared", "empty"]),
    ),
    max_size=3,
    unique_by=lambda one: one.condition,
)


@st.composite
def cases(draw: st.DrawFn, reserved: st.SearchStrategy[list[ReservedPlaces]] = _reserved, most: int = 9) -> Case:
    described = draw(st.lists(st.tuples(st.sampled_from(CITIES), _conditions), min_size=2, max_size=most))
    ranked = [candidate(number, city, keys) for number, (city, keys) in enumerate(described)]
    quotas = {city: quota for city in CITIES[:2] if (quota := draw(_quota | st.none())) is not None}
    members = draw(st.sets(st.integers(0, most), max_size=3))
    terms = Terms(draw(st.integers(0, 8)), quotas, tuple(draw(reserved)))
    return Case(ranked, terms, {f"{number:018d}" for number in members})


@_thorough
@given(cases())
def test_no_bound_is_exceeded(case: Case) -> None:
    admitted = case.admitted
    used = Counter(one.city_code for one in admitted)
    assert len(admitted) <= case.terms.available <= max(case.terms.free, 0)
    assert all(used[city] <= quota.maximum for city, quota in case.terms.quotas.items())
    assert not {one.uscc for one in admitted} & case.members
    for reserved in case.terms.reserved:
        holders = [
            place.candidate
            for place in case.places
            if place.seat and place.seat.kind == "reserved" and place.seat.condition == reserved.condition
        ]
        assert len(holders) <= (reserved.places if reserved.condition else 0)
        assert all(reserved.condition in one.reserves for one in holders)


@_thorough
@given(cases())
def test_minimums_are_met_whenever_the_places_suffice_for_them(case: Case) -> None:
    used = Counter(one.city_code for one in case.admitted)
    needs = case.needs()
    if sum(needs.values()) <= case.terms.available:
        assert all(used[city] >= need for city, need in needs.items())
    unmet = {one.city_code: one for one in unmet_minimums(case.ranked, case.terms, case.members)}
    assert unmet.keys() == {city for city, quota in case.terms.quotas.items() if used[city] < quota.minimum}
    for city, one in unmet.items():
        present = sum(of.city_code == city for of in case.eligible)
        assert one.cause == ("candidates" if used[city] == present else "places")


@given(cases())
def test_no_better_ranked_of_the_same_city_and_eligibility_is_out(case: Case) -> None:
    places = case.places
    for better, worse in combinations([place for place in places if place.reason != "already_member"], 2):
        if better.seat is not None or worse.seat is None:
            continue
        same_city = better.candidate.city_code == worse.candidate.city_code
        assert not (same_city and better.candidate.reserves >= worse.candidate.reserves)
        # Between cities: only a reserved place, a minimum, or the better one's full city.
        if worse.seat.kind == "shared":
            assert better.reason == "city_quota"


@given(cases())
def test_every_reason_is_true(case: Case) -> None:
    used = Counter(one.city_code for one in case.admitted)
    for place in case.places:
        quota = case.terms.quotas.get(place.candidate.city_code)
        full = quota is not None and used[place.candidate.city_code] == quota.maximum
        assert (place.reason == "already_member") == (place.candidate.uscc in case.members)
        assert (place.reason == "admitted") == (place.seat is not None)
        if place.reason in ("pool_cap", "reserved", "minimum"):
            assert not full
        if place.reason == "pool_cap":
            # Neither giving up the reserved places nor the minimums would let it in.
            for terms in (replace(case.terms, reserved=()), _without_minimums(case.terms)):
                assert place.candidate.uscc not in seats(case.ranked, terms, case.members)


@given(cases())
def test_no_place_that_somebody_may_take_stays_empty(case: Case) -> None:
    used = Counter(one.city_code for one in case.admitted)
    kept = sum(one.places for one in case.terms.reserved if one.condition and one.unused == "empty")
    if len(case.admitted) < case.terms.available - kept:
        for place in case.places:
            if place.reason not in ("admitted", "already_member"):
                assert used[place.candidate.city_code] == case.terms.quotas[place.candidate.city_code].maximum


@given(cases())
def test_one_more_place_keeps_everybody_in_where_the_promises_fit(case: Case) -> None:
    needs = sum(case.needs().values())
    conditional = sum(one.places for one in case.terms.reserved if one.condition)
    cap, *cities = one_more(case.ranked, case.terms, case.members)
    assert cap.city_code is None
    if not conditional or needs + conditional <= case.terms.available:
        assert not cap.goes_out
        assert len(cap.comes_in) <= 1
    used = Counter(one.city_code for one in case.admitted)
    at_maximum = {city for city, quota in case.terms.quotas.items() if used[city] == quota.maximum}
    assert {one.city_code for one in cities} == at_maximum
    # A city's place comes out of the same pool: never more than one in and one out.
    if not conditional:
        assert all(len(one.goes_out) <= len(one.comes_in) <= 1 for one in cities)


@given(cases(), st.randoms())
def test_where_the_candidates_stood_before_ranking_changes_nothing(case: Case, random) -> None:
    shuffled = list(case.ranked)
    random.shuffle(shuffled)
    again = replace(case, ranked=rank((), shuffled))
    assert again.places == replace(case, ranked=rank((), case.ranked)).places


@settings(max_examples=60)
@given(cases(reserved=st.just([]), most=7))
def test_without_reservations_no_choice_within_the_bounds_serves_minimums_and_size_better(case: Case) -> None:
    """Against all subsets: the allocation fills what can be filled, and lacks no minimum that a choice could meet."""
    used = Counter(one.city_code for one in case.admitted)
    missing = sum(max(quota.minimum - used[city], 0) for city, quota in case.terms.quotas.items())
    for size in range(min(case.terms.available, len(case.eligible)) + 1):
        for chosen in combinations(case.eligible, size):
            counts = Counter(one.city_code for one in chosen)
            if any(counts[city] > quota.maximum for city, quota in case.terms.quotas.items()):
                continue
            assert len(chosen) <= len(case.admitted)
            assert missing <= sum(max(quota.minimum - counts[city], 0) for city, quota in case.terms.quotas.items())


def test_a_reserved_place_goes_to_the_best_of_its_condition_and_returns_unused_or_stays_empty() -> None:
    ranked = [candidate(1), candidate(2), candidate(3, reserves=frozenset({"chain"})), candidate(4)]
    for unused, admitted in (("shared", {1, 2, 3}), ("empty", {1, 3})):
        terms = Terms(3, {}, (ReservedPlaces("chain", 2, unused),))
        assert {int(one.uscc) for one in Case(ranked, terms, set()).admitted} == admitted
    reasons = [place.reason for place in allocate(ranked, Terms(3, {}, (ReservedPlaces("chain", 2, "empty"),)), set())]
    assert reasons == ["admitted", "reserved", "admitted", "pool_cap"]


def test_held_back_places_are_given_to_nobody() -> None:
    ranked = [candidate(number) for number in range(3)]
    places = allocate(ranked, Terms(2, {}, (ReservedPlaces(None, 1, "empty"),)), set())
    assert [place.reason for place in places] == ["admitted", "reserved", "pool_cap"]


def test_one_more_place_of_a_city_says_who_comes_and_who_goes() -> None:
    ranked = [candidate(1), candidate(2), candidate(3, CITIES[1])]
    changes = one_more(ranked, Terms(2, {CITIES[0]: Quota(0, 1)}), set())
    assert [(one.city_code, one.comes_in, one.goes_out) for one in changes] == [
        (None, (), ()),
        (CITIES[0], (ranked[1].uscc,), (ranked[2].uscc,)),
    ]


def _without_minimums(terms: Terms) -> Terms:
    return replace(terms, quotas={city: replace(quota, minimum=0) for city, quota in terms.quotas.items()})
