"""Points from figures, exact: what each indicator earns, what cannot be known, and places. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Protocol

from services.evaluation.performance.indicators import INDICATORS
from services.evaluation.performance.settings import Rule, Scale


class Told(Protocol):
    """A figure in the units of its rows (分 for money): None where unknown, short of `unknown_rows` without a value."""

    @property
    def value(self) -> int | None: ...

    @property
    def unknown_rows(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Earned:
    """`measure` is what the scale is applied to, `points` what is certainly earned; both None where that is unknown.

    `at_most` is more than `points` where rows without a value could add to it.
    """

    weight: int
    measure: Fraction | None
    points: Fraction | None
    at_most: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """`known` is what is certainly earned, `unknown` the weight of indicators that cannot be computed."""

    earned: Mapping[str, Earned]
    known: Fraction
    at_most: Fraction
    unknown: int


def score(rules: Mapping[str, Rule], figures: Mapping[str, Told]) -> Score:
    """Every indicator of a scale. The weight of an unknown one is neither earned nor given to the others."""
    earned = {
        key: _earned(rule.weight, rule.scale, _measured(key, rule.scale, figures))
        for key, rule in rules.items()
        if rule.scale is not None
    }
    known = sum((one.points for one in earned.values() if one.points is not None), Fraction())
    at_most = sum((one.at_most for one in earned.values()), Fraction())
    return Score(earned, known, at_most, sum(one.weight for one in earned.values() if one.points is None))


def place(score_: Fraction, others: list[Fraction]) -> int:
    """1 and how many of the others are above; equals share a place."""
    return 1 + sum(other > score_ for other in others)


def _earned(weight: int, scale: Scale, measured: tuple[Fraction | None, bool]) -> Earned:
    """What rows without a value could only add to is earned for certain; what they could take from is unknown."""
    measure, whole = measured
    if measure is None or not (whole or scale.full_at > scale.zero_at):
        return Earned(weight, None, None, Fraction(weight))
    share = (measure - scale.zero_at) / (scale.full_at - scale.zero_at)
    points = weight * min(max(share, Fraction(0)), Fraction(1))
    return Earned(weight, measure, points, points if whole else Fraction(weight))


def _measured(key: str, scale: Scale, figures: Mapping[str, Told]) -> tuple[Fraction | None, bool]:
    """The measure, and whether every row has its value; unknown over nothing, and over what is not wholly known."""
    figure, whole = _in_unit(key, figures), not figures[key].unknown_rows
    if scale.over is None or figure is None:
        return figure, whole
    divisor = None if figures[scale.over].unknown_rows else _in_unit(scale.over, figures)
    return (None if not divisor else figure / divisor), whole


def _in_unit(key: str, figures: Mapping[str, Told]) -> Fraction | None:
    value = figures[key].value
    return None if value is None else Fraction(value, 100 if INDICATORS[key].is_money else 1)


def plain_text(value: Fraction) -> str:
    """With as many of four decimals as it takes, cut off after them; such as `"0.5"` or `"5000000"`."""
    return decimal_text(value, 4).rstrip("0").rstrip(".")


def decimal_text(value: Fraction, places: int = 2) -> str:
    """Cut off after `places` decimals, never rounded up; such as `"87.50"`."""
    whole, rest = divmod(floor(value * 10**places), 10**places)
    return f"{whole}.{rest:0{places}d}"
