"""What the names in an expression stand for: catalogued facts, the rulebook's derivations, and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from sqlglot import exp

from services.evaluation.rulebooks.catalogue import Fact
from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.errors import ExpressionError, FollowingError
from services.evaluation.rulebooks.linear import Atom, Linear
from services.evaluation.rulebooks.parameters import Parameter
from services.evaluation.rulebooks.tables import nearest_of, or_rather

Meaning: TypeAlias = Linear | Condition


def _no_derivation(name: str) -> Meaning | None:  # noqa: ARG001 (the signature of a lookup)
    return None


@dataclass(slots=True)
class Names:
    """`derivation` gives a derivation's meaning over facts, or None. What was looked up is kept in `used` (in order).

    `faulty` names parameters that are at fault themselves, `derived` all derivations.
    """

    facts: Mapping[str, Fact]
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    derivation: Callable[[str], Meaning | None] = _no_derivation
    used: dict[str, None] = field(default_factory=dict[str, None])
    faulty: Collection[str] = ()
    derived: Collection[str] = ()

    def resolve(self, node: exp.Column) -> Fact | Meaning:
        """Raises ExpressionError `unknown_fact`, `not_allowed` for more than a bare name."""
        identifier = node.args.get("this")
        others = any(value for key, value in node.args.items() if key != "this")
        if others or not isinstance(identifier, exp.Identifier) or identifier.args.get("quoted"):
            raise ExpressionError(
                "not_allowed", f"`{node.sql('postgres')}`: write a fact's bare name", "数据项只写名称，不加前缀和引号"
            )
        if (fact := self.facts.get(identifier.name)) is not None:
            return fact
        if (meaning := self.derivation(identifier.name)) is None:
            english, chinese = or_rather(nearest_of(identifier.name, {*self.facts, *self.derived}))
            raise ExpressionError(
                "unknown_fact",
                f"no fact or derivation is called `{identifier.name}`{english}",
                f"没有名为 `{identifier.name}` 的数据项或派生量{chinese}",
            )
        self.used[identifier.name] = None
        return meaning

    def parameter(self, node: exp.Placeholder) -> Parameter:
        """Raises ExpressionError `unknown_parameter`, `not_allowed` for another form of placeholder."""
        name = node.args.get("this")
        if not isinstance(name, str) or any(value for key, value in node.args.items() if key != "this"):
            raise ExpressionError(
                "not_allowed", f"`{node.sql('postgres')}`: write a parameter as :name", "设定须写成 :名称"
            )
        self.used[f":{name}"] = None
        if name in self.faulty:
            raise FollowingError(name)
        if (parameter := self.parameters.get(name)) is None:
            english, chinese = or_rather(nearest_of(name, self.parameters))
            raise ExpressionError(
                "unknown_parameter",
                f"no parameter is called `{name}`{english}",
                f"没有名为 `{name}` 的设定{chinese}",
            )
        return parameter


def number_of_fact(fact: Fact) -> Linear:
    """Raises ExpressionError `type_mismatch` for a fact that is no number."""
    if not fact.is_number:
        raise ExpressionError(
            "type_mismatch", f"{fact.name} is {fact.type}, not a number", f"{fact.name}（{fact.title}）不是数值"
        )
    return Linear({Atom(fact.name): Fraction(1)}, Fraction(0), "money" if fact.type == "money" else fact.unit)
