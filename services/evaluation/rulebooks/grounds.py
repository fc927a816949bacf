"""The grounds of a condition's value on one application's facts: what decided it, or what left it open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.conditions import AnyOf, Comparison, Condition, Leaf, atoms, evaluate, joined_value


@dataclass(frozen=True, slots=True)
class Grounds:
    """`deciding`: leaves and whether each holds; for an undecided 或 those that have failed already.

    `missing`: facts unknown, `zero_denominators`: denominators that are 0, both only where they leave it open.
    """

    value: bool | None
    deciding: tuple[tuple[Leaf, bool], ...] = ()
    missing: tuple[str, ...] = ()
    zero_denominators: tuple[str, ...] = ()

    @property
    def by_threshold(self) -> bool:
        return any(isinstance(leaf, Comparison) for leaf, _ in self.deciding)


UNGROUNDED = Grounds(None)


def grounds(condition: Condition, facts: Mapping[str, FactValue]) -> Grounds:
    """Exact and three-valued, as `evaluate`."""
    if isinstance(condition, Leaf):
        return _of_leaf(condition, facts)
    members = [grounds(member, facts) for member in condition.members]
    value = joined_value(condition, [member.value for member in members])
    # An undecided 且 is open for its unknown members only; an undecided 或 also because the others failed.
    telling = {value, False} if value is None and isinstance(condition, AnyOf) else {value}
    told = [member for member in members if member.value in telling]
    return Grounds(
        value,
        tuple(leaf for member in told for leaf in member.deciding),
        _distinct(name for member in told for name in member.missing),
        _distinct(name for member in told for name in member.zero_denominators),
    )


def _of_leaf(leaf: Leaf, facts: Mapping[str, FactValue]) -> Grounds:
    if (value := evaluate(leaf, facts)) is not None:
        return Grounds(value, ((leaf, value),))
    opened = [atom for atom in atoms(leaf) if atom.is_open(facts)]
    missing = _distinct(name for atom in opened for name in atom.facts if facts.get(name) is None)
    # A sum is a denominator of zero only where none of its facts is missing.
    zero = (name for atom in opened if not set(atom.facts) & set(missing) for name in atom.facts)
    return Grounds(None, (), missing, _distinct(zero))


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
