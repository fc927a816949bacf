"""Hints are exact: each alone makes its step hold, and one 分, head or hundredth of a point less does not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from services.evaluation.rulebooks.arms import Hint, arms
from services.evaluation.rulebooks.catalogue import FACT_LIMIT, catalogue
from services.evaluation.rulebooks.conditions import Condition, evaluate, facts_of
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.loader import rulebook_by_id
from shared.reference.province import province
from tests.unit.oracle import Facts, applications

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")
CONDITIONS = [part.condition for part in RULEBOOK.parts if part.condition is not None]
WAN = 1_000_000
# Every operator, both directions, several facts on a side, denominators, nesting.
OTHER_TESTS = [
    "rd_staff > 0.3 * employees",
    "3 * ip_staff - 2 * rd_staff <= 7",
    "employees < 300 AND revenue_cny < 20000000",
    "10 <= valid_patents",
    "rd_staff + ip_staff >= 1",
    "valid_patents = 3 OR industrialised_patents <> 2",
    "NULLIF(valid_patents, 0) <= 5",
    "rd_expense_cny - 0.123456789 * revenue_cny > 0.01",
    "NOT (own_brand AND (rd_staff >= 2 OR ip_staff >= 3)) OR size_class IN ('small', 'micro')",
    "(rd_staff >= 2 OR ip_staff >= 3) AND (valid_patents >= 4 OR collaboration_active) AND employees BETWEEN 5 AND 9",
]

OTHERS = [parse_condition(text, catalogue()) for text in OTHER_TESTS]


def in_units(hint: Hint, text: str) -> int:
    return int(Decimal(text) * 100) if hint.unit == "CNY" else int(text)


def test_the_plans_own_example_is_told_in_words_and_figures() -> None:
    part = next(part for part in RULEBOOK.parts if part.id == "6.rd_investment")
    assert part.condition is not None
    share, amount = arms(part.condition, {"rd_expense_cny": 368 * WAN, "revenue_cny": 4000 * WAN})
    assert share.text == "研发投入再增加 32.00 万元，即研发投入占营业收入的比重再提高 0.8 个百分点"
    assert amount.text == "研发投入再增加 132.00 万元"
    (by_amount, by_share) = share.steps[0].hints
    assert (by_amount.needed, by_amount.now, by_amount.gap) == ("4000000.00", "3680000.00", "320000.00")
    assert (by_share.needed, by_share.now, by_share.gap, by_share.of) == ("10.00", "9.20", "0.80", "revenue_cny")


@pytest.mark.parametrize(
    ("test", "facts", "text"),
    [
        ("NOT violation", {"violation": True}, "须没有违法违规情况"),
        ("NOT violation", {}, "须没有违法违规情况"),
        ("NOT major_accident", {"major_accident": True}, "须没有发生重大事故"),
        ("main_product_filed", {"main_product_filed": False}, "须完成主营产品的专利产品备案"),
        ("legal_person AND own_brand", {"legal_person": False}, "须具有独立法人资格，且须拥有自主品牌"),
        (
            "size_class IN ('medium', 'small', 'micro')",
            {"size_class": "large"},
            "企业规模须为中型、小型或微型",
        ),
        ("size_class = 'small'", {"size_class": "large"}, "企业规模须为小型"),
    ],
)
def test_answers_are_told_as_a_person_would_say_them(test: str, facts: dict[str, Any], text: str) -> None:
    assert [arm.text for arm in arms(parse_condition(test, catalogue()), facts)] == [text]


def test_what_is_missing_has_a_threshold_and_no_gap() -> None:
    condition = parse_condition("rd_expense_cny >= 0.10 * NULLIF(revenue_cny, 0)", catalogue())
    (arm,) = arms(condition, {"revenue_cny": 1005})
    (hint,) = arm.steps[0].hints
    assert (arm.value, hint.needed, hint.now, hint.gap) == (None, "1.01", None, None)
    for facts in ({"rd_expense_cny": 5}, {"rd_expense_cny": 5, "revenue_cny": 0}):
        (arm,) = arms(condition, facts)
        assert (arm.value, arm.steps[0].hints, arm.text) == (None, (), "")


def test_what_holds_has_no_arms() -> None:
    assert arms(parse_condition("own_brand", catalogue()), {"own_brand": True}) == []


def test_an_arm_of_several_steps_needs_them_all() -> None:
    condition = parse_condition(
        "(rd_staff >= 2 OR ip_staff >= 3) AND (valid_patents >= 4 OR collaboration_active)", catalogue()
    )
    facts: dict[str, Any] = {"rd_staff": 0, "ip_staff": 0, "valid_patents": 0, "collaboration_active": False}
    found = arms(condition, facts)
    assert [[step.hints[0].fact for step in arm.steps] for arm in found] == [
        ["rd_staff", "valid_patents"],
        ["rd_staff", "collaboration_active"],
        ["ip_staff", "valid_patents"],
        ["ip_staff", "collaboration_active"],
    ]
    assert found[0].text == "研发人员再增加 2 人，且有效专利再增加 4 件"


def test_a_test_with_millions_of_arms_is_answered_with_a_few() -> None:
    names = [name for name, fact in catalogue().items() if fact.type == "boolean"]
    text = " AND ".join(f"({a} OR {b})" for a, b in zip(names[::2], names[1::2], strict=False))
    found = arms(parse_condition(text, catalogue()), dict.fromkeys(names, False))
    assert len(found) == 16


@given(applications())
def test_each_hint_alone_suffices_and_one_step_less_does_not(facts: Facts) -> None:
    for condition in CONDITIONS + OTHERS:
        _check_arms(condition, facts)


def _check_arms(condition: Condition, facts: Facts) -> None:
    for arm in arms(condition, facts):
        held = dict(facts)
        for step in arm.steps:
            assert evaluate(step.leaf, facts) is step.value is not True
            for hint in step.hints:
                _check(step.leaf, facts, hint)
                if hint.kind == "answer":
                    held[hint.fact] = _option(hint.options[0])
                elif hint.kind == "amount":
                    assert hint.needed is not None
                    held[hint.fact] = in_units(hint, hint.needed)
        # Steps may pull one fact two ways; otherwise the whole arm satisfies the condition.
        changed = [hint.fact for step in arm.steps for hint in step.hints if hint.kind != "share"]
        if len(set(changed)) == len(changed) == len(arm.steps) and not _shared(arm.steps, changed):
            assert evaluate(condition, held) is True


def _shared(steps: Any, changed: list[str]) -> bool:
    """Whether a step reads what another step changes."""
    return any(
        name in facts_of(step.leaf) for step, own in zip(steps, changed, strict=True) for name in changed if name != own
    )


def _option(option: str) -> bool | str:
    return option == "true" if option in {"true", "false"} else option


def _check(leaf: Any, facts: Facts, hint: Hint) -> None:
    def holds(value: Any) -> bool:
        return evaluate(leaf, facts | {hint.fact: value}) is True

    if hint.kind == "answer":
        every = {"true", "false"} if catalogue()[hint.fact].type == "boolean" else set(catalogue()[hint.fact].options)
        assert {option for option in every if holds(_option(option))} == set(hint.options)
    elif hint.kind == "amount":
        _check_amount(hint, facts[hint.fact], holds)
    else:
        _check_share(hint, facts, holds)


def _check_amount(hint: Hint, now: int | None, holds: Any) -> None:
    assert hint.needed is not None
    needed = in_units(hint, hint.needed)
    assert 0 <= needed <= FACT_LIMIT
    assert holds(needed)
    if now is None:
        assert hint.gap is hint.now is None
        assert not (holds(needed - 1) and holds(needed + 1))
        return
    assert hint.gap is not None
    assert hint.now is not None
    gap, sign = in_units(hint, hint.gap), 1 if needed > now else -1
    assert (in_units(hint, hint.now), now + sign * gap) == (now, needed)
    assert gap > 0
    assert not holds(now + sign * (gap - 1))


def _check_share(hint: Hint, facts: Facts, holds: Any) -> None:
    assert hint.of is not None
    assert hint.now is not None
    assert hint.gap is not None
    assert hint.needed is not None
    whole, gap = facts[hint.of], Fraction(hint.gap)
    now = Fraction(facts[hint.fact] * 100, whole)
    # As every share is shown: to the nearest hundredth, and below what is needed.
    assert abs(now - Fraction(hint.now)) <= Fraction(1, 200)
    assert Fraction(hint.now) < Fraction(hint.needed)
    # In shares: the amount that is `gap` points more meets it, and a hundredth of a point less does not.
    assert holds(-(-(now + gap) * whole // 100))
    short = (now + gap - Fraction(1, 100)) * whole / 100
    assert not holds(int(short)) or short < facts[hint.fact]


@pytest.mark.parametrize("text", OTHER_TESTS)
def test_the_other_tests_are_reached_by_hints(text: str) -> None:
    condition = parse_condition(text, catalogue())
    nothing: Facts = {name: 0 if fact.is_number else None for name, fact in catalogue().items()}
    assert arms(condition, nothing) or evaluate(condition, nothing)
