"""Outcomes of adjustment against an oracle with fractions; both groupings, boundaries, gaps, holds, and what-ifs."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.adjustment.explanation import explain
from services.evaluation.adjustment.members import checked_members, members_frame
from services.evaluation.adjustment.outcomes import OUTCOMES, TESTS, outcomes
from services.evaluation.adjustment.rules import Rules, provincial_rules
from services.evaluation.rulebooks.errors import FactError
from tests.unit.adjustment_oracle import IMMEDIATE, ON, READINGS, Reading, expected, members

(RULES,) = provincial_rules()
OTHER_GROUPING = RULES.changed(grouping="rate_and_new_or_growth")
QUIET: dict[str, Any] = {
    "membership_id": "m",
    "uscc": "91420100MA4KXXXX0A",
    "city_code": "420100",
    "admitted_on": date(2025, 7, 31),
    "baseline_industrialised": 10,
    "baseline_valid": 20,
    "latest_industrialised": 10,
    "latest_valid": 20,
    "new_intensive_products": 0,
    "baseline_sales": 100,
    "latest_sales": 100,
    "baseline_profit": 100,
    "latest_profit": 100,
    "progress_on": None,
    "progress_known": True,
    "incident_kinds": [],
    "held_graduation": False,
    "held_exit": False,
}
RATE = {"latest_industrialised": 11}
PRODUCT = {"new_intensive_products": 1}
GROWTH = {"latest_sales": 120, "latest_profit": 120}
FIGURES = [name for name, value in QUIET.items() if type(value) is int]
IDLE = {"admitted_on": date(2024, 7, 30)}


def judged(rules: Rules = RULES, on: date = ON, **changes: Any) -> dict[str, Any]:
    return outcomes(rules, members_frame([QUIET | changes]), on).row(0, named=True)


@settings(max_examples=80)
@given(rows=st.lists(members(), min_size=1, max_size=12), reading=READINGS)
def test_every_member_is_judged_as_the_plain_oracle_does(rows: list[dict[str, Any]], reading: Reading) -> None:
    named = [{**row, "membership_id": str(at)} for at, row in enumerate(rows)]
    found = outcomes(RULES.changed(**reading.settings()), members_frame(named), ON).rows(named=True)
    for row, result in zip(named, found, strict=True):
        assert {
            name: result[name] for name in ("outcome", "reason_code", "graduation", "exit", "exit_reason", *TESTS)
        } == expected(row, reading)


@pytest.mark.parametrize(
    ("changes", "as_chosen", "as_otherwise_read"),
    [
        ({}, "stay", "stay"),
        (RATE, "stay", "stay"),
        (PRODUCT, "stay", "stay"),
        (RATE | PRODUCT, "graduate", "graduate"),
        (RATE | GROWTH, "graduate", "graduate"),
        # Where the two readings of the clause part.
        (GROWTH, "stay", "graduate"),
        (PRODUCT | GROWTH, "stay", "graduate"),
    ],
)
def test_both_groupings(changes: dict[str, Any], as_chosen: str, as_otherwise_read: str) -> None:
    assert judged(**changes)["outcome"] == as_chosen
    assert judged(OTHER_GROUPING, **changes)["outcome"] == as_otherwise_read


@pytest.mark.parametrize(
    ("test", "changes", "holds"),
    [
        (
            "rate_improved",
            {"baseline_industrialised": 600, "baseline_valid": 1000}
            | {"latest_industrialised": 65, "latest_valid": 100},
            True,
        ),
        (
            "rate_improved",
            {"baseline_industrialised": 600, "baseline_valid": 1000}
            | {"latest_industrialised": 649, "latest_valid": 1000},
            False,
        ),
        # 30% to 33%: a tenth more, though only three points.
        (
            "rate_improved",
            {"baseline_industrialised": 30, "baseline_valid": 100} | {"latest_industrialised": 33, "latest_valid": 100},
            True,
        ),
        ("rate_improved", {"baseline_valid": 0, "baseline_industrialised": 0}, None),
        ("rate_improved", {"latest_valid": 0, "latest_industrialised": 0}, None),
        ("rate_improved", {"latest_industrialised": 21}, None),
        # From nothing: points tell, a share of growth never does.
        ("rate_improved", {"baseline_industrialised": 0, "latest_industrialised": 1}, True),
        ("rate_improved", {"baseline_industrialised": 0, "latest_industrialised": 0}, None),
        ("sales_growth", {"latest_sales": 119}, False),
        ("sales_growth", {"baseline_sales": 0, "latest_sales": 10**15}, None),
        # Where there was nothing and is nothing, nothing grew.
        ("sales_growth", {"baseline_sales": 0, "latest_sales": 0}, False),
        ("profit_growth", {"baseline_profit": -100, "latest_profit": -100}, False),
        ("profit_growth", {"latest_profit": 120}, True),
        ("profit_growth", {"baseline_profit": -100, "latest_profit": 100}, None),
        ("product_growth", {"latest_sales": 119, "latest_profit": None}, False),
        ("product_growth", {"latest_sales": 120, "latest_profit": None}, None),
        ("new_product", {"new_intensive_products": None}, None),
    ],
)
def test_boundaries_and_gaps(test: str, changes: dict[str, Any], holds: bool | None) -> None:
    assert judged(**changes)[test] is holds


@pytest.mark.parametrize(
    ("admitted_on", "last_day"),
    [
        (date(2024, 7, 31), date(2026, 7, 31)),
        (date(2024, 2, 29), date(2026, 2, 28)),
        (date(2022, 2, 28), date(2024, 2, 28)),
    ],
)
def test_the_term_ends_with_the_day_of_the_same_number(admitted_on: date, last_day: date) -> None:
    after = date.fromordinal(last_day.toordinal() + 1)
    assert judged(on=last_day, admitted_on=admitted_on)["outcome"] == "stay"
    assert judged(on=after, admitted_on=admitted_on)["outcome"] == "exit_after_notice"
    assert judged(on=after, admitted_on=admitted_on, progress_known=False)["outcome"] == "unknown_exit"
    assert judged(on=after, admitted_on=admitted_on, progress_on=last_day)["outcome"] == "stay"


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        (RATE | PRODUCT | {"incident_kinds": ["tax_evasion"]}, "exit", "tax_evasion"),
        (RATE | PRODUCT | {"incident_kinds": ["data_falsification"]}, "exit_after_notice", "data_falsification"),
        ({"incident_kinds": ["other_violation", "safety_accident"]}, "exit", "safety_accident"),
        (RATE | PRODUCT | {"incident_kinds": ["tax_evasion"], "held_exit": True}, "hold_exit", "tax_evasion"),
        (RATE | PRODUCT | {"held_graduation": True}, "hold_graduation", "graduation_met"),
        (RATE | PRODUCT | {"held_exit": True}, "graduate", "graduation_met"),
        (RATE | PRODUCT | IDLE, "graduate", "graduation_met"),
        (RATE | PRODUCT | IDLE | {"held_graduation": True}, "hold_graduation", "graduation_met"),
        (IDLE | {"held_exit": True}, "hold_exit", "no_progress"),
        (PRODUCT | IDLE | {"latest_valid": None}, "exit_after_notice", "no_progress"),
        (PRODUCT | {"latest_valid": None}, "unknown_graduation", "graduation_unknown"),
        (PRODUCT | IDLE | {"latest_valid": None, "progress_known": False}, "unknown", "both_unknown"),
    ],
)
def test_what_goes_before_what(changes: dict[str, Any], outcome: str, reason: str) -> None:
    found = judged(**changes)
    assert (found["outcome"], found["reason_code"]) == (outcome, reason)


@given(row=members(), gaps=st.sets(st.sampled_from(FIGURES), min_size=1))
def test_a_gap_never_graduates_or_ends_anybody(row: dict[str, Any], gaps: set[str]) -> None:
    whole, less = judged(**row), judged(**row | dict.fromkeys(gaps))
    for name in (*TESTS, "graduation", "exit"):
        assert less[name] is None or less[name] is whole[name] or whole[name] is None
    if less["outcome"] == "graduate":
        assert whole["graduation"] is True
    assert less["exit"] is whole["exit"]


@settings(max_examples=25)
@given(rows=st.lists(members(), min_size=1, max_size=8))
def test_a_what_if_changes_only_what_it_should(rows: list[dict[str, Any]]) -> None:
    frame = members_frame([{**row, "membership_id": str(at)} for at, row in enumerate(rows)])
    now, stricter = outcomes(RULES, frame, ON), outcomes(RULES.changed(profit_growth_percent="40"), frame, ON)
    touched = ["outcome", "reason_code", "graduation", "profit_growth", "product_growth"]
    assert now.drop(touched).equals(stricter.drop(touched))
    gained = (stricter["outcome"] == "graduate") & (now["outcome"] != "graduate")
    assert not gained.any()
    assert outcomes(RULES.changed(reply_working_days=20, credits_per_graduate=1), frame, ON).equals(now)


@given(row=members())
def test_an_explanation_tells_the_outcome_and_what_is_missing(row: dict[str, Any]) -> None:
    member = {**row, "membership_id": "m"}
    found, told = judged(**row), explain(RULES, member, ON)
    assert (told.outcome, told.reason_code) == (found["outcome"], found["reason_code"])
    assert bool(told.missing_for_graduation) is (found["graduation"] is not True)
    assert {reason.code: reason.holds for reason in told.reasons if reason.code in found} == {
        name: found[name] for name in TESTS if name not in ("product_growth", "misconduct")
    }
    assert all(reason.clause.startswith("二(六)12") for reason in told.reasons)


def test_an_explanation_has_the_figures() -> None:
    told = explain(RULES, QUIET | {"latest_sales": 110, "baseline_profit": -5, "incident_kinds": ["tax_evasion"]}, ON)
    texts = {reason.code: reason.text for reason in told.reasons}
    assert "偷漏税，立即退库" in texts["tax_evasion"]
    assert "10/20 件，50%" in texts["rate_improved"]
    assert "增长 10%；要求增长 20% 以上，未达到" in texts["sales_growth"]
    assert "2027-07-31 期满，尚余 365 天" in texts["no_progress"]
    assert told.missing_for_graduation[0] == "有效专利件数不变时，再产业化 1 件（达到 11/20 件）"
    assert "再新增专利密集型产品 1 件；或已获认定产品年销售额再增加 0.0001" not in told.missing_for_graduation[1]
    assert "人工核定已获认定产品年利润的增长" in told.missing_for_graduation[1]


def test_nobody_is_no_trouble() -> None:
    assert outcomes(RULES, members_frame([]), ON).height == 0
    assert len(OUTCOMES) == 9
    assert len(IMMEDIATE) == sum(one.effect == "immediate" for one in RULES.exit.incidents)


@pytest.mark.parametrize(
    "changes",
    [
        {"admitted_on": None},
        {"admitted_on": date(2026, 8, 1)},
        {"progress_on": date(2026, 8, 1)},
        {"latest_valid": -1},
        {"latest_profit": -(10**15) - 1},
        {"baseline_sales": 10**15 + 1},
        {"incident_kinds": None},
        {"incident_kinds": [None]},
        {"incident_kinds": ["late_report"]},
        {"progress_known": None},
        {"latest_sales": "100"},
        {"latest_sales": 10**19},
        {"strange": 1},
    ],
)
def test_members_that_are_not_judged(changes: dict[str, Any]) -> None:
    with pytest.raises(FactError):
        judged(**changes)


def test_a_frame_of_other_columns_is_not_judged() -> None:
    frame = members_frame([QUIET])
    for wrong in (
        frame.drop("uscc"),
        frame.with_columns(pl.col("latest_sales").cast(pl.Float64)),
        pl.concat([frame, frame]),
    ):
        with pytest.raises(FactError):
            outcomes(RULES, wrong, ON)
    assert checked_members(frame.with_columns(more=1), ON).equals(frame)
