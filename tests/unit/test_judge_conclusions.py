"""After review: findings settle what is open, deviations excuse what is asked in principle, nothing else moves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import conclude, criterion_verdicts, judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from shared.reference.province import province
from tests.unit.oracle import Facts, applications

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")
WORDS = {True: "met", False: "not_met", None: "unknown"}
PARTS = {part.id: part for part in RULEBOOK.parts}

any_parts = st.fixed_dictionaries(dict.fromkeys(PARTS, st.sampled_from((True, True, True, False, None))))
all_met: dict[str, bool | None] = dict.fromkeys(PARTS, True)


@settings(max_examples=25, deadline=None)
@given(st.lists(applications(), min_size=1, max_size=30))
def test_without_review_one_and_many_conclude_alike(rows: list[Facts]) -> None:
    parts = judge(RULEBOOK, facts_frame(rows))
    together = criterion_verdicts(RULEBOOK, parts).rows(named=True)
    for row, verdicts in zip(parts.rows(named=True), together, strict=True):
        conclusion = conclude(row, RULEBOOK, {}, ())
        assert conclusion.criteria == {number: WORDS[verdicts[str(number)]] for number in range(1, 11)}
        assert conclusion.overall == verdicts["overall"]


@given(any_parts, st.data())
def test_review_settles_only_what_is_open_and_excuses_only_what_may_be(
    parts: dict[str, bool | None], data: st.DataObject
) -> None:
    unknown = [part_id for part_id, value in parts.items() if value is None]
    findings = data.draw(st.dictionaries(st.sampled_from(unknown), st.booleans())) if unknown else {}
    settled = parts | findings
    excusable = [i for i, value in settled.items() if value is False and PARTS[i].kind == "in_principle"]
    deviations = data.draw(st.sets(st.sampled_from(excusable))) if excusable else set[str]()
    conclusion = conclude(parts, RULEBOOK, findings, deviations)
    failed = {PARTS[i].id.split(".")[0] for i, value in settled.items() if value is False and i not in deviations}
    assert {str(n) for n, verdict in conclusion.criteria.items() if verdict == "not_met"} == failed
    still_open = {i.split(".")[0] for i, value in settled.items() if value is None} - failed
    assert {str(n) for n, verdict in conclusion.criteria.items() if verdict == "unknown"} == still_open
    excused = {i.split(".")[0] for i in deviations} - failed - still_open
    assert {str(n) for n, verdict in conclusion.criteria.items() if verdict == "deviation"} == excused
    expected = "not_met" if failed else "unknown" if still_open else "deviation" if excused else "met"
    assert conclusion.overall == expected


@pytest.mark.parametrize("computed", [True, False])
@pytest.mark.parametrize("finding", [True, False])
def test_a_finding_never_overrides_a_computed_verdict(computed: bool, finding: bool) -> None:
    with pytest.raises(ValueError, match=r"5\.rate"):
        conclude(all_met | {"5.rate": computed}, RULEBOOK, {"5.rate": finding}, ())


@pytest.mark.parametrize(
    ("parts", "deviations"),
    [
        ({"5.rate": False}, {"5.rate"}),
        ({"7.leader": False}, {"7.leader"}),
        ({"10.violation": False}, {"10.violation"}),
        ({"4.core_patent": False}, {"4.core_patent"}),
        ({"3.industry": None}, {"3.industry"}),
        ({}, {"3.industry"}),
        ({}, {"3.unheard_of"}),
    ],
)
def test_only_what_is_asked_in_principle_and_not_met_can_be_excused(
    parts: dict[str, Any], deviations: set[str]
) -> None:
    with pytest.raises(ValueError, match="deviation"):
        conclude(all_met | parts, RULEBOOK, {}, deviations)


def test_parts_and_findings_of_another_rulebook_are_refused() -> None:
    with pytest.raises(ValueError, match="not the parts"):
        conclude({"1.registered": True}, RULEBOOK, {}, ())
    with pytest.raises(ValueError, match="not the parts"):
        conclude(all_met | {"11.new": True}, RULEBOOK, {}, ())
    with pytest.raises(ValueError, match="settles only"):
        conclude(all_met, RULEBOOK, {"11.new": True}, ())
