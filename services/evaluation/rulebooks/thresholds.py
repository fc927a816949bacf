"""The value of one fact at which a comparison begins to hold, all others unchanged: exact, in whole units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.catalogue import FACT_LIMIT, FactValue
from services.evaluation.rulebooks.conditions import Comparison, evaluate
from services.evaluation.rulebooks.linear import Linear

Bound: TypeAlias = Literal["at_least", "at_most", "exactly"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """`needed` is the value of `fact` (分 or a count) from which on the comparison holds, in the direction of `bound`.

    `now` None: the fact is missing. `of`: the comparison asks for `share` of that other fact, and for nothing else.
    """

    fact: str
    needed: int
    bound: Bound
    now: int | None
    dimension: str | None
    of: str | None
    share: Fraction | None


def thresholds(comparison: Comparison, facts: Mapping[str, FactValue]) -> list[Threshold]:
    """For a comparison that does not hold: one for each fact of its subject that can settle it alone.

    The subject is its left side, or the right where the left names no fact. A fact cannot settle it where another one
    is missing, a denominator is zero, or the value would lie outside what a fact can be.
    """
    subject = comparison.left if comparison.left.terms else comparison.right
    found = (
        _threshold(comparison, fact, facts)
        for fact in dict.fromkeys(name for atom in subject.terms for name in atom.facts)
    )
    return [threshold for threshold in found if threshold is not None]


def _threshold(comparison: Comparison, fact: str, facts: Mapping[str, FactValue]) -> Threshold | None:
    def holds(value: int) -> bool:
        return 0 <= value <= FACT_LIMIT and evaluate(comparison, {**facts, fact: value}) is True

    edge = _edge(comparison, fact, facts)
    if edge is None:
        return None
    needed, bound = edge
    given = facts.get(fact)
    now = None if given is None else int(given)
    # One step short of it must not do: a denominator of zero is open on its own account.
    before = needed - 1 if bound == "at_least" or (now is not None and now < needed) else needed + 1
    if not holds(needed) or holds(before) or (now is None and needed == 0 and bound == "at_least"):
        return None
    of, share = _share_of(comparison, fact)
    return Threshold(fact, needed, bound, now, comparison.left.dimension, of, share)


def _edge(comparison: Comparison, fact: str, facts: Mapping[str, FactValue]) -> tuple[int, Bound] | None:
    # The sides' difference is a straight line over the fact: two of its points give slope and root.
    at_one, at_two = (_difference(comparison, {**facts, fact: value}) for value in (1, 2))
    if at_one is None or at_two is None or at_one == at_two:
        return None
    slope = at_two - at_one
    root = 1 - at_one / slope
    if comparison.operator == "=":
        return (int(root), "exactly") if root.denominator == 1 else None
    if comparison.operator == "<>":
        return int(root) + 1, "at_least"
    if (comparison.operator in (">=", ">")) is (slope > 0):
        return max(floor(root) + 1 if comparison.operator in (">", "<") else ceil(root), 0), "at_least"
    return ceil(root) - 1 if comparison.operator in (">", "<") else floor(root), "at_most"


def _difference(comparison: Comparison, facts: Mapping[str, FactValue]) -> Fraction | None:
    left, right = comparison.left.value(facts), comparison.right.value(facts)
    return None if left is None or right is None else left - right


def _share_of(comparison: Comparison, fact: str) -> tuple[str | None, Fraction | None]:
    """(the whole, the share asked for) where the fact is to reach a share of one other fact and nothing else."""
    left, right = comparison.left, comparison.right
    plain = not left.constant and not right.constant and comparison.operator == ">="
    if not plain or len(right.terms) != 1 or _sole_fact(left) != fact:
        return None, None
    ((atom, share),) = right.terms.items()
    return (None, None) if atom.fact == fact or atom.added else (atom.fact, share)


def _sole_fact(side: Linear) -> str | None:
    terms = list(side.terms.items())
    return terms[0][0].fact if len(terms) == 1 and terms[0][1] == 1 and not terms[0][0].added else None
