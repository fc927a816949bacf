"""The engine against an oracle written from the plan's text: every boundary, every gap, thousands of applications."""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.loader import load_rulebook
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.reference.province import province
from tests.unit.oracle import (
    AMOUNT,
    FAULTLESS,
    SHARES,
    WHOLES,
    Facts,
    application,
    applications,
    around,
    boundaries,
    single_changes,
    standards,
    whole,
)

TEXT = (province().rulebooks / "hubei-2024.toml").read_text(encoding="utf-8")
SETTING = "[parameters.industrialisation_by_invention_only]\nvalue = "
READINGS = {
    inventions_only: load_rulebook(
        TEXT.replace(f"{SETTING}false", f"{SETTING}{str(inventions_only).lower()}"), origin="x"
    )
    for inventions_only in (False, True)
}
WORDS = {True: "met", False: "not_met", None: "unknown"}
either_reading = pytest.mark.parametrize("inventions_only", READINGS)


def verdicts(rulebook: Rulebook, rows: list[Facts]) -> list[dict[str, Any]]:
    return criterion_verdicts(rulebook, judge(rulebook, facts_frame(rows))).rows(named=True)


def agrees(rows: list[Facts], *, inventions_only: bool) -> set[tuple[int, str]]:
    """Every criterion of every row as the oracle says; returns the verdicts that occurred."""
    judged = verdicts(READINGS[inventions_only], rows)
    for row, found in zip(rows, judged, strict=True):
        expected = standards(row, inventions_only=inventions_only)
        assert {number: WORDS[found[str(number)]] for number in expected} == expected, row
        assert found["overall"] == whole(expected)
    return {(number, WORDS[found[str(number)]]) for found in judged for number in range(1, 11)}


def test_the_two_readings_differ() -> None:
    assert READINGS[False].digest != READINGS[True].digest


@either_reading
def test_at_below_and_above_every_threshold(inventions_only: bool) -> None:
    rows = boundaries()
    assert len(rows) > 700
    seen = agrees(rows, inventions_only=inventions_only)
    assert {(n, word) for n in (5, 6) for word in WORDS.values()} <= seen
    assert {(1, "not_met"), (7, "not_met"), (9, "not_met")} <= seen


def test_boundaries_hold_each_threshold_from_both_sides() -> None:
    rows = boundaries()
    for part, whole_, share in SHARES:
        for number in WHOLES[1:]:
            told = {
                Fraction(row[part]) - share * number for row in rows if row[whole_] == number and row[part] is not None
            }
            assert {gap for gap in told if gap < 0} or number == 1 or share * number < 1
            assert {gap for gap in told if gap >= 0}
        assert any(row[whole_] and Fraction(row[part], row[whole_]) == share for row in rows)
    assert {AMOUNT - 1, AMOUNT, AMOUNT + 1} <= around(Fraction(AMOUNT)) & {row["rd_expense_cny"] for row in rows}


@either_reading
def test_each_fact_turned_over_or_missing(inventions_only: bool) -> None:
    agrees(single_changes(), inventions_only=inventions_only)
    gaps = [{**row, name: None} for row in boundaries()[::7] for name in FAULTLESS if row[name] is not None]
    agrees(gaps, inventions_only=inventions_only)


@either_reading
@settings(max_examples=30, deadline=None)
@given(rows=st.lists(applications(), min_size=1, max_size=40))
def test_generated_applications(inventions_only: bool, rows: list[Facts]) -> None:
    agrees(rows, inventions_only=inventions_only)


@either_reading
def test_thousands_of_applications_around_the_thresholds(inventions_only: bool) -> None:
    source = Random(2024)
    rows = [application(source.getrandbits(260)) for _ in range(3000)]
    seen = agrees(rows, inventions_only=inventions_only)
    possible = {(n, word) for n in range(1, 11) for word in WORDS.values()} - {(7, "met"), (8, "met"), (9, "met")}
    assert seen == possible, "every verdict that a standard can have occurs"
