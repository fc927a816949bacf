"""Impact: the very same rulebook changes nothing, all at once equals one by one, and there and back are mirrors."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.impact.assess_impact import _batch, frame_of
from services.evaluation.impact.changed_decisions import Decision, changed_decision
from services.evaluation.impact.comparison import carried_parts, compare
from services.evaluation.impact.tally import Tally
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import conclude, judge
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.receipt import receipts
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.reference.province import province
from tests.unit.oracle import applications

DAY = date(2024, 6, 15)
TEXT = province().rulebooks.joinpath("hubei-2024.toml").read_text(encoding="utf-8")
A = load_rulebook(TEXT, origin="a.toml")


def changed(*changes: tuple[str, str]) -> Rulebook:
    text = TEXT.replace('id = "hubei-2024"', 'id = "example-2026"')
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return load_rulebook(text, origin="b.toml")


STRICTER = ("0.50 * NULLIF(industrialisation_denominator, 0)", "0.60 * NULLIF(industrialisation_denominator, 0)")
LOOSER = ("OR rd_expense_cny >= 5000000", "OR rd_expense_cny >= 3000000")
NO_TEST = ('test = "rd_leader_named"\n', "")
NOW_HARD = ('kind = "in_principle"\ntest = "patent_intensive"', 'kind = "hard"\ntest = "patent_intensive"')
RENAMED = ('key = "filing"\n', 'key = "filed"\n')
OTHERS = [
    changed(STRICTER),
    changed(LOOSER),
    changed(NO_TEST, NOW_HARD),
    changed(RENAMED, STRICTER, LOOSER),
]

people = st.tuples(
    st.dictionaries(st.sampled_from([part.id for part in A.parts]), st.booleans(), max_size=8),
    st.sets(st.sampled_from([part.id for part in A.parts]), max_size=3),
)


def decisions(rulebook: Rulebook, rows: list[Any], said: list[Any]) -> list[Decision]:
    facts = facts_frame(rows)
    texts = receipts(rulebook, facts, judge(rulebook, facts), [{}] * len(rows), DAY)
    return [
        Decision(
            uuid.UUID(int=number),
            uuid.UUID(int=number),
            "91420106MAXQ00001X",
            "420100",
            rulebook.digest,
            DAY,
            text,
            json.dumps(findings) if findings else None,
            json.dumps(dict.fromkeys(deviations, True)) if deviations else None,
        )
        for number, (text, (findings, deviations)) in enumerate(zip(texts, said, strict=True))
    ]


def one_by_one(rulebook: Rulebook, facts: Any, findings: dict[str, bool], deviations: set[str]) -> Any:
    """The conclusion on one application, with whatever of a person's acts applies."""
    parts = judge(rulebook, facts_frame([facts])).row(0, named=True)
    applied = {part: met for part, met in findings.items() if part in parts and parts[part] is None}
    settled = parts | applied
    kinds = {part.id: part.kind for part in rulebook.parts}
    excused = {part for part in deviations if kinds.get(part) == "in_principle" and settled[part] is False}
    return conclude(parts, rulebook, applied, excused)


@settings(max_examples=25)
@given(st.lists(st.tuples(applications(), people), min_size=1, max_size=6))
def test_the_very_same_rulebook_changes_nothing(rows: list[Any]) -> None:
    stored = decisions(A, [facts for facts, _ in rows], [said for _, said in rows])
    compared = compare(A, A, frame_of(stored))
    assert compared.rows.is_empty()
    assert all(was == now for was, now in compared.matrix)
    assert all(was == now for matrix in compared.criteria.values() for was, now in matrix)
    assert compared.matrix.total() == len(rows)


@settings(max_examples=25)
@given(st.lists(st.tuples(applications(), people), min_size=1, max_size=6), st.sampled_from(OTHERS))
def test_all_at_once_equals_judging_one_by_one(rows: list[Any], other: Rulebook) -> None:
    stored = decisions(A, [facts for facts, _ in rows], [said for _, said in rows])
    compared = compare(A, other, frame_of(stored))
    matrix: Counter[Any] = Counter()
    criteria: dict[int, Counter[Any]] = {criterion.number: Counter() for criterion in A.criteria}
    differing: dict[int, bool] = {}
    old_ids = {was: now for now, was in carried_parts(A, other).items()}
    for position, (facts, (findings, deviations)) in enumerate(rows):
        before = one_by_one(A, facts, findings, deviations)
        carried = {old_ids[part]: met for part, met in findings.items() if part in old_ids}
        after = one_by_one(other, facts, carried, {old_ids[part] for part in deviations if part in old_ids})
        matrix[before.overall, after.overall] += 1
        for number, verdict in before.criteria.items():
            criteria[number][verdict, after.criteria[number]] += 1
        if before != after:
            differing[position] = before.overall != after.overall
        told = changed_decision(stored[position], A, other, compared.after_parts.row(position, named=True))
        assert (told.before, told.after) == (before.overall, after.overall)
        numbers = {criterion.key: criterion.number for criterion in A.criteria}
        assert {numbers[one.key]: (one.before, one.after) for one in told.criteria} == {
            number: (verdict, after.criteria[number])
            for number, verdict in before.criteria.items()
            if verdict != after.criteria[number]
        }
        for part in told.parts:
            assert (part.before and part.before.verdict) != (part.after and part.after.verdict)
            for side in filter(None, (part.before, part.after)):
                assert any("\u4e00" <= letter <= "\u9fff" for letter in side.reason_zh), side
    assert compared.matrix == matrix
    assert [compared.criteria[criterion.key] for criterion in A.criteria] == list(criteria.values())
    assert {row["position"]: row["overall"] for row in compared.rows.iter_rows(named=True)} == differing


@settings(max_examples=25)
@given(st.lists(st.tuples(applications(), people), min_size=1, max_size=6), st.sampled_from(OTHERS[:3]))
def test_there_and_back_are_mirror_images(rows: list[Any], other: Rulebook) -> None:
    facts, said = [facts for facts, _ in rows], [said for _, said in rows]
    there = compare(A, other, frame_of(decisions(A, facts, said)))
    back = compare(other, A, frame_of(decisions(other, facts, said)))
    assert back.matrix == Counter({(now, was): count for (was, now), count in there.matrix.items()})
    for key, matrix in there.criteria.items():
        assert back.criteria[key] == Counter({(now, was): count for (was, now), count in matrix.items()})
    assert back.rows.equals(there.rows)


def example(**facts: Any) -> Decision:
    return decisions(A, [facts], [({"7.leader": True}, {"2.qualification"})])[0]


def test_reasons_stand_on_both_sides_and_what_no_longer_applies_is_counted() -> None:
    one = example(valid_patents=100, industrialised_patents=50, rd_leader_named=True)
    tally = Tally(
        other := changed(
            STRICTER, ('kind = "judgement"\ntest = "rd_leader_named"', 'kind = "hard"\ntest = "rd_leader_named"')
        )
    )
    (told,) = _batch(tally, {A.digest: A}, [one], "criterion", 10)
    assert (told.before, told.after) == ("unknown", "not_met")
    rate = next(part for part in told.parts if part.after and part.after.part == "5.rate")
    assert rate.before is not None
    assert rate.after is not None
    assert "不低于" in rate.before.reason_zh
    assert "还差 10 件" in rate.after.reason_zh
    summary = tally.summary()
    assert (summary.findings_set_aside, summary.deviations_set_aside) == (1, 1)
    assert summary.criteria[4].transitions[0].model_dump() == {"before": "met", "after": "not_met", "count": 1}
    assert other.criteria[4].key == summary.criteria[4].key


def test_renumbering_moves_findings_with_their_part() -> None:
    head, fifth, sixth, rest = _split()
    swapped = load_rulebook(
        head + sixth.replace("number = 6", "number = 5") + fifth.replace("number = 5", "number = 6") + rest,
        origin="swapped.toml",
    )
    facts = {"valid_patents": None, "rd_expense_cny": None}
    stored = decisions(A, [facts], [({"5.rate": True, "6.rd_investment": False}, set())])
    compared = compare(A, swapped, frame_of(stored))
    assert compared.rows.is_empty()
    assert compared.criteria["industrialisation"] == Counter({("met", "met"): 1})
    assert compared.findings_set_aside == 0


def test_each_decision_is_judged_under_the_transitional_clauses_of_its_day() -> None:
    clause = """
[[transition]]
key = "first_year"
clause = "过渡条款"
title = "首年"
text = "过渡期内专利产业化率按不低于30%掌握。"
basis = "示例"
part = "5.rate"
assessed_from = 2024-06-06
assessed_before = 2024-07-01
test = "industrialisation_numerator >= 0.30 * NULLIF(industrialisation_denominator, 0)"
"""
    eased = load_rulebook(TEXT + clause, origin="eased.toml")
    (within,) = decisions(A, [{"valid_patents": 10, "industrialised_patents": 4}], [({}, set())])
    after_it = replace(within, id=uuid.UUID(int=1), assessed_on=date(2024, 7, 1))
    tally = Tally(eased)
    (told,) = _batch(tally, {A.digest: A}, [within, after_it], "criterion", 10)
    assert told.assessment_id == within.id
    (part,) = told.parts
    assert part.after is not None
    assert "过渡条款" in part.after.reason_zh
    assert tally.summary().criteria[4].changed == 1


def _split() -> tuple[str, str, str, str]:
    pieces = TEXT.split("[[criterion]]\n")
    text = [pieces[0], *("[[criterion]]\n" + piece for piece in pieces[1:])]
    return "".join(text[:5]), text[5], text[6], "".join(text[7:])


def test_a_broken_receipt_hides_no_other() -> None:
    stored = decisions(A, [{"valid_patents": number} for number in range(7)], [({}, set())] * 7)
    stored[2] = Decision(*[getattr(stored[2], name) for name in Decision.__slots__[:6]], "no receipt", None, None)
    stored[5] = Decision(
        *[getattr(stored[5], name) for name in Decision.__slots__[:6]],
        stored[5].receipt.replace('"valid_patents":5', '"valid_patents":-5'),
        None,
        None,
    )
    tally = Tally(changed(STRICTER))
    _batch(tally, {A.digest: A}, stored, "overall", 10)
    assert (tally.unreadable, tally.matrix.total()) == (2, 5)


@pytest.mark.parametrize("digests", [1, 2])
def test_several_rulebooks_in_one_batch_stay_in_order(digests: int) -> None:
    other = changed(LOOSER)
    facts = [{"valid_patents": 10, "industrialised_patents": 5}] * 6
    first, second = decisions(A, facts, [({}, set())] * 6), decisions(other, facts, [({}, set())] * 6)
    mixed = [second[at] if digests == 2 and at % 2 else first[at] for at in range(6)]
    tally = Tally(changed(STRICTER))
    found = _batch(tally, {A.digest: A, other.digest: other}, mixed, "criterion", 4)
    assert [one.assessment_id.int for one in found] == [0, 1, 2, 3]
    assert tally.matrix.total() == 6


def test_rows_are_booleans_and_positions() -> None:
    compared = compare(A, changed(STRICTER), frame_of([example()]))
    assert compared.rows.schema == {"position": pl.UInt32, "overall": pl.Boolean, "criterion": pl.Boolean}
