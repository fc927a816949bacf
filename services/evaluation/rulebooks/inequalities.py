"""Whole-number inequalities over facts: whether they can hold at once, by eliminating fact after fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd

from services.evaluation.rulebooks.catalogue import FACT_LIMIT

# Elimination squares what it is given; beyond this the answer is "they can".
_MOST = 300


@dataclass(frozen=True, slots=True)
class Inequality:
    """Σ weight × fact ≤ bound."""

    weights: Mapping[str, int]
    bound: int

    def tightened(self) -> Inequality:
        """Facts are whole numbers, so the bound can be rounded down to a multiple of the weights' divisor."""
        divisor = gcd(*self.weights.values())
        if divisor <= 1:
            return self
        return Inequality({fact: weight // divisor for fact, weight in self.weights.items()}, self.bound // divisor)


def feasible(inequalities: Sequence[Inequality]) -> bool:
    """Whether facts from 0 to FACT_LIMIT can satisfy all. False is certain (Fourier and Motzkin); True is the rest."""
    facts = sorted({fact for one in inequalities for fact in one.weights})
    every = [one.tightened() for one in inequalities]
    for fact in facts:
        every += [Inequality({fact: -1}, 0), Inequality({fact: 1}, FACT_LIMIT)]
    for fact in facts:
        every = _without(fact, every)
        if any(not one.weights and one.bound < 0 for one in every):
            return False
        if len(every) > _MOST:
            return True
    return all(one.weights or one.bound >= 0 for one in every)


def _without(fact: str, every: Sequence[Inequality]) -> list[Inequality]:
    """What they say of the other facts: each upper bound on the fact against each lower one."""
    weighted = [(one.weights.get(fact, 0), one) for one in every]
    rest = [one for weight, one in weighted if weight == 0]
    uppers = [(weight, one) for weight, one in weighted if weight > 0]
    lowers = [(-weight, one) for weight, one in weighted if weight < 0]
    rest += [_sum(one, over, other, under).tightened() for under, one in uppers for over, other in lowers]
    unique = {(tuple(sorted(one.weights.items())), one.bound): one for one in rest}
    return list(unique.values())


def _sum(one: Inequality, times: int, other: Inequality, other_times: int) -> Inequality:
    """`one` × times + `other` × other_times."""
    facts = dict.fromkeys((*one.weights, *other.weights))
    weights = {fact: times * one.weights.get(fact, 0) + other_times * other.weights.get(fact, 0) for fact in facts}
    return Inequality(
        {fact: weight for fact, weight in weights.items() if weight}, times * one.bound + other_times * other.bound
    )
