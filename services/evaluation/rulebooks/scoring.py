"""Scores for ranking: weights over piecewise-linear scales of facts or quotients of facts, exact and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.linear import FEN_PER_YUAN


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """At the value `at` an indicator gives the share `share` (0 to 1) of its weight; money is in 元."""

    at: Fraction
    share: Fraction


@dataclass(frozen=True, slots=True)
class ScoringIndicator:
    """Points for a fact, or its quotient by `denominator`: straight lines between breakpoints, level outside them."""

    key: str
    title: str
    numerator: str
    denominator: str | None
    weight: Fraction
    group: str | None
    scale: tuple[Breakpoint, ...]
    basis: str

    def value(self, facts: Mapping[str, FactValue]) -> Fraction | None:
        """Exact, money in 元; None where a fact is missing or the denominator is zero."""
        below = Fraction(1) if self.denominator is None else _number(self.denominator, facts)
        above = _number(self.numerator, facts)
        return None if above is None or not below else above / below

    @property
    def unit(self) -> str:
        """The unit of `value` in words: empty for a share of like by like."""
        above = _unit(self.numerator)
        if self.denominator is None:
            return above
        below = _unit(self.denominator)
        return "" if above == below else f"{above}/{below}"


@dataclass(frozen=True, slots=True)
class ScoringGroup:
    """Indicators that together give at most `cap` points."""

    key: str
    title: str
    cap: Fraction
    basis: str


@dataclass(frozen=True, slots=True)
class Scoring:
    """The scoring section. `total` is the most there is; an unknown value gives `unknown_share` of its weight.

    Points are shown with `decimals` digits, rounded half up; ranking compares them exactly.
    """

    total: Fraction
    decimals: int
    basis: str
    unknown_share: Fraction
    unknown_basis: str
    indicators: tuple[ScoringIndicator, ...]
    groups: tuple[ScoringGroup, ...]


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """What one indicator gave. `segment` counts from 0 (below the first breakpoint); None when `value` is unknown."""

    indicator: ScoringIndicator
    value: Fraction | None
    points: Fraction
    segment: int | None


@dataclass(frozen=True, slots=True)
class GroupScore:
    """What a group's indicators sum to, and what counts of it."""

    group: ScoringGroup
    reached: Fraction
    points: Fraction


@dataclass(frozen=True, slots=True)
class Score:
    """An exact total, with what each indicator gave and which groups were capped."""

    total: Fraction
    indicators: tuple[IndicatorScore, ...]
    groups: tuple[GroupScore, ...]


def score(scoring: Scoring, facts: Mapping[str, FactValue]) -> Score:
    """Score one application's facts (money in 分), exactly."""
    indicators = tuple(_scored(one, scoring, facts) for one in scoring.indicators)
    groups: list[GroupScore] = []
    for group in scoring.groups:
        reached = sum((one.points for one in indicators if one.indicator.group == group.key), Fraction(0))
        groups.append(GroupScore(group, reached, min(reached, group.cap)))
    alone = sum((one.points for one in indicators if one.indicator.group is None), Fraction(0))
    return Score(alone + sum((one.points for one in groups), Fraction(0)), indicators, tuple(groups))


def most(indicators: tuple[ScoringIndicator, ...], groups: tuple[ScoringGroup, ...]) -> Fraction:
    """The most points that weights and caps allow."""
    alone = sum((one.weight for one in indicators if one.group is None), Fraction(0))
    return alone + sum(
        (min(group.cap, sum(one.weight for one in indicators if one.group == group.key)) for group in groups),
        Fraction(0),
    )


def _scored(indicator: ScoringIndicator, scoring: Scoring, facts: Mapping[str, FactValue]) -> IndicatorScore:
    if (value := indicator.value(facts)) is None:
        return IndicatorScore(indicator, None, indicator.weight * scoring.unknown_share, None)
    segment = sum(point.at <= value for point in indicator.scale)
    return IndicatorScore(indicator, value, indicator.weight * share_at(indicator.scale, value), segment)


def share_at(scale: tuple[Breakpoint, ...], value: Fraction) -> Fraction:
    """The share that a scale gives at `value`; level before its first and after its last breakpoint."""
    if value <= scale[0].at:
        return scale[0].share
    for left, right in pairwise(scale):
        if value <= right.at:
            return left.share + (right.share - left.share) * (value - left.at) / (right.at - left.at)
    return scale[-1].share


def _number(name: str, facts: Mapping[str, FactValue]) -> Fraction | None:
    if (value := facts.get(name)) is None:
        return None
    return Fraction(int(value), FEN_PER_YUAN if catalogue()[name].type == "money" else 1)


def _unit(name: str) -> str:
    fact = catalogue()[name]
    return "元" if fact.type == "money" else fact.unit or ""
