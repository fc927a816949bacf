"""What a rulebook says: criteria in parts, the order for ranking, and the readings chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.normal_form import POSTGRES, to_sql
from services.evaluation.rulebooks.reserve import Reserve
from services.evaluation.rulebooks.scoring import Scoring

PartKind: TypeAlias = Literal["hard", "in_principle", "judgement"]
Direction: TypeAlias = Literal["descending", "ascending"]
Verdict: TypeAlias = Literal["met", "not_met", "unknown", "deviation"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing a criterion asks for.

    `id` is "<number>.<key>". `test` is the expression as written (money in 元); `condition` its meaning;
    `sql` its whole-number form (money in 分). All three are None for a judgement without a precondition.
    """

    id: str
    key: str
    title: str
    kind: PartKind
    test: str | None
    basis: str | None
    condition: Condition | None
    sql: str | None

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
class Parameter:
    """A reading the source document leaves open, and why it was chosen."""

    value: str | int | bool
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

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every part of every criterion, in order."""
        return tuple(part for criterion in self.criteria for part in criterion.parts)

    def is_effective(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)
