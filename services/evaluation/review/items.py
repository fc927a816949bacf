"""What needs a person in one assessment: unknown facts, judgement, deviations, conflicting sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from services.evaluation.rulebooks.conditions import facts_of
from services.evaluation.rulebooks.rulebook import Part, Rulebook

# (part id, kind)
ItemKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """One assessment as people see it: computed parts, findings, signed deviations, facts whose sources conflict."""

    rulebook: Rulebook
    computed: Mapping[str, bool | None]
    findings: Mapping[str, bool]
    signed: Collection[str]
    conflicting: Collection[str]

    def settled(self, part_id: str) -> bool | None:
        """The part's value by facts, else by finding, else None."""
        return self.findings.get(part_id, self.computed[part_id])


def conflicting_facts(receipt: Mapping[str, Any]) -> frozenset[str]:
    """Facts on which a receipt says that sources differ; a receipt without that member names none."""
    return frozenset(one["fact"] for one in receipt.get("conflicts") or ())


def facts_used(part: Part) -> tuple[str, ...]:
    return () if part.condition is None else facts_of(part.condition)


def items_of(judged: Judged) -> dict[ItemKey, bool]:
    """What needs a person, and whether it still does. What somebody resolved without a finding is not known here."""
    items: dict[ItemKey, bool] = {}
    for part in judged.rulebook.parts:
        computed, settled = judged.computed[part.id], judged.settled(part.id)
        if computed is None:
            items[part.id, "judgement" if part.kind == "judgement" else "unknown_fact"] = settled is None
        if part.kind == "in_principle" and settled is False:
            items[part.id, "deviation"] = part.id not in judged.signed
        if any(fact in judged.conflicting for fact in facts_used(part)):
            # A finding settles what the facts leave open; a computed verdict waits for somebody to look at it.
            items[part.id, "conflict"] = computed is not None or settled is None
    return items


def status_of(judged: Judged, open_items: Collection[ItemKey]) -> str:
    """`done`: nothing waits; `moot`: something does, but whatever is found, the application is not met; else `open`."""
    if not open_items:
        return "done"
    return "moot" if any(_decided(judged, part, open_items) for part in judged.rulebook.parts) else "open"


def _decided(judged: Judged, part: Part, open_items: Collection[ItemKey]) -> bool:
    """Not met for good: neither a deviation nor a look at its conflicting sources can still change it."""
    if judged.settled(part.id) is not False or part.id in judged.signed:
        return False
    return not any((part.id, kind) in open_items for kind in ("deviation", "conflict"))
