"""A named condition that a cycle may reserve places for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.evaluation.rulebooks.catalogue import Fact, FactValue, catalogue
from services.evaluation.rulebooks.conditions import Condition, evaluate
from shared.reference.divisions import cities

CITY = "city_code"


def reserve_facts() -> Mapping[str, Fact]:
    """What a reserved place may depend on: the catalogue, and the city, which is no fact to be judged."""
    options = {one.code: one.name for one in cities()}
    return {**catalogue(), CITY: Fact(CITY, "text", None, "市州", "所在市州的行政区划代码", options)}


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
        return evaluate(self.condition, {**facts, CITY: city_code}) is True
