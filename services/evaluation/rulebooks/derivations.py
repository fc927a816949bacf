"""Figures and answers a rulebook derives from facts: named, explained, and replaced by their meaning when loaded."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, cast, get_args

from services.evaluation.rulebooks.catalogue import FACT_LIMIT, Fact
from services.evaluation.rulebooks.errors import ExpressionError, FollowingError
from services.evaluation.rulebooks.expressions import parse_condition, parse_number
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.names import Meaning, Names
from services.evaluation.rulebooks.parameters import Parameter
from services.evaluation.rulebooks.tables import Place, Table

DerivationType: TypeAlias = Literal["boolean", "integer", "money"]
_MOST = 200
_DIMENSIONS: Mapping[str | None, str] = {"money": "金额", None: "无单位的数"}
_LARGEST_128 = 2**127 - 1


@dataclass(frozen=True, slots=True)
class Derivation:
    """A name for an expression over facts, parameters and other derivations.

    `meaning` is that expression with all names replaced: exact whole numbers (money in 分), or a condition.
    `settings` names the derivations and :parameters it reads itself.
    """

    name: str
    type: DerivationType
    unit: str | None
    title: str
    definition: str
    basis: str | None
    expression: str
    meaning: Meaning
    settings: tuple[str, ...]


class Derivations:
    """Reads [[derivation]] tables in whatever order they depend on each other; faults are told at the tables' places.

    `faulty` names parameters that are at fault themselves. A derivation at fault is left out, and whatever reads it
    gets FollowingError.
    """

    def __init__(
        self, top: Table, facts: Mapping[str, Fact], parameters: Mapping[str, Parameter], faulty: Collection[str] = ()
    ) -> None:
        self._facts, self._parameters, self._faulty = facts, parameters, faulty
        self._written: dict[str, Table] = {}
        self._read: dict[str, Derivation] = {}
        self._broken: set[str] = set()
        self._being_read: list[str] = []
        for table in _tables(top):
            name = table.identifier("name")
            if name in facts or name in self._written:
                table.place.tell(
                    "duplicate", f"the name `{name}` is used already", f"名称 `{name}` 已有他用", key="name"
                )
                # Under no name it is read for its faults only.
                self._read_apart(table)
            elif name:
                self._written[name] = table
            else:
                self._read_apart(table)
        for name in self._written:
            with suppress(FollowingError):
                self.lookup(name)

    def __iter__(self) -> Iterator[Derivation]:
        """Those that are sound, in the order written."""
        return (self._read[name] for name in self._written if name in self._read)

    def names(self) -> Names:
        """A fresh set of names for one expression."""
        return Names(self._facts, self._parameters, self.lookup, faulty=self._faulty, derived=self._written)

    def lookup(self, name: str) -> Meaning | None:
        """None for what is no derivation. Raises FollowingError for one that is at fault."""
        if name not in self._written:
            return None
        if name not in self._read and name not in self._broken:
            self._read_now(name)
        if name in self._broken:
            raise FollowingError(name)
        return self._read[name].meaning

    def place(self, name: str) -> Place:
        return self._written[name].place

    def reached(self, used: Iterable[str]) -> set[str]:
        """`used` and all derivations and :parameters that they read in turn."""
        found: set[str] = set()
        waiting = list(used)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self._read[name].settings if name in self._read else ()
        return found

    def _read_now(self, name: str) -> None:
        table = self._written[name]
        if name in self._being_read:
            circle = " → ".join([*self._being_read[self._being_read.index(name) :], name])
            english = f"derivations depend on each other in a circle: {circle}"
            table.place.tell("cyclic", english, f"派生量相互循环引用：{circle}", key="expression")
            self._broken.add(name)
            return
        self._being_read.append(name)
        try:
            derivation = self._derivation(name, table)
        finally:
            self._being_read.pop()
        if derivation is None or name in self._broken:
            self._broken.add(name)
        else:
            self._read[name] = derivation

    def _read_apart(self, table: Table) -> None:
        self._derivation("", table)

    def _derivation(self, name: str, table: Table) -> Derivation | None:
        """None where its meaning is not known; what else is wrong with it is told and changes no meaning."""
        kind = cast("DerivationType", table.choice("type", get_args(DerivationType)))
        unit, expression, names = table.optional_text("unit"), table.text("expression"), self.names()
        title, definition, basis = table.text("title"), table.text("meaning"), table.optional_text("basis")
        typed = table.content.get("type") == kind
        table.close()
        if (kind == "integer") != (unit is not None) and typed:
            table.place.tell(
                "malformed", "an integer needs a `unit`, others have none", "integer 须写明 `unit`，其他类型不写"
            )
            return None
        if not expression or not typed:
            return None
        try:
            meaning: Meaning = (
                parse_condition(expression, self._facts, names)
                if kind == "boolean"
                else _number(expression, names, unit or "money")
            )
        except ExpressionError as error:
            table.place.tell_expression(error, "expression")
            return None
        return Derivation(name, kind, unit, title, definition, basis, expression, meaning, tuple(names.used))


def _tables(top: Table) -> list[Table]:
    tables = top.inner("derivation", "derivation", "派生量 {}")
    if len(tables) > _MOST:
        top.place.tell("malformed", f"at most {_MOST} derivations", f"派生量最多 {_MOST} 个", key="derivation")
        tables = tables[:_MOST]
    for table in tables:
        if isinstance(name := table.content.get("name"), str):
            table.place = replace(table.place, name=f"derivation {name}", zh=f"派生量“{name}”")
    return tables


def _number(expression: str, names: Names, dimension: str) -> Linear:
    number = parse_number(expression, names)
    figures = [*number.terms.values(), number.constant]
    if not number.terms:
        raise ExpressionError("constant", "a derivation must mention a fact", "派生量中须有数据项")
    if any(figure.denominator != 1 for figure in figures):
        raise ExpressionError(
            "not_whole",
            "a derivation is a whole number (money in 分): write shares into the test",
            "派生量须为整数（金额以分计）；比例请写在 test 中",
        )
    if sum(abs(figure) for figure in figures) * FACT_LIMIT > _LARGEST_128:
        raise ExpressionError("overflow", "the numbers are too large to be computed exactly", "数值过大，无法精确计算")
    if number.dimension != dimension:
        given, asked = (_DIMENSIONS.get(one, one) for one in (number.dimension, dimension))
        raise ExpressionError(
            "unit_mismatch",
            f"the expression gives {number.dimension}, not {dimension}",
            f"算式得出的是{given}，不是{asked}",
        )
    return number
