"""Exact rates and growth of one member's figures, and how people read them."""

from __future__ import annotations

from fractions import Fraction
from math import floor

from services.evaluation.rulebooks.wording import decimal

_FEN_PER_WAN = 1_000_000


def rate(industrialised: int | None, valid: int | None) -> Fraction | None:
    """Industrialised among valid patents; None when unknown, over no patents, or contradictory."""
    if industrialised is None or not valid or industrialised > valid:
        return None
    return Fraction(industrialised, valid)


def growth(before: int | None, after: int | None) -> Fraction | None:
    """Growth in percent; None when unknown or from nothing or a loss."""
    if before is None or after is None or before <= 0:
        return None
    return Fraction(after - before, before) * 100


def share_text(share: Fraction) -> str:
    """A share as a percentage; `percent_text` cuts off."""
    return percent_text(share * 100)


def percent_text(percent: Fraction) -> str:
    """At most two decimals, cut off and never rounded up to a threshold that is not reached."""
    return f"{number_text(percent)}%"


def number_text(number: Fraction) -> str:
    """At most two decimals, cut off towards zero."""
    cut = Fraction(floor(abs(number) * 100), 100)
    return decimal(-cut if number < 0 else cut)


def yuan_text(fen: int) -> str:
    """分 as 万元, exact."""
    return f"{decimal(Fraction(fen, _FEN_PER_WAN), 2)} 万元"
