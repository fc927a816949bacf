"""Read a rulebook's `test` (SQL's expression syntax) into a condition, refusing all but what is allowed and typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from services.evaluation.rulebooks.catalogue import Fact
from services.evaluation.rulebooks.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Flag,
    Membership,
    Operator,
)
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.linear import Atom, Linear, minus, plus, same_dimension, times

# Longer tests belong into several parts; the bound also keeps the parser's recursion shallow.
_LONGEST = 1000
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?")
_OPERATORS: Mapping[type[exp.Expr], Operator] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}


def parse_condition(text: str, catalogue: Mapping[str, Fact]) -> Condition:
    """The condition `text` states over catalogued facts; money literals are in 元, as the plan writes them.

    Allowed: AND, OR, NOT, comparisons, IN, BETWEEN, + and -, products with a number, NULLIF(fact, 0).
    Raises ExpressionError otherwise. IS NULL is refused because reading a gap would let a fact that is
    withheld turn 不符合 into 符合; division because quotients round.
    """
    if len(text) > _LONGEST:
        raise ExpressionError("too_long", f"a test has at most {_LONGEST} characters; split it into parts")
    for token, name in ((";", "a semicolon"), ("--", "a comment"), ("/*", "a comment")):
        if token in text:
            raise ExpressionError("not_allowed", f"{name} is not allowed")
    try:
        return _Reader(catalogue).condition(sqlglot.parse_one(text, read="postgres"), wanted=True)
    except SqlglotError as error:
        raise ExpressionError("unparsable", f"not an SQL expression: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise ExpressionError("too_long", "nested too deeply; split it into parts") from None


def _operands(node: exp.Expr, *names: str) -> list[exp.Expr]:
    """The named operands of a node that may carry nothing else (a table prefix, SYMMETRIC, an alias…)."""
    given = {name: value for name, value in node.args.items() if value}
    operands: list[exp.Expr] = []
    for name in names:
        value: exp.Expr | list[exp.Expr] | None = given.get(name)
        operands += value if isinstance(value, list) else [value] if value else []
    if given.keys() != set(names):
        raise ExpressionError("not_allowed", f"`{node.sql('postgres')}` is written in a form that is not allowed")
    return operands


class _Reader:
    """Walks the syntax tree; `wanted=False` means the node stands under an odd number of NOTs."""

    def __init__(self, catalogue: Mapping[str, Fact]) -> None:
        self._catalogue = catalogue

    def condition(self, node: exp.Expr, *, wanted: bool) -> Condition:
        if isinstance(node, exp.Paren):
            return self.condition(*_operands(node, "this"), wanted=wanted)
        if isinstance(node, exp.Not):
            return self.condition(*_operands(node, "this"), wanted=not wanted)
        if isinstance(node, exp.And | exp.Or):
            members = (self.condition(side, wanted=wanted) for side in _operands(node, "this", "expression"))
            # De Morgan holds in Kleene's logic too.
            return _joined(AllOf if isinstance(node, exp.And) is wanted else AnyOf, *members)
        return self._leaf(node, wanted=wanted)

    def _leaf(self, node: exp.Expr, *, wanted: bool) -> Condition:
        if isinstance(node, exp.Column):
            fact = self._fact(node)
            if fact.type != "boolean":
                raise ExpressionError("type_mismatch", f"{fact.name} is {fact.type}, not yes-or-no")
            return Flag(fact.name, wanted)
        if isinstance(node, exp.In):
            return self._choice(node, wanted=wanted)
        if isinstance(node, exp.Between):
            subject, low, high = _operands(node, "this", "low", "high")
            bounds = self._compare(subject, ">=", low), self._compare(subject, "<=", high)
            return _joined(AllOf, *bounds) if wanted else _joined(AnyOf, *(bound.negated() for bound in bounds))
        if (operator := _OPERATORS.get(type(node))) is not None:
            left, right = _operands(node, "this", "expression")
            if self._is_text(left):
                return self._option(left, operator, right, wanted=wanted)
            comparison = self._compare(left, operator, right)
            return comparison if wanted else comparison.negated()
        if isinstance(node, exp.Is | exp.NullSafeEQ | exp.NullSafeNEQ):
            raise ExpressionError("reads_absence", f"`{node.sql('postgres')}`: a test may not depend on a gap")
        raise ExpressionError("not_allowed", f"`{node.sql('postgres')}` is not an allowed condition")

    def _choice(self, node: exp.In, *, wanted: bool) -> Condition:
        subject, *options = _operands(node, "this", "expressions")
        if self._is_text(subject):
            fact = self._fact(subject)
            return Membership(fact.name, tuple(_option(fact, option) for option in options), wanted)
        equal = [self._compare(subject, "=", option) for option in options]
        return _joined(AnyOf, *equal) if wanted else _joined(AllOf, *(one.negated() for one in equal))

    def _option(self, left: exp.Expr, operator: Operator, right: exp.Expr, *, wanted: bool) -> Condition:
        fact = self._fact(left)
        if operator not in ("=", "<>"):
            raise ExpressionError("type_mismatch", f"{fact.name} is text: only =, <> and IN apply")
        return Membership(fact.name, (_option(fact, right),), wanted is (operator == "="))

    def _compare(self, left: exp.Expr, operator: Operator, right: exp.Expr) -> Comparison:
        sides = same_dimension(self._linear(left), self._linear(right))
        if not any(side.terms for side in sides):
            raise ExpressionError("not_allowed", "a comparison must mention a fact")
        return Comparison(sides[0], operator, sides[1])

    def _linear(self, node: exp.Expr) -> Linear:
        if isinstance(node, exp.Paren):
            return self._linear(*_operands(node, "this"))
        if isinstance(node, exp.Neg):
            return self._linear(*_operands(node, "this")).scaled(Fraction(-1))
        if isinstance(node, exp.Column):
            return self._number(node, zero_is_unknown=False)
        if isinstance(node, exp.Nullif):
            subject, zero = _operands(node, "this", "expression")
            if not isinstance(subject, exp.Column) or zero != exp.Literal.number(0):
                raise ExpressionError("not_allowed", "NULLIF takes a fact and 0")
            return self._number(subject, zero_is_unknown=True)
        if isinstance(node, exp.Literal):
            return Linear({}, _literal(node), None)
        combine = _ARITHMETIC.get(type(node))
        if combine is not None:
            left, right = _operands(node, "this", "expression")
            return combine(self._linear(left), self._linear(right))
        if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
            raise ExpressionError("division", "quotients round: write products, such as a >= 0.50 * b")
        raise ExpressionError("not_allowed", f"`{node.sql('postgres')}` is not an allowed number")

    def _number(self, node: exp.Column, *, zero_is_unknown: bool) -> Linear:
        fact = self._fact(node)
        if not fact.is_number:
            raise ExpressionError("type_mismatch", f"{fact.name} is {fact.type}, not a number")
        dimension = "money" if fact.type == "money" else fact.unit
        return Linear({Atom(fact.name, zero_is_unknown): Fraction(1)}, Fraction(0), dimension)

    def _is_text(self, node: exp.Expr) -> bool:
        return isinstance(node, exp.Column) and self._fact(node).type == "text"

    def _fact(self, node: exp.Expr) -> Fact:
        (identifier,) = _operands(node, "this")
        if not isinstance(identifier, exp.Identifier) or identifier.args.get("quoted"):
            raise ExpressionError("not_allowed", f"`{node.sql('postgres')}`: write a fact's bare name")
        if (fact := self._catalogue.get(identifier.name)) is None:
            raise ExpressionError("unknown_fact", f"no fact is called `{identifier.name}`")
        return fact


def _joined(kind: type[AllOf | AnyOf], *members: Condition) -> Condition:
    """Nested joins of one kind as one flat list."""
    flat = [inner for member in members for inner in (member.members if isinstance(member, kind) else (member,))]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _option(fact: Fact, node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise ExpressionError("type_mismatch", f"{fact.name} is compared with quoted options only")
    if node.name not in fact.options:
        raise ExpressionError("unknown_option", f"{fact.name} has no option '{node.name}'")
    return node.name


def _literal(node: exp.Literal) -> Fraction:
    if node.is_string:
        raise ExpressionError("type_mismatch", f"'{node.name}' is text, not a number")
    if not _NUMBER.fullmatch(node.name):
        raise ExpressionError("not_allowed", f"`{node.name}`: write numbers plainly, such as 0.50 or 5000000")
    return Fraction(node.name)


_ARITHMETIC: Mapping[type[exp.Expr], Callable[[Linear, Linear], Linear]] = {
    exp.Add: plus,
    exp.Sub: minus,
    exp.Mul: times,
}
