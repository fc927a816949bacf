"""Shares as people read them: one rule for reasons, distances and scores, so that nobody meets one share as two figures."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from math import floor

_PLACES = 2
# Where a mark is no decimal, more places would not show the share equal to it.
_MOST_FOR_EQUAL = 12


def percent_figure(share: Fraction, marks: Collection[Fraction] = ()) -> str:
    """`share` (1 is 100) as a percentage without the sign: two decimals, rounded half up, thousands separated.

    `marks` are shares that it is held against, such as a threshold. Where two decimals would show it at a mark that it
    does not reach, or on the other side of it, more are given, as many as it takes.
    """
    places = _PLACES
    while not all(_true_to(share, _rounded(share, places), mark, places) for mark in marks):
        places += 1
    scaled = floor(abs(share) * 100 * 10**places + Fraction(1, 2))
    whole, part = divmod(scaled, 10**places)
    return f"{'-' if share < 0 and scaled else ''}{whole:,}.{part:0{places}d}"


def percent(share: Fraction, marks: Collection[Fraction] = ()) -> str:
    """`percent_figure` with its sign, such as: 66.67%."""
    return f"{percent_figure(share, marks)}%"


def _rounded(share: Fraction, places: int) -> Fraction:
    return Fraction(floor(share * 100 * 10**places + Fraction(1, 2)), 100 * 10**places)


def _true_to(share: Fraction, shown: Fraction, mark: Fraction, places: int) -> bool:
    if share == mark:
        return shown == mark or places >= _MOST_FOR_EQUAL
    return (shown < mark) if share < mark else (shown > mark)
