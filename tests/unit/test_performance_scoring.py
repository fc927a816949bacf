"""Points of the annual performance: bounds that hold whatever the unknown turns out to be, and settings refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.performance.indicators import INDICATORS
from services.evaluation.performance.scoring import decimal_text, place, plain_text, score
from services.evaluation.performance.settings import Rule, Scale, load_settings, performance_settings
from services.evaluation.rulebooks.errors import RulebookError
from shared.reference.province import province

FILE = (province().folder / "performance.toml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Told:
    """A figure: rows with values, and how many there are without."""

    value: int | None
    unknown_rows: int = 0


# One of money, and enough others to divide by.
KEYS = ("financing", "members", "exits")
# Small, so that most shares lie within the scales and not beyond their ends.
_numbers = st.integers(0, 12).flatmap(lambda number: st.sampled_from((number, number * 100)))
_told = st.one_of(
    _numbers.map(Told),
    st.builds(Told, _numbers, st.integers(1, 3)),
    st.builds(Told, st.none(), st.integers(1, 3)),
)
_figures = st.fixed_dictionaries(dict.fromkeys(KEYS, _told))
_ends = st.lists(st.fractions(0, 3, max_denominator=4), min_size=2, max_size=2, unique=True)


@st.composite
def _rules(draw: st.DrawFn) -> dict[str, Rule]:
    """Weights of any size: that they make 100 is the file's business."""
    rules: dict[str, Rule] = {}
    for key in KEYS:
        zero_at, full_at = draw(_ends)
        over = draw(st.sampled_from([None, *(other for other in KEYS if other != key)]))
        rules[key] = Rule("四（三）", 10, Scale(zero_at, full_at, over), "测试")
    return rules


@given(_rules(), _figures, st.data())
def test_whatever_the_unknown_turns_out_to_be_the_score_stays_within_its_bounds(
    rules: dict[str, Rule], figures: dict[str, Told], data: st.DataObject
) -> None:
    told = score(rules, figures)
    assert 0 <= told.known <= told.at_most <= sum(rule.weight for rule in rules.values())
    assert told.unknown == sum(rules[key].weight for key, one in told.earned.items() if one.points is None)
    # Each row without a value gets one.
    later = {
        key: Told((one.value or 0) + sum(data.draw(_numbers) for _ in range(one.unknown_rows)))
        for key, one in figures.items()
    }
    known = score(rules, later)
    assert told.known <= known.known <= told.at_most
    assert known.at_most <= told.at_most


@given(_rules(), st.fixed_dictionaries(dict.fromkeys(KEYS, _numbers.map(Told))))
def test_what_is_known_is_scored_exactly(rules: dict[str, Rule], figures: dict[str, Told]) -> None:
    for key, one in score(rules, figures).earned.items():
        scale = rules[key].scale
        assert scale is not None
        amount = Fraction(figures[key].value or 0, 100 if key == "financing" else 1)
        if scale.over is not None:
            below = Fraction(figures[scale.over].value or 0, 100 if scale.over == "financing" else 1)
            if not below:
                assert one.points is None, "nothing to divide by is unknown, not zero"
                continue
            amount /= below
        low, high = sorted((scale.zero_at, scale.full_at))
        clipped = min(max(amount, low), high)
        assert one.points == 10 * abs(clipped - scale.zero_at) / (high - low)


def test_equals_share_a_place_and_decimals_are_cut_off() -> None:
    marks = [Fraction(3), Fraction(2), Fraction(2), Fraction(1)]
    assert [place(one, marks) for one in marks] == [1, 2, 2, 4]
    assert [decimal_text(Fraction(2, 3)), decimal_text(Fraction(1999, 1000)), decimal_text(Fraction(0))] == [
        "0.66",
        "1.99",
        "0.00",
    ]
    assert [plain_text(Fraction(5_000_000)), plain_text(Fraction(1, 2)), plain_text(Fraction(0))] == [
        "5000000",
        "0.5",
        "0",
    ]


def test_the_provinces_file_has_a_basis_for_each_indicator() -> None:
    settings = performance_settings()
    assert settings.rules.keys() == INDICATORS.keys()
    assert sum(rule.weight for rule in settings.rules.values()) == 100
    assert all(rule.basis and rule.clause for rule in settings.rules.values())


@pytest.mark.parametrize(
    ("pattern", "replacement", "code", "line_of"),
    [
        ("weight = 20", "weight = 21", "weights", None),
        ("weight = 20", "weight = 101", "out_of_range", 'key = "financing"'),
        ('key = "exits"', 'key = "happiness"', "unknown_indicator", 'key = "exits"'),
        ('key = "exits"', 'key = "members"', "duplicate", 'key = "exits"'),
        ('full_at = "0.1"', 'full_at = "0"', "malformed", 'key = "graduations"'),
        ('full_at = "0.1"', "full_at = 0.1", "malformed", 'key = "graduations"'),
        ('over = "reports_due"', 'over = "nothing"', "unknown_indicator", 'key = "reports_missing"'),
        ('"equity"', '"training"', "unknown_kind", None),
        ('"equity"', '"other_loan"', "malformed", None),
        ("first_year = 2024", "", "missing", None),
        ("first_year = 2024", "first_year = 2024\ncolour = 1", "unknown_key", None),
        ("weight = 20", "weight = ", "toml", "weight = 20"),
    ],
)
def test_faulty_settings_are_refused_with_file_and_line(
    pattern: str, replacement: str, code: str, line_of: str | None
) -> None:
    text = re.sub(re.escape(pattern), lambda _: replacement, FILE, count=1)
    assert text != FILE
    with pytest.raises(RulebookError) as refused:
        load_settings(text, origin="performance.toml")
    assert (refused.value.code, refused.value.origin) == (code, "performance.toml"), str(refused.value)
    if line_of is not None:
        lines = FILE.splitlines()
        at = next(number for number, line in enumerate(lines, 1) if line.startswith(line_of))
        assert abs(refused.value.line - at) <= 1
