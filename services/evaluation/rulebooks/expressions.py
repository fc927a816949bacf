"""Read a rulebook's `test` (SQL's expression syntax) into a condition, refusing all but what is allowed and typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from services.evaluation.rulebooks.catalogue import Fact
from services.evaluation.rulebooks.conditions import (
    COMPARE,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Flag,
    Leaf,
    Operator,
    leaves,
    negated,
)
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.linear import Linear, as_denominator, minus, plus, same_dimension, times
from services.evaluation.rulebooks.names import Meaning, Names, number_of_fact
from services.evaluation.rulebooks.truths import Choice, Truth, joined, opposite

# Longer tests belong into several parts; the bound also keeps the parser's recursion shallow.
_LONGEST = 1000
# Derivations that repeat one another could otherwise grow without bound.
_MOST_LEAVES = 256
_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?")
_OPERATORS: Mapping[type[exp.Expr], Operator] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_Result = TypeVar("_Result")


def parse_condition(text: str, catalogue: Mapping[str, Fact], names: Names | None = None) -> Condition:
    """The condition `text` states over facts; money literals are in 元, as the plan writes them.

    Allowed: AND, OR, NOT, comparisons, IN, BETWEEN, + and -, products with a number, NULLIF(a sum of facts, 0),
    :parameters, derivations, and CASE WHEN over parameters. Derivations and parameters are replaced by their meaning.
    Raises ExpressionError otherwise. IS NULL is refused because reading a gap would let a fact that is
    withheld turn 不符合 into 符合; division because quotients round.
    """
    truth = _read(text, lambda tree, reader: reader.truth(tree, wanted=True), names or Names(catalogue))
    if isinstance(truth, bool):
        raise ExpressionError("constant", f"the parameters alone make this always {'true' if truth else 'false'}")
    if sum(1 for _ in leaves(truth)) > _MOST_LEAVES:
        raise ExpressionError("too_long", f"more than {_MOST_LEAVES} comparisons once derivations are written out")
    return truth


def parse_number(text: str, names: Names) -> Linear:
    """The number `text` states over facts: exact, money in 分. Raises ExpressionError."""
    return _read(text, lambda tree, reader: reader.number(tree), names)


def _read(text: str, reading: Callable[[exp.Expr, _Reader], _Result], names: Names) -> _Result:
    if len(text) > _LONGEST:
        raise ExpressionError("too_long", f"a test has at most {_LONGEST} characters; split it into parts")
    for token, name in ((";", "a semicolon"), ("--", "a comment"), ("/*", "a comment")):
        if token in text:
            raise ExpressionError("not_allowed", f"{name} is not allowed")
    try:
        return reading(sqlglot.parse_one(text, read="postgres"), _Reader(names))
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

    def __init__(self, names: Names) -> None:
        self._names = names

    def truth(self, node: exp.Expr, *, wanted: bool) -> Truth:
        if isinstance(node, exp.Paren):
            return self.truth(*_operands(node, "this"), wanted=wanted)
        if isinstance(node, exp.Not):
            return self.truth(*_operands(node, "this"), wanted=not wanted)
        if isinstance(node, exp.And | exp.Or):
            members = [self.truth(side, wanted=wanted) for side in _operands(node, "this", "expression")]
            # De Morgan holds in Kleene's logic too.
            return joined(AllOf if isinstance(node, exp.And) is wanted else AnyOf, *members)
        if isinstance(node, exp.Case):
            chosen, others = self._chosen(node)
            for other in others:
                self.truth(other, wanted=wanted)
            return self.truth(chosen, wanted=wanted)
        return self._leaf(node, wanted=wanted)

    def number(self, node: exp.Expr) -> Linear:
        if isinstance(node, exp.Paren | exp.Neg):
            inner = self.number(*_operands(node, "this"))
            return inner if isinstance(node, exp.Paren) else inner.scaled(Fraction(-1))
        if isinstance(node, exp.Column):
            return self._named_number(node)
        if isinstance(node, exp.Placeholder):
            return self._parameter_number(node)
        if isinstance(node, exp.Nullif):
            subject, zero = _operands(node, "this", "expression")
            if zero != exp.Literal.number(0):
                raise ExpressionError("not_allowed", "NULLIF takes a fact and 0")
            return as_denominator(self.number(subject))
        return self._case_number(node) if isinstance(node, exp.Case) else self._arithmetic(node)

    def _arithmetic(self, node: exp.Expr) -> Linear:
        if isinstance(node, exp.Literal):
            return Linear({}, _literal(node), None)
        if (combine := _ARITHMETIC.get(type(node))) is not None:
            left, right = _operands(node, "this", "expression")
            return combine(self.number(left), self.number(right))
        if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
            raise ExpressionError("division", "quotients round: write products, such as a >= 0.50 * b")
        raise ExpressionError("not_allowed", f"`{node.sql('postgres')}` is not an allowed number")

    def _leaf(self, node: exp.Expr, *, wanted: bool) -> Truth:
        if isinstance(node, exp.Column):
            return self._named_truth(node, wanted=wanted)
        if isinstance(node, exp.Placeholder):
            value = self._names.parameter(node).value
            if not isinstance(value, bool):
                raise ExpressionError("type_mismatch", f"{node.sql('postgres')} is not yes-or-no")
            return value is wanted
        if isinstance(node, exp.In):
            return self._choice(node, wanted=wanted)
        if isinstance(node, exp.Between):
            subject, low, high = _operands(node, "this", "low", "high")
            inside = joined(AllOf, self._compare(subject, ">=", low), self._compare(subject, "<=", high))
            return inside if wanted else opposite(inside)
        if (operator := _OPERATORS.get(type(node))) is not None:
            left, right = _operands(node, "this", "expression")
            if (options := self._text(left)) is not None:
                return self._option(options, operator, right, wanted=wanted)
            comparison = self._compare(left, operator, right)
            return comparison if wanted else opposite(comparison)
        if isinstance(node, exp.Is | exp.NullSafeEQ | exp.NullSafeNEQ):
            raise ExpressionError("reads_absence", f"`{node.sql('postgres')}`: a test may not depend on a gap")
        raise ExpressionError("not_allowed", f"`{node.sql('postgres')}` is not an allowed condition")

    def _choice(self, node: exp.In, *, wanted: bool) -> Truth:
        subject, *options = _operands(node, "this", "expressions")
        if (text := self._text(subject)) is not None:
            return text.among([self._option_key(text, option) for option in options], wanted=wanted)
        equal = joined(AnyOf, *(self._compare(subject, "=", option) for option in options))
        return equal if wanted else opposite(equal)

    def _option(self, left: Choice, operator: Operator, right: exp.Expr, *, wanted: bool) -> Truth:
        if operator not in ("=", "<>"):
            raise ExpressionError("type_mismatch", f"{left.name} is text: only =, <> and IN apply")
        return left.among([self._option_key(left, right)], wanted=wanted is (operator == "="))

    def _option_key(self, text: Choice, node: exp.Expr) -> str:
        if isinstance(node, exp.Placeholder):
            option = self._names.parameter(node).value
        else:
            option = node.name if isinstance(node, exp.Literal) and node.is_string else None
        if not isinstance(option, str):
            raise ExpressionError("type_mismatch", f"{text.name} is compared with quoted options only")
        if option not in text.options:
            raise ExpressionError("unknown_option", f"{text.name} has no option '{option}'")
        return option

    def _compare(self, left: exp.Expr, operator: Operator, right: exp.Expr) -> Comparison | bool:
        sides = same_dimension(self.number(left), self.number(right))
        if any(side.terms for side in sides):
            return Comparison(sides[0], operator, sides[1])
        if not any(side.find(exp.Placeholder) for side in (left, right)):
            raise ExpressionError("not_allowed", "a comparison must mention a fact")
        return COMPARE[operator](sides[0].constant, sides[1].constant)

    def _named_truth(self, node: exp.Column, *, wanted: bool) -> Condition:
        meant = self._names.resolve(node)
        if isinstance(meant, Fact) and meant.type == "boolean":
            return Flag(meant.name, wanted)
        if isinstance(meant, Leaf | AllOf | AnyOf):
            return meant if wanted else negated(meant)
        raise ExpressionError("type_mismatch", f"{node.name} is {_type_of(meant)}, not yes-or-no")

    def _named_number(self, node: exp.Column) -> Linear:
        meant = self._names.resolve(node)
        if isinstance(meant, Fact):
            return number_of_fact(meant)
        if not isinstance(meant, Linear):
            raise ExpressionError("type_mismatch", f"{node.name} is yes-or-no, not a number")
        return meant

    def _parameter_number(self, node: exp.Placeholder) -> Linear:
        if (number := self._names.parameter(node).number) is None:
            raise ExpressionError("type_mismatch", f"{node.sql('postgres')} is not a number")
        return Linear({}, number, None)

    def _case_number(self, node: exp.Case) -> Linear:
        chosen, others = self._chosen(node)
        number = self.number(chosen)
        for other in others:
            # Whatever the setting, the expression keeps its unit.
            same_dimension(number, self.number(other))
        return number

    def _chosen(self, node: exp.Case) -> tuple[exp.Expr, list[exp.Expr]]:
        """The branch that the parameters choose, and the others, which must be sound as well."""
        *branches, default = _operands(node, "ifs", "default")
        whens = [_operands(branch, "this", "true") for branch in branches]
        truths = [self.truth(when, wanted=True) for when, _ in whens]
        if not all(isinstance(truth, bool) for truth in truths):
            raise ExpressionError("not_allowed", "CASE may depend on parameters only; join facts by AND and OR")
        results = [then for _, then in whens] + [default]
        chosen = truths.index(True) if True in truths else len(truths)
        return results[chosen], results[:chosen] + results[chosen + 1 :]

    def _text(self, node: exp.Expr) -> Choice | None:
        """A text fact, or a parameter with options."""
        if isinstance(node, exp.Placeholder):
            parameter = self._names.parameter(node)
            chosen = str(parameter.value)
            return Choice(node.sql("postgres"), parameter.options, chosen) if parameter.options else None
        if not isinstance(node, exp.Column):
            return None
        fact = self._names.resolve(node)
        return Choice(fact.name, fact.options, None) if isinstance(fact, Fact) and fact.type == "text" else None


def _type_of(meant: Fact | Meaning) -> str:
    return meant.type if isinstance(meant, Fact) else "a number"


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
