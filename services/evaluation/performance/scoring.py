"""Points from figures, exact: what each indicator earns, what cannot be known, and places. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from services.evaluation.performance.indicators import INDICATORS
from services.evaluation.performance.settings import Rule, Scale

# By indicator, in the units of its rows (分 for money); None where it is unknown.
Figures = Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Earned:
    """`measure` is what the scale is applied to, `points` what it earns; both None where that is unknown."""

    weight: int
    measure: Fraction | None
    points: Fraction | None


@dataclass(frozen=True, slots=True)
class Score:
    """`known` is what is certainly earned, `unknown` the weight of indicators that cannot be computed."""

    earned: Mapping[str, Earned]
    known: Fraction
    unknown: int

    @property
    def at_most(self) -> Fraction:
        return self.known + self.unknown


def score(rules: Mapping[str, Rule], figures: Figures) -> Score:
    """Every indicator of a scale. The weight of an unknown one is neither earned nor given to the others."""
    earned = {
        key: _earned(key, rule.weight, rule.scale, figures) for key, rule in rules.items() if rule.scale is not None
    }
    known = sum((one.points for one in earned.values() if one.points is not None), Fraction())
    return Score(earned, known, sum(one.weight for one in earned.values() if one.points is None))


def place(score_: Fraction, others: list[Fraction]) -> int:
    """1 and how many of the others are above; equals share a place."""
    return 1 + sum(other > score_ for other in others)


def _earned(key: str, weight: int, scale: Scale, figures: Figures) -> Earned:
    measure = _measure(key, scale.over, figures)
    if measure is None:
        return Earned(weight, None, None)
    share = (measure - scale.zero_at) / (scale.full_at - scale.zero_at)
    return Earned(weight, measure, weight * min(max(share, Fraction(0)), Fraction(1)))


def _measure(key: str, over: str | None, figures: Figures) -> Fraction | None:
    figure = _in_unit(key, figures)
    if over is None or figure is None:
        return figure
    divisor = _in_unit(over, figures)
    return None if not divisor else figure / divisor


def _in_unit(key: str, figures: Figures) -> Fraction | None:
    value = figures[key]
    return None if value is None else Fraction(value, 100 if INDICATORS[key].is_money else 1)


def decimal_text(value: Fraction, places: int = 2) -> str:
    """Cut off after `places` decimals, never rounded up; such as `"87.50"`."""
    whole, rest = divmod(floor(value * 10**places), 10**places)
    return f"{whole}.{rest:0{places}d}"
