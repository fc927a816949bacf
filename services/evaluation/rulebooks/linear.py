"""Exact linear forms over number facts: what a comparison weighs on each side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.errors import ExpressionError

FEN_PER_YUAN = 100
_UNITS: Mapping[str | None, str] = {"money": "金额"}


@dataclass(frozen=True, slots=True)
class Atom:
    """A number fact, or NULLIF(fact, 0): a denominator, unknown when zero.

    A denominator may be a sum: `added` are its other facts. Facts are never negative, so it is zero when all are.
    """

    fact: str
    zero_is_unknown: bool = False
    added: tuple[str, ...] = ()

    @property
    def facts(self) -> tuple[str, ...]:
        return (self.fact, *self.added)

    def is_open(self, facts: Mapping[str, FactValue]) -> bool:
        """Missing, or a denominator of zero."""
        values = [facts.get(name) for name in self.facts]
        return None in values or (self.zero_is_unknown and not any(values))

    def value(self, facts: Mapping[str, FactValue]) -> int | None:
        return None if self.is_open(facts) else sum(int(facts[name] or 0) for name in self.facts)


@dataclass(frozen=True, slots=True)
class Linear:
    """Σ coefficient × atom + constant. `dimension`: "money" (in 分), a count's unit, or None for a bare number."""

    terms: Mapping[Atom, Fraction]
    constant: Fraction
    dimension: str | None

    def value(self, facts: Mapping[str, FactValue]) -> Fraction | None:
        """Exact; None when any atom is unknown, also one whose coefficient is 0 (SQL: 0 * NULL is NULL)."""
        total = self.constant
        for atom, coefficient in self.terms.items():
            if (value := atom.value(facts)) is None:
                return None
            total += value if coefficient == 1 else coefficient * value
        return total

    def scaled(self, factor: Fraction) -> Linear:
        terms = {atom: coefficient * factor for atom, coefficient in self.terms.items()}
        return replace(self, terms=terms, constant=self.constant * factor)


def same_dimension(left: Linear, right: Linear) -> tuple[Linear, Linear]:
    """Both in one unit: a bare number beside money counts 元 and becomes 分. Raises ExpressionError `unit_mismatch`."""
    if left.dimension != right.dimension:
        if left.dimension is None:
            return _as(left, right.dimension), right
        if right.dimension is None:
            return left, _as(right, left.dimension)
        units = [_UNITS.get(side.dimension, side.dimension) for side in (left, right)]
        raise ExpressionError(
            "unit_mismatch",
            f"{left.dimension} cannot be set against {right.dimension}",
            f"{units[0]}与{units[1]}的计量单位不同，不能比较或加减",
        )
    return left, right


def _as(number: Linear, dimension: str | None) -> Linear:
    return replace(number.scaled(Fraction(FEN_PER_YUAN if dimension == "money" else 1)), dimension=dimension)


def plus(left: Linear, right: Linear) -> Linear:
    left, right = same_dimension(left, right)
    terms = dict(left.terms)
    for atom, coefficient in right.terms.items():
        # A term that cancels stays, with coefficient 0: its fact being unknown still makes the sum unknown.
        terms[atom] = terms.get(atom, Fraction(0)) + coefficient
    return Linear(terms, left.constant + right.constant, left.dimension)


def minus(left: Linear, right: Linear) -> Linear:
    return plus(left, right.scaled(Fraction(-1)))


def times(left: Linear, right: Linear) -> Linear:
    """Raises ExpressionError `not_linear` unless one side is a bare number."""
    if left.dimension is None:
        return right.scaled(left.constant)
    if right.dimension is None:
        return left.scaled(right.constant)
    raise ExpressionError("not_linear", "facts may be multiplied with numbers only", "数据项只能与数字相乘")


def as_denominator(number: Linear) -> Linear:
    """NULLIF(number, 0). Raises ExpressionError `not_allowed` unless it is a plain sum of facts."""
    plain = all(not atom.zero_is_unknown for atom in number.terms) and set(number.terms.values()) == {Fraction(1)}
    if number.constant or not plain:
        raise ExpressionError(
            "not_allowed",
            "NULLIF takes a fact or a plain sum of facts, and 0",
            "NULLIF 只用于一个数据项或数据项之和，与 0",
        )
    first, *added = (atom.fact for atom in number.terms)
    return replace(number, terms={Atom(first, zero_is_unknown=True, added=tuple(added)): Fraction(1)})
