"""Figures and answers a rulebook derives from facts: named, explained, and replaced by their meaning when loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast, get_args

from services.evaluation.rulebooks.catalogue import FACT_LIMIT, Fact
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition, parse_number
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.names import Meaning, Names
from services.evaluation.rulebooks.parameters import Parameter
from services.evaluation.rulebooks.tables import Place, Table

DerivationType: TypeAlias = Literal["boolean", "integer", "money"]
_MOST = 200
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
    """Reads [[derivation]] tables in whatever order they depend on each other. Raises RulebookError."""

    def __init__(
        self, top: Table, lines: list[int], facts: Mapping[str, Fact], parameters: Mapping[str, Parameter]
    ) -> None:
        self._facts, self._parameters = facts, parameters
        self._written: dict[str, Table] = {}
        self._read: dict[str, Derivation] = {}
        self._being_read: list[str] = []
        for table in _tables(top, lines):
            name = table.identifier("name")
            if name in facts or name in self._written:
                raise table.place.error("duplicate", f"the name `{name}` is used already")
            self._written[name] = table
        for name in self._written:
            self.lookup(name)

    def __iter__(self) -> Iterator[Derivation]:
        """In the order written."""
        return (self._read[name] for name in self._written)

    def names(self) -> Names:
        """A fresh set of names for one expression."""
        return Names(self._facts, self._parameters, self.lookup)

    def lookup(self, name: str) -> Meaning | None:
        if name not in self._written:
            return None
        if name not in self._read:
            self._read_now(name)
        return self._read[name].meaning

    def _read_now(self, name: str) -> None:
        table = self._written[name]
        if name in self._being_read:
            circle = " → ".join([*self._being_read[self._being_read.index(name) :], name])
            raise table.place.error("cyclic", f"derivations depend on each other in a circle: {circle}")
        self._being_read.append(name)
        try:
            self._read[name] = self._derivation(name, table)
        except ExpressionError as error:
            raise table.place.error(error.code, error.message) from None
        finally:
            self._being_read.pop()

    def _derivation(self, name: str, table: Table) -> Derivation:
        kind = cast("DerivationType", table.choice("type", get_args(DerivationType)))
        unit, expression, names = table.optional_text("unit"), table.text("expression"), self.names()
        if (kind == "integer") != (unit is not None):
            raise table.place.error("malformed", "an integer needs a `unit`, others have none")
        meaning = parse_condition(expression, self._facts, names) if kind == "boolean" else _number(expression, names)
        if isinstance(meaning, Linear) and meaning.dimension != (unit or "money"):
            raise ExpressionError("unit_mismatch", f"the expression gives {meaning.dimension}, not {unit or 'money'}")
        derivation = Derivation(
            name=name,
            type=kind,
            unit=unit,
            title=table.text("title"),
            definition=table.text("meaning"),
            basis=table.optional_text("basis"),
            expression=expression,
            meaning=meaning,
            settings=tuple(names.used),
        )
        table.close()
        return derivation


def _tables(top: Table, lines: list[int]) -> Iterator[Table]:
    contents = top.tables("derivation")
    if len(lines) != len(contents) or len(contents) > _MOST:
        raise top.place.error("malformed", f"at most {_MOST} derivations, each under a line [[derivation]]")
    for position, (content, line) in enumerate(zip(contents, lines, strict=True), 1):
        name = content.get("name")
        yield Table(content, Place(top.place.origin, line, f"derivation {name if isinstance(name, str) else position}"))


def _number(expression: str, names: Names) -> Linear:
    number = parse_number(expression, names)
    figures = [*number.terms.values(), number.constant]
    if not number.terms:
        raise ExpressionError("constant", "a derivation must mention a fact")
    if any(figure.denominator != 1 for figure in figures):
        raise ExpressionError("not_whole", "a derivation is a whole number (money in 分): write shares into the test")
    if sum(abs(figure) for figure in figures) * FACT_LIMIT > _LARGEST_128:
        raise ExpressionError("overflow", "the numbers are too large to be computed exactly")
    return number
