"""Conditions over facts as a tree: exact linear comparisons, flags and choices, joined by 且 and 或."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.linear import Atom, Linear

Operator: TypeAlias = Literal["=", "<>", ">", ">=", "<", "<="]

COMPARE: Mapping[Operator, Callable[[Fraction, Fraction], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_OPPOSITE: Mapping[Operator, Operator] = {"=": "<>", "<>": "=", ">": "<=", ">=": "<", "<": ">=", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Flag:
    """A yes-or-no fact being as wanted."""

    fact: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """A text fact being one of the options (or, not `wanted`, none of them)."""

    fact: str
    options: tuple[str, ...]
    wanted: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    left: Linear
    operator: Operator
    right: Linear

    def negated(self) -> Comparison:
        return replace(self, operator=_OPPOSITE[self.operator])


@dataclass(frozen=True, slots=True)
class AllOf:
    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    members: tuple[Condition, ...]


Leaf: TypeAlias = Flag | Membership | Comparison
Condition: TypeAlias = Leaf | AllOf | AnyOf


def negated(condition: Condition) -> Condition:
    """Its opposite in Kleene's logic, where De Morgan's laws hold too."""
    if isinstance(condition, AllOf | AnyOf):
        opposite = AnyOf if isinstance(condition, AllOf) else AllOf
        return opposite(tuple(negated(member) for member in condition.members))
    return condition.negated() if isinstance(condition, Comparison) else replace(condition, wanted=not condition.wanted)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf, in the order written."""
    if isinstance(condition, AllOf | AnyOf):
        for member in condition.members:
            yield from leaves(member)
    else:
        yield condition


def atoms(leaf: Leaf) -> tuple[Atom, ...]:
    """What a leaf reads, without repetition."""
    if isinstance(leaf, Comparison):
        return tuple(dict.fromkeys([*leaf.left.terms, *leaf.right.terms]))
    return (Atom(leaf.fact),)


def facts_of(condition: Condition) -> tuple[str, ...]:
    """Names of the facts a condition reads, in the order written."""
    return tuple(dict.fromkeys(fact for leaf in leaves(condition) for atom in atoms(leaf) for fact in atom.facts))


def joined_value(join: AllOf | AnyOf, values: Collection[bool | None]) -> bool | None:
    """Kleene's 且 or 或 of the members' values."""
    deciding = isinstance(join, AnyOf)
    return deciding if deciding in values else None if None in values else not deciding


def evaluate(condition: Condition, facts: Mapping[str, FactValue]) -> bool | None:
    """Exact, in Kleene's three values: for explaining one application; `judge` does the same for many in SQL."""
    if isinstance(condition, AllOf | AnyOf):
        return joined_value(condition, [evaluate(member, facts) for member in condition.members])
    if isinstance(condition, Comparison):
        left, right = condition.left.value(facts), condition.right.value(facts)
        return None if left is None or right is None else COMPARE[condition.operator](left, right)
    value = facts.get(condition.fact)
    if value is None:
        return None
    return (value if isinstance(condition, Flag) else value in condition.options) is condition.wanted
