"""Whether demands on conditions can hold together for some facts: never says no where they can."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.conditions import (
    AllOf,
    Comparison,
    Condition,
    Flag,
    Leaf,
    Membership,
    Operator,
    atoms,
    facts_of,
)
from services.evaluation.rulebooks.inequalities import Inequality, feasible
from services.evaluation.rulebooks.linear import Linear

# not_true is false or unknown, not_false is true or unknown.
Wish: TypeAlias = Literal["true", "false", "not_true", "not_false"]
Demand: TypeAlias = tuple[Condition, Wish]
_POSITIVE: Collection[Wish] = ("true", "not_false")
# Beyond this many steps the answer is "they can".
_MOST_STEPS = 3000


@dataclass(frozen=True, slots=True)
class _State:
    """What has been assumed so far. `read`: facts that must be known for it; all others may be missing."""

    flags: Mapping[str, bool]
    options: Mapping[str, frozenset[str]]
    numbers: tuple[Inequality, ...]
    read: frozenset[str]


_EMPTY = _State({}, {}, (), frozenset())


def possible(demands: Sequence[Demand]) -> bool:
    """Whether some facts satisfy all demands. False is certain; True is what remains, also when it is not known.

    A demand that allows for unknown is met as well by a fact that the demands before it do not need to be known.
    """
    return _Search().any_of(_EMPTY, tuple(demands))


class _Search:
    def __init__(self) -> None:
        self._steps = 0

    def any_of(self, state: _State, demands: tuple[Demand, ...]) -> bool:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            return True
        if not demands:
            return True
        (condition, wish), *others = demands
        rest = tuple(others)
        if isinstance(condition, Leaf):
            return any(self.any_of(after, rest) for after in _after(state, condition, wish))
        if isinstance(condition, AllOf) is (wish in _POSITIVE):
            return self.any_of(state, (*((member, wish) for member in condition.members), *rest))
        return any(self.any_of(state, ((member, wish), *rest)) for member in condition.members)


def _after(state: _State, leaf: Leaf, wish: Wish) -> Iterator[_State]:
    """The states in which the leaf is as wished."""
    if wish in ("not_true", "not_false"):
        if not set(facts_of(leaf)) <= state.read:
            yield state
            return
        yield from _zero_denominators(state, leaf)
    if isinstance(leaf, Comparison):
        yield from _compared(state, leaf if wish in _POSITIVE else leaf.negated())
    elif isinstance(leaf, Flag):
        wanted = leaf.wanted is (wish in _POSITIVE)
        if state.flags.get(leaf.fact, wanted) is wanted:
            yield replace(state, flags={**state.flags, leaf.fact: wanted}, read=state.read | {leaf.fact})
    else:
        yield from _chosen(state, leaf, inside=leaf.wanted is (wish in _POSITIVE))


def _chosen(state: _State, leaf: Membership, *, inside: bool) -> Iterator[_State]:
    every = frozenset(catalogue()[leaf.fact].options)
    left = state.options.get(leaf.fact, every) & (frozenset(leaf.options) if inside else every - set(leaf.options))
    if left:
        yield replace(state, options={**state.options, leaf.fact: left}, read=state.read | {leaf.fact})


def _compared(state: _State, comparison: Comparison) -> Iterator[_State]:
    nonzero = [_at_least(dict.fromkeys(atom.facts, 1), 1) for atom in atoms(comparison) if atom.zero_is_unknown]
    read = state.read | set(facts_of(comparison))
    for inequalities in _inequalities(comparison):
        numbers = (*state.numbers, *nonzero, *inequalities)
        if feasible(numbers):
            yield replace(state, numbers=numbers, read=read)


def _zero_denominators(state: _State, leaf: Leaf) -> Iterator[_State]:
    for atom in atoms(leaf):
        numbers = (*state.numbers, Inequality(dict.fromkeys(atom.facts, 1), 0))
        if isinstance(leaf, Comparison) and atom.zero_is_unknown and feasible(numbers):
            yield replace(state, numbers=numbers)


def _inequalities(comparison: Comparison) -> Iterator[list[Inequality]]:
    """Whole-number inequalities, alternatives to one another, equal to the comparison where it is not unknown."""
    weights, constant = _difference(comparison.left, comparison.right)
    # weights · facts + constant  OPERATOR  0
    below, above = Inequality(weights, -constant), _at_least(weights, -constant)
    strictly_below, strictly_above = Inequality(weights, -constant - 1), _at_least(weights, 1 - constant)
    by_operator: Mapping[Operator, list[list[Inequality]]] = {
        "<=": [[below]],
        "<": [[strictly_below]],
        ">=": [[above]],
        ">": [[strictly_above]],
        "=": [[below, above]],
        "<>": [[strictly_below], [strictly_above]],
    }
    yield from by_operator[comparison.operator]


def _at_least(weights: Mapping[str, int], bound: int) -> Inequality:
    return Inequality({fact: -weight for fact, weight in weights.items()}, -bound)


def _difference(left: Linear, right: Linear) -> tuple[dict[str, int], int]:
    """left − right by facts, scaled to whole numbers by a positive factor."""
    total: dict[str, Fraction] = {}
    for side, sign in ((left, 1), (right, -1)):
        for atom, coefficient in side.terms.items():
            for fact in atom.facts:
                total[fact] = total.get(fact, Fraction(0)) + sign * coefficient
    constant = left.constant - right.constant
    factor = lcm(*(number.denominator for number in (*total.values(), constant)))
    return {fact: int(weight * factor) for fact, weight in total.items() if weight}, int(constant * factor)
