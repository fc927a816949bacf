"""Conditions that may be decided already: parameters decide when the rulebook is loaded, facts when it judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from services.evaluation.rulebooks.conditions import AllOf, AnyOf, Condition, Membership, negated

Truth: TypeAlias = Condition | bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Something with options: a fact, or a parameter that has `chosen` one."""

    name: str
    options: Mapping[str, str]
    chosen: str | None

    def among(self, options: Sequence[str], *, wanted: bool) -> Truth:
        """Whether it is (or, not `wanted`, is not) one of the options."""
        if self.chosen is not None:
            return (self.chosen in options) is wanted
        return Membership(self.name, tuple(options), wanted)


def joined(kind: type[AllOf | AnyOf], *members: Truth) -> Truth:
    """Nested joins of one kind as one flat list; what the parameters decided is left out, or decides all."""
    decisive = kind is AnyOf
    if any(member is decisive for member in members):
        return decisive
    rest = [member for member in members if not isinstance(member, bool)]
    flat = [inner for member in rest for inner in (member.members if isinstance(member, kind) else (member,))]
    return not decisive if not flat else flat[0] if len(flat) == 1 else kind(tuple(flat))


def opposite(truth: Truth) -> Truth:
    """NOT."""
    return not truth if isinstance(truth, bool) else negated(truth)
