"""Rank the eligible by the rulebook's score, then its stated indicators: exact, and never by chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.rulebook import RankingIndicator
from services.evaluation.rulebooks.scoring import Score


@dataclass(frozen=True, slots=True)
class Candidate:
    """One eligible application. `facts` are its receipt's (money in 分); `score` is None without scoring.

    `reserves` are the keys of the conditions for reserved places that it certainly meets.
    """

    assessment_id: str
    uscc: str
    city_code: str
    receipt_digest: str
    overall: str
    facts: Mapping[str, FactValue]
    score: Score | None = None
    reserves: frozenset[str] = frozenset()


def indicator_value(indicator: RankingIndicator, facts: Mapping[str, FactValue]) -> Fraction | None:
    """The indicator as an exact fraction; None where a fact is missing or the denominator is zero."""
    numerator = facts.get(indicator.numerator)
    denominator = 1 if indicator.denominator is None else facts.get(indicator.denominator)
    if not isinstance(numerator, int) or not isinstance(denominator, int) or denominator == 0:
        return None
    return Fraction(numerator, denominator)


def rank(indicators: Iterable[RankingIndicator], candidates: Iterable[Candidate]) -> list[Candidate]:
    """Best first: by exact score, then by each indicator (unknown after known), ties by 统一社会信用代码."""
    stated = list(indicators)

    def key(candidate: Candidate) -> tuple[object, ...]:
        order: list[object] = [-candidate.score.total if candidate.score else Fraction(0)]
        for indicator in stated:
            value = indicator_value(indicator, candidate.facts)
            signed = Fraction(0) if value is None else value if indicator.direction == "ascending" else -value
            order.append((value is None, signed))
        return (*order, candidate.uscc)

    return sorted(candidates, key=key)
