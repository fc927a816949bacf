"""A named condition that a cycle may reserve places for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.conditions import Condition, evaluate


@dataclass(frozen=True, slots=True)
class Reserve:
    """Who may take a reserved place: `test` over facts and `city_code` (市州), written as any test."""

    key: str
    title: str
    test: str
    basis: str
    condition: Condition

    def holds(self, facts: Mapping[str, FactValue], city_code: str) -> bool:
        """Whether it is certain: an unknown fact never takes a reserved place."""
        return evaluate(self.condition, {**facts, "city_code": city_code}) is True
