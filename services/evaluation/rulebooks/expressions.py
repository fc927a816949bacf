"""Read a rulebook's `test` (SQL's expression syntax) into a condition, refusing all but what is allowed and typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TypeVar

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

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
from services.evaluation.rulebooks.tables import nearest_of, or_rather
from services.evaluation.rulebooks.truths import Choice, Truth, joined, opposite

# Longer tests belong into several parts; the bound also keeps the parser's recursion shallow.
_LONGEST = 1000
# Derivations that repeat one another could otherwise grow without bound.
_MOST_LEAVES = 256
_UNKNOWN_NAMES = frozenset({"unknown_fact", "unknown_parameter", "follows"})
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
        raise ExpressionError(
            "constant",
            f"the parameters alone make this always {'true' if truth else 'false'}",
            f"仅凭设定就恒{'成立' if truth else '不成立'}，与数据无关",
        )
    if sum(1 for _ in leaves(truth)) > _MOST_LEAVES:
        raise ExpressionError(
            "too_long",
            f"more than {_MOST_LEAVES} comparisons once derivations are written out",
            f"代入派生量后多于 {_MOST_LEAVES} 项比较",
        )
    return truth


def parse_number(text: str, names: Names) -> Linear:
    """The number `text` states over facts: exact, money in 分. Raises ExpressionError."""
    return _read(text, lambda tree, reader: reader.number(tree), names)


def _read(text: str, reading: Callable[[exp.Expr, _Reader], _Result], names: Names) -> _Result:
    if len(text) > _LONGEST:
        raise ExpressionError(
            "too_long",
            f"a test has at most {_LONGEST} characters; split it into parts",
            f"最多 {_LONGEST} 个字符，请拆成几项",
        )
    for token, name, chinese in (
        (";", "a semicolon", "分号"),
        ("--", "a comment", "注释"),
        ("/*", "a comment", "注释"),
    ):
        if token in text:
            raise ExpressionError("not_allowed", f"{name} is not allowed", f"不允许有{chinese}", at=text.index(token))
    try:
        tree = sqlglot.parse_one(text, read="postgres")
    except SqlglotError as error:
        raise _unparsable(text, error) from None
    except RecursionError:
        raise _too_deep() from None
    reader = _Reader(names, text)
    try:
        return reading(tree, reader)
    except ExpressionError as error:
        error.others = tuple(_other_unknown_names(tree, error, reader))
        raise
    except RecursionError:
        raise _too_deep() from None


def _unparsable(text: str, error: SqlglotError) -> ExpressionError:
    english = f"not an SQL expression: {str(error).splitlines()[0]}"
    at = None
    if isinstance(error, ParseError) and error.errors and error.errors[0].get("line"):
        # sqlglot counts lines and columns from 1, and tells a token's last column.
        lines, where = text.split("\n"), error.errors[0]
        last = sum(len(line) + 1 for line in lines[: where["line"] - 1]) + where["col"] - 1
        at = max(last - len(where.get("highlight") or " ") + 1, 0)
    return ExpressionError("unparsable", english, "不是完整的 SQL 表达式", at=at)


def _too_deep() -> ExpressionError:
    return ExpressionError("too_long", "nested too deeply; split it into parts", "嵌套过深，请拆成几项")


def _other_unknown_names(tree: exp.Expr, told: ExpressionError, reader: _Reader) -> Iterator[ExpressionError]:
    """Whoever mistypes two names is told of both."""
    seen = {told.message}
    for node in tree.walk() if told.code in _UNKNOWN_NAMES else ():
        error = reader.unknown_name(node)
        if error is not None and error.code in _UNKNOWN_NAMES and error.message not in seen:
            seen.add(error.message)
            yield error


def _operands(node: exp.Expr, *names: str) -> list[exp.Expr]:
    """The named operands of a node that may carry nothing else (a table prefix, SYMMETRIC, an alias…)."""
    given = {name: value for name, value in node.args.items() if value}
    operands: list[exp.Expr] = []
    for name in names:
        value: exp.Expr | list[exp.Expr] | None = given.get(name)
        operands += value if isinstance(value, list) else [value] if value else []
    if given.keys() != set(names):
        written = node.sql("postgres")
        raise ExpressionError(
            "not_allowed", f"`{written}` is written in a form that is not allowed", f"`{written}` 的写法不允许"
        )
    return operands


class _Reader:
    """Walks the syntax tree; `wanted=False` means the node stands under an odd number of NOTs.

    Each fault is told where the innermost node begins that could not be read.
    """

    def __init__(self, names: Names, text: str) -> None:
        self._names = names
        self._text_read = text

    def truth(self, node: exp.Expr, *, wanted: bool) -> Truth:
        try:
            return self._truth(node, wanted=wanted)
        except ExpressionError as error:
            raise self._placed(error, node) from None

    def number(self, node: exp.Expr) -> Linear:
        try:
            return self._number(node)
        except ExpressionError as error:
            raise self._placed(error, node) from None

    def unknown_name(self, node: exp.Expr) -> ExpressionError | None:
        """What is wrong with a name by itself; None for whatever is no name, or a known one."""
        try:
            if isinstance(node, exp.Column):
                self._names.resolve(node)
            elif isinstance(node, exp.Placeholder):
                self._names.parameter(node)
        except ExpressionError as error:
            return self._placed(error, node)
        return None

    def _placed(self, error: ExpressionError, node: exp.Expr) -> ExpressionError:
        if error.at is None:
            error.at = _start(node, self._text_read)
        return error

    def _truth(self, node: exp.Expr, *, wanted: bool) -> Truth:
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

    def _number(self, node: exp.Expr) -> Linear:
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
                raise ExpressionError("not_allowed", "NULLIF takes a fact and 0", "NULLIF 只用于数据项与 0")
            return as_denominator(self.number(subject))
        return self._case_number(node) if isinstance(node, exp.Case) else self._arithmetic(node)

    def _arithmetic(self, node: exp.Expr) -> Linear:
        if isinstance(node, exp.Literal):
            return Linear({}, _literal(node), None)
        if (combine := _ARITHMETIC.get(type(node))) is not None:
            left, right = _operands(node, "this", "expression")
            return combine(self.number(left), self.number(right))
        if isinstance(node, exp.Div | exp.IntDiv | exp.Mod):
            raise ExpressionError(
                "division",
                "quotients round: write products, such as a >= 0.50 * b",
                "不得使用除法（商会舍入），请改写为乘法，如 a >= 0.50 * b",
            )
        written = node.sql("postgres")
        raise ExpressionError("not_allowed", f"`{written}` is not an allowed number", f"`{written}` 不是允许的数值写法")

    def _leaf(self, node: exp.Expr, *, wanted: bool) -> Truth:
        if isinstance(node, exp.Column):
            return self._named_truth(node, wanted=wanted)
        if isinstance(node, exp.Placeholder):
            value = self._names.parameter(node).value
            if not isinstance(value, bool):
                name = node.sql("postgres")
                raise ExpressionError("type_mismatch", f"{name} is not yes-or-no", f"设定 {name} 不是“是或否”")
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
            raise ExpressionError(
                "reads_absence",
                f"`{node.sql('postgres')}`: a test may not depend on a gap",
                f"`{node.sql('postgres')}`：不得以数据缺失作为判断依据",
            )
        written = node.sql("postgres")
        raise ExpressionError(
            "not_allowed", f"`{written}` is not an allowed condition", f"`{written}` 不是允许的条件写法"
        )

    def _choice(self, node: exp.In, *, wanted: bool) -> Truth:
        subject, *options = _operands(node, "this", "expressions")
        if (text := self._text(subject)) is not None:
            return text.among([self._option_key(text, option) for option in options], wanted=wanted)
        equal = joined(AnyOf, *(self._compare(subject, "=", option) for option in options))
        return equal if wanted else opposite(equal)

    def _option(self, left: Choice, operator: Operator, right: exp.Expr, *, wanted: bool) -> Truth:
        if operator not in ("=", "<>"):
            raise ExpressionError(
                "type_mismatch",
                f"{left.name} is text: only =, <> and IN apply",
                f"{left.name} 是选项，只能用 =、<> 和 IN",
            )
        return left.among([self._option_key(left, right)], wanted=wanted is (operator == "="))

    def _option_key(self, text: Choice, node: exp.Expr) -> str:
        if isinstance(node, exp.Placeholder):
            option = self._names.parameter(node).value
        else:
            option = node.name if isinstance(node, exp.Literal) and node.is_string else None
        if not isinstance(option, str):
            raise ExpressionError(
                "type_mismatch",
                f"{text.name} is compared with quoted options only",
                f"{text.name} 只能与加引号的选项比较",
                at=_start(node, self._text_read),
            )
        if option not in text.options:
            english, chinese = or_rather(nearest_of(option, text.options))
            raise ExpressionError(
                "unknown_option",
                f"{text.name} has no option '{option}'{english}",
                f"{text.name} 没有选项 '{option}'{chinese}",
                at=_start(node, self._text_read),
            )
        return option

    def _compare(self, left: exp.Expr, operator: Operator, right: exp.Expr) -> Comparison | bool:
        sides = same_dimension(self.number(left), self.number(right))
        if any(side.terms for side in sides):
            return Comparison(sides[0], operator, sides[1])
        if not any(side.find(exp.Placeholder) for side in (left, right)):
            raise ExpressionError("not_allowed", "a comparison must mention a fact", "比较中须有数据项")
        return COMPARE[operator](sides[0].constant, sides[1].constant)

    def _named_truth(self, node: exp.Column, *, wanted: bool) -> Condition:
        meant = self._names.resolve(node)
        if isinstance(meant, Fact) and meant.type == "boolean":
            return Flag(meant.name, wanted)
        if isinstance(meant, Leaf | AllOf | AnyOf):
            return meant if wanted else negated(meant)
        raise ExpressionError(
            "type_mismatch",
            f"{node.name} is {_type_of(meant)}, not yes-or-no",
            f"{node.name} 不是“是或否”，不能单独成为条件",
        )

    def _named_number(self, node: exp.Column) -> Linear:
        meant = self._names.resolve(node)
        if isinstance(meant, Fact):
            return number_of_fact(meant)
        if not isinstance(meant, Linear):
            raise ExpressionError("type_mismatch", f"{node.name} is yes-or-no, not a number", f"{node.name} 不是数值")
        return meant

    def _parameter_number(self, node: exp.Placeholder) -> Linear:
        if (number := self._names.parameter(node).number) is None:
            name = node.sql("postgres")
            raise ExpressionError("type_mismatch", f"{name} is not a number", f"设定 {name} 不是数值")
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
            raise ExpressionError(
                "not_allowed",
                "CASE may depend on parameters only; join facts by AND and OR",
                "CASE 只能依设定取舍；数据项请用 AND、OR 连接",
            )
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


def _start(node: exp.Expr, text: str) -> int | None:
    """Where the node begins, by the names and literals in it; a placeholder keeps no position of its own."""
    starts = [start for one in node.walk() if isinstance(start := one.meta.get("start"), int)]
    for one in node.find_all(exp.Placeholder):
        found = re.search(rf":{re.escape(one.name)}\b", text)
        starts += [] if found is None else [found.start()]
    return min(starts, default=None)


def _type_of(meant: Fact | Meaning) -> str:
    return meant.type if isinstance(meant, Fact) else "a number"


def _literal(node: exp.Literal) -> Fraction:
    if node.is_string:
        raise ExpressionError(
            "type_mismatch", f"'{node.name}' is text, not a number", f"'{node.name}' 是文字，不是数值"
        )
    if not _NUMBER.fullmatch(node.name):
        raise ExpressionError(
            "not_allowed",
            f"`{node.name}`: write numbers plainly, such as 0.50 or 5000000",
            f"`{node.name}`：数字请直接书写，如 0.50、5000000",
        )
    return Fraction(node.name)


_ARITHMETIC: Mapping[type[exp.Expr], Callable[[Linear, Linear], Linear]] = {
    exp.Add: plus,
    exp.Sub: minus,
    exp.Mul: times,
}
