"""One share is one figure wherever it is shown, and never on the wrong side of what it is held against."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.rulebooks.arms import arms
from services.evaluation.rulebooks.explain import explain
from services.evaluation.rulebooks.frames import facts_frame
from services.evaluation.rulebooks.judge import judge
from services.evaluation.rulebooks.loader import rulebook_by_id
from services.evaluation.rulebooks.percentages import percent, percent_figure
from services.evaluation.rulebooks.scoring import score
from services.evaluation.selection.explanation import score_explained
from shared.reference.province import province

RULEBOOK = rulebook_by_id(province().rulebooks, "hubei-2024")


@pytest.mark.parametrize(
    ("share", "marks", "told"),
    [
        (Fraction(2, 3), [], "66.67%"),
        (Fraction(2, 3), [Fraction(1, 2)], "66.67%"),
        (Fraction(1, 7), [Fraction(1, 5)], "14.29%"),
        (Fraction(1, 2), [Fraction(1, 2)], "50.00%"),
        (Fraction("0.49996"), [Fraction(1, 2)], "49.996%"),
        (Fraction("0.50004"), [Fraction(1, 2)], "50.004%"),
        (Fraction("0.499999996"), [Fraction(1, 2)], "49.9999996%"),
        (Fraction(1, 3), [Fraction("0.3333")], "33.333%"),
        (Fraction("0.33335"), [Fraction("0.33335")], "33.335%"),
        (Fraction(12), [], "1,200.00%"),
        (Fraction(0), [Fraction(0)], "0.00%"),
    ],
)
def test_shares_are_rounded_half_up_with_more_places_at_a_mark(
    share: Fraction, marks: list[Fraction], told: str
) -> None:
    assert percent(share, marks) == told


@given(st.fractions(0, 2, max_denominator=10**6), st.lists(st.decimals(0, 2, places=4).map(Fraction), max_size=3))
def test_a_figure_stands_where_the_share_stands(share: Fraction, marks: list[Fraction]) -> None:
    shown = Fraction(percent_figure(share, marks).replace(",", "")) / 100
    assert abs(shown - share) <= Fraction(1, 20_000)
    assert all((shown > mark) == (share > mark) and (shown < mark) == (share < mark) for mark in marks)


def told(facts: dict[str, Any]) -> tuple[str, str, list[str | None]]:
    """What the reason, the score and the distance say of 专利产业化率."""
    parts = judge(RULEBOOK, facts_frame([facts])).row(0, named=True)
    (reason,) = (one.reason for one in explain(RULEBOOK, facts, parts) if one.part_id == "5.rate")
    assert RULEBOOK.scoring is not None
    scored = score_explained(RULEBOOK.scoring, score(RULEBOOK.scoring, facts), facts)["indicators"][0]
    (part,) = (one for one in RULEBOOK.parts if one.id == "5.rate")
    assert part.condition is not None
    hints = [hint for arm in arms(part.condition, facts) for step in arm.steps for hint in step.hints]
    assert scored["value_text"] in scored["text"]
    return reason.split("占 ")[1].split("%")[0], scored["value_text"], [one.now for one in hints if one.kind == "share"]


@pytest.mark.parametrize(
    ("industrialised", "valid", "figure"),
    [(2, 3, "66.67"), (1, 3, "33.33"), (1, 7, "14.29"), (12_499, 25_000, "49.996"), (1, 2, "50.00"), (5, 5, "100.00")],
)
def test_reason_score_and_distance_tell_one_figure(industrialised: int, valid: int, figure: str) -> None:
    reason, scored, distances = told({"industrialised_patents": industrialised, "valid_patents": valid})
    assert (reason, scored) == (figure, f"{figure}%")
    assert set(distances) <= {figure}
    assert bool(distances) is (industrialised * 2 < valid)
