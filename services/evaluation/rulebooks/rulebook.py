"""What a rulebook says: criteria in parts, the order for ranking, and the readings chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.derivations import Derivation
from services.evaluation.rulebooks.normal_form import POSTGRES, to_sql
from services.evaluation.rulebooks.parameters import Parameter
from services.evaluation.rulebooks.reserve import Reserve
from services.evaluation.rulebooks.scoring import Scoring

PartKind: TypeAlias = Literal["hard", "in_principle", "judgement"]
Direction: TypeAlias = Literal["descending", "ascending"]
Verdict: TypeAlias = Literal["met", "not_met", "unknown", "deviation"]


@dataclass(frozen=True, slots=True)
class Transition:
    """A transitional clause: applications assessed in its time are judged by its test instead of the part's own.

    `part` is the part's id. `first` and `last` day of assessment are included; None is without end.
    """

    key: str
    clause: str
    title: str
    text: str
    basis: str
    part: str
    first: date | None
    last: date | None
    test: str
    condition: Condition
    sql: str
    settings: tuple[str, ...]

    def applies(self, on: date) -> bool:
        return (self.first is None or self.first <= on) and (self.last is None or on <= self.last)

    @property
    def period(self) -> str:
        """Such as: 2025-01-01至2025-12-31评估."""
        first, last = (None if day is None else day.isoformat() for day in (self.first, self.last))
        return f"{first}至{last}评估" if first and last else f"{first}起评估" if first else f"{last}及以前评估"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a criterion asks for.

    `id` is "<number>.<key>". `test` is the expression as written (money in 元); `condition` its meaning;
    `sql` its whole-number form (money in 分). All three are None for a judgement without a precondition.
    `settings` names the derivations and :parameters the test reads. `transition` is the transitional clause under
    which the part stands (see `Rulebook.on`).
    """

    id: str
    key: str
    title: str
    kind: PartKind
    test: str | None
    basis: str | None
    condition: Condition | None
    sql: str | None
    settings: tuple[str, ...] = ()
    transition: Transition | None = None

    def to_postgres(self) -> str | None:
        """The test for PostgreSQL, over columns named as the facts and money columns in 分."""
        return None if self.condition is None else to_sql(self.condition, POSTGRES)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One standard. `text` is the plan's own, without the list's number and separator; its parts must all be met."""

    number: int
    key: str
    clause: str
    title: str
    text: str
    veto: bool
    basis: str | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class RankingIndicator:
    """One step of the order among equal scores (among all without scoring): a fact, or its quotient by `denominator`."""

    title: str
    numerator: str
    denominator: str | None
    direction: Direction
    basis: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A rulebook in force from `effective_from` through `effective_to`. `digest`: SHA-256 (hex) of its content."""

    id: str
    title: str
    source_document: str
    effective_from: date
    effective_to: date | None
    criteria: tuple[Criterion, ...]
    ranking: tuple[RankingIndicator, ...]
    parameters: Mapping[str, Parameter]
    digest: str
    scoring: Scoring | None = None
    reserves: tuple[Reserve, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    transitions: tuple[Transition, ...] = ()
    assessed_on: date | None = None

    def on(self, assessed_on: date) -> Rulebook:
        """The rulebook as it judges on that day: its parts under the transitional clauses that apply.

        Id and digest stay, as the text is the same. A cycle's rulebook stays the one it is pinned to, whatever came
        into effect since.
        """
        if not self.transitions:
            return self
        applying = {one.part: one for one in self.transitions if one.applies(assessed_on)}
        criteria = tuple(
            replace(criterion, parts=tuple(_under(part, applying.get(part.id)) for part in criterion.parts))
            for criterion in self.criteria
        )
        return replace(self, criteria=criteria, transitions=(), assessed_on=assessed_on)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part of every criterion, in order."""
        return tuple(part for criterion in self.criteria for part in criterion.parts)

    def is_effective(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


def _under(part: Part, transition: Transition | None) -> Part:
    if transition is None:
        return part
    return replace(
        part,
        test=transition.test,
        condition=transition.condition,
        sql=transition.sql,
        settings=transition.settings,
        transition=transition,
    )
