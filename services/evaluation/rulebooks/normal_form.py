"""Conditions as SQL over whole numbers: no decimals, no quotients, no overflow."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from services.evaluation.rulebooks.catalogue import FACT_LIMIT
from services.evaluation.rulebooks.conditions import AllOf, Comparison, Condition, Flag, Membership
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.linear import Atom, Linear

_LARGEST_64 = 2**63 - 1
_LARGEST_128 = 2**127 - 1


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an engine writes 64-bit and wider integers; None where a fact's column needs no cast."""

    integer: str | None
    wide: str


# Facts are Int64 columns when judged here; elsewhere a narrower column must not overflow at the product.
POLARS = Dialect(integer=None, wide="INT128")
POSTGRES = Dialect(integer="BIGINT", wide="NUMERIC")


def to_sql(condition: Condition, dialect: Dialect) -> str:
    """SQL of the condition with money facts in 分, equal in all three values to the expression as written.

    Raises ExpressionError `overflow` when a side could exceed 128 bits with facts up to FACT_LIMIT.
    """
    if isinstance(condition, Flag):
        return condition.fact if condition.wanted else f"(NOT {condition.fact})"
    if isinstance(condition, Membership):
        options = ", ".join(f"'{option}'" for option in condition.options)
        return f"({condition.fact} {'IN' if condition.wanted else 'NOT IN'} ({options}))"
    if isinstance(condition, Comparison):
        return _comparison(condition, dialect)
    word = " AND " if isinstance(condition, AllOf) else " OR "
    return f"({word.join(to_sql(member, dialect) for member in condition.members)})"


def _comparison(comparison: Comparison, dialect: Dialect) -> str:
    sides = (comparison.left, comparison.right)
    # A positive factor on both sides keeps the order and leaves only integers.
    factor = Fraction(lcm(*(number.denominator for side in sides for number in _numbers(side))))
    whole = [side.scaled(factor) for side in sides]
    largest = max(_largest(side) for side in whole)
    if largest > _LARGEST_128:
        raise ExpressionError(
            "overflow",
            "the numbers are too large or too precise to be compared exactly",
            "数值过大或小数位过多，无法精确比较",
        )
    number_type = dialect.integer if largest <= _LARGEST_64 else dialect.wide
    left, right = (_linear(side, number_type) for side in whole)
    return f"({left} {comparison.operator} {right})"


def _numbers(side: Linear) -> tuple[Fraction, ...]:
    return (*side.terms.values(), side.constant)


def _largest(side: Linear) -> int:
    """A bound on every partial sum of a side of whole numbers."""
    weights = (abs(number) * len(atom.facts) for atom, number in side.terms.items())
    return int(sum(weights, Fraction(0)) * FACT_LIMIT + abs(side.constant))


def _linear(side: Linear, number_type: str | None) -> str:
    terms = [_term(atom, int(coefficient), number_type) for atom, coefficient in side.terms.items()]
    if side.constant or not terms:
        terms.append(str(int(side.constant)))
    return " + ".join(terms)


def _term(atom: Atom, coefficient: int, number_type: str | None) -> str:
    facts = " + ".join(f"CAST({fact} AS {number_type})" if number_type else fact for fact in atom.facts)
    value = f"NULLIF({facts}, 0)" if atom.zero_is_unknown else facts
    return value if coefficient == 1 else f"{coefficient} * {value}"
