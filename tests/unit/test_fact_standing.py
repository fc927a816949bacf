"""Which claim stands: a total order that no order of arrival changes, and that nobody's ignorance overturns."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.facts.overlay import Whose, overlay
from services.evaluation.facts.standing import Claim, standing, why
from services.evaluation.facts.values import read_value, shown_value
from services.evaluation.rulebooks.catalogue import Fact, catalogue
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from shared.reference.province import province
from tests.unit.oracle import Facts, applications

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")
DAY = date(2024, 6, 30)
NOON = datetime(2024, 7, 1, 4, tzinfo=UTC)
APPLICATION, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
NAMES = sorted(name for name, fact in catalogue().items() if fact.statable)
HELD = catalogue()["qualification_high_tech"]


def values_of(fact: Fact) -> st.SearchStrategy[Any]:
    if fact.options:
        return st.none() | st.sampled_from(sorted(fact.options))
    return st.none() | (st.booleans() if fact.type == "boolean" else st.integers(0, 10**12))


ANY_NAME = st.sampled_from(NAMES)


@st.composite
def claims(draw: st.DrawFn, names: st.SearchStrategy[str] = ANY_NAME) -> Claim:
    fact = catalogue()[draw(names)]
    return Claim(
        fact=fact.name,
        source=draw(st.sampled_from(["registry", "city_verified"])),
        value=draw(values_of(fact)),
        as_of=draw(st.sampled_from([DAY + timedelta(days=days) for days in (-800, -200, -181, -1, 0, 1)])),
        stated_at=NOON + timedelta(seconds=draw(st.integers(0, 2))),
        statement_id=uuid.UUID(int=draw(st.integers(0, 2**120))),
        application_id=draw(st.sampled_from([None, None, APPLICATION, OTHER])),
        retracted=draw(st.integers(0, 9)) == 0,
    )


def claim(source: Any, value: Any, as_of: date = DAY, **more: Any) -> Claim:
    return Claim("qualification_high_tech", source, value, as_of, NOON, uuid.uuid4(), **more)


@given(st.lists(claims(st.just("employees")), max_size=8, unique_by=lambda one: one.statement_id), st.randoms())
def test_no_order_of_arrival_changes_what_stands(stated: list[Claim], random: Any) -> None:
    fact = catalogue()["employees"]
    first = standing(fact, stated, DAY, APPLICATION)
    shuffled = random.sample(stated, len(stated))
    assert standing(fact, shuffled, DAY, APPLICATION) == first
    reasons = [why(fact, one, first, DAY, APPLICATION) for one in stated]
    assert reasons.count("stands") == (first is not None)
    if first is not None:
        assert first.claim.value is not None
        assert all(one.value not in (None, first.claim.value) for one in first.against)


@settings(max_examples=150)
@given(applications(), st.lists(claims(), min_size=1, max_size=8, unique_by=lambda one: one.statement_id), st.data())
def test_dropping_a_statement_never_flips_a_verdict_by_itself(told: Facts, stated: list[Claim], data: Any) -> None:
    """From met to not met or back only where another value stands in its place: what is missing decides nothing."""
    dropped = data.draw(st.sampled_from(stated))
    rest = [one for one in stated if one is not dropped]
    (facts, parts), (left, parts_left) = _judged(told, stated), _judged(told, rest)
    changed = {name for name in facts if facts[name] != left[name]}
    assert changed <= {dropped.fact}
    for part_id, verdict in parts.items():
        if verdict is not None and parts_left[part_id] is (not verdict):
            assert left[dropped.fact] is not None


def _judged(told: Facts, stated: list[Claim]) -> tuple[dict[str, Any], dict[str, Any]]:
    frame, _ = overlay(facts_frame([told]), [Whose("x", APPLICATION)], {"x": stated}, DAY)
    return frame.row(0, named=True), judge(RULEBOOK, frame).row(0, named=True)


def test_the_order_of_sources_comes_before_the_newest() -> None:
    stated = [
        claim("city_verified", value=False, as_of=DAY),
        claim("registry", value=True, as_of=date(2024, 2, 1)),
        claim("registry", value=False, as_of=date(2024, 1, 31)),
        claim("self_reported", value=False, as_of=date.min),
    ]
    found = standing(HELD, stated, DAY)
    assert found is not None
    assert (found.claim, [one.source for one in found.against]) == (stated[1], ["city_verified", "self_reported"])
    assert [why(HELD, one, found, DAY, None) for one in stated] == [
        "higher_source",
        "stands",
        "newer_statement",
        "higher_source",
    ]


def test_of_one_day_the_newest_stated_stands_and_then_the_id() -> None:
    at = [NOON, NOON + timedelta(microseconds=1), NOON + timedelta(microseconds=1)]
    stated = [
        Claim(HELD.name, "registry", bool(n % 2), DAY, moment, uuid.UUID(int=n)) for n, moment in enumerate(at, 1)
    ]
    assert [standing(HELD, stated[:n], DAY).claim.statement_id.int for n in (1, 2, 3)] == [1, 2, 3]  # type: ignore[union-attr]


def test_what_is_not_known_never_overrides_a_value() -> None:
    unknown = claim("registry", None)
    below = claim("self_reported", value=True, as_of=date.min)
    found = standing(HELD, [unknown, below], DAY)
    assert found is not None
    assert (found.claim, found.against) == (below, ())
    assert standing(HELD, [unknown], DAY) is None


@pytest.mark.parametrize(
    ("as_of", "reason"),
    [
        (DAY, "stands"),
        (DAY + timedelta(days=1), "after_the_date"),
        (DAY - timedelta(days=183), "stands"),
        (DAY - timedelta(days=184), "too_old"),
    ],
)
def test_a_statement_counts_from_its_day_for_as_long_as_its_age_admits(as_of: date, reason: str) -> None:
    one = claim("registry", value=True, as_of=as_of)
    assert why(HELD, one, standing(HELD, [one], DAY), DAY, None) == reason


@pytest.mark.parametrize(
    ("as_of", "counts"), [((2022, 12, 31), False), ((2023, 1, 1), True), ((2023, 12, 31), True), ((2024, 1, 1), False)]
)
def test_yearly_figures_are_those_of_the_year_before(as_of: tuple[int, int, int], *, counts: bool) -> None:
    one = Claim("revenue_cny", "registry", 1, date(*as_of), NOON, uuid.uuid4())
    revenue = catalogue()["revenue_cny"]
    stands = standing(revenue, [one], DAY)
    assert (stands is not None) is counts
    assert why(revenue, one, stands, DAY, None) == ("stands" if counts else "other_period")


def test_what_is_retracted_elsewhere_or_not_asked_of_a_source_does_not_count() -> None:
    core = catalogue()["core_patent_on_main_product"]
    others = [
        (HELD, claim("registry", value=True, retracted=True), "retracted"),
        (HELD, claim("registry", value=True, application_id=OTHER), "other_application"),
        (core, Claim(core.name, "registry", value=True, as_of=DAY, statement_id=OTHER), "source_not_allowed"),
    ]
    for fact, one, reason in others:
        assert standing(fact, [one], DAY, APPLICATION) is None
        assert why(fact, one, None, DAY, APPLICATION) == reason


def test_every_fact_says_its_day_and_every_age_its_basis() -> None:
    for fact in catalogue().values():
        assert fact.as_of
        assert fact.sources[-1] == "self_reported"
        assert fact.age is None or fact.age.basis
    for name in (name for name in catalogue() if name.startswith("qualification_")):
        assert "评估日当日" in catalogue()[name].as_of


@given(st.sampled_from(list(catalogue().values())).flatmap(lambda one: st.tuples(st.just(one), values_of(one))))
def test_a_value_shown_is_read_back(pair: tuple[Fact, Any]) -> None:
    fact, value = pair
    assert read_value(fact, shown_value(fact, value)) == value


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("employees", True),
        ("employees", -1),
        ("employees", 10**15 + 1),
        ("employees", "5"),
        ("legal_person", 1),
        ("size_class", "giant"),
        ("size_class", True),
        ("revenue_cny", 5),
        ("revenue_cny", "1.005"),
        ("revenue_cny", "-1"),
        ("revenue_cny", "1e5"),
        ("revenue_cny", "99999999999999.00"),
    ],
)
def test_a_value_of_another_type_or_range_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(ValueError, match=name):
        read_value(catalogue()[name], wrong)


def test_rows_without_statements_and_whole_batches_without_any_stay_as_they_are() -> None:
    told = facts_frame([{"employees": 5}, {"employees": 6}, {"size_class": "small", "legal_person": True}])
    whose = [Whose(code, APPLICATION) for code in ("a", "b", "c")]
    assert overlay(told, whose, {}, DAY)[0].equals(told)
    stated = {
        "b": [Claim("employees", "registry", 7, DAY, NOON, OTHER)],
        "c": [Claim("size_class", "registry", "large", DAY, NOON, OTHER)],
    }
    facts, origins = overlay(told, whose, stated, DAY)
    assert facts["employees"].to_list() == [5, 7, None]
    assert facts["size_class"].to_list() == [None, None, "large"]
    assert facts.schema == told.schema
    assert [one.sources.keys() for one in origins] == [set(), {"employees"}, {"size_class"}]
    assert origins[1].sources["employees"] == {
        "source": "registry",
        "as_of": "2024-06-30",
        "statement": str(OTHER),
        "evidence": None,
        "self_reported": 6,
    }
