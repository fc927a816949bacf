"""What changed between two judgements of one application, part by part: what must be looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from services.evaluation.assessment.form_fields import FIELDS
from services.evaluation.review.items import facts_used
from services.evaluation.rulebooks.rulebook import Criterion, Part, Rulebook

Change: TypeAlias = dict[str, Any]
Form: TypeAlias = Mapping[str, Any]


def sections_of(criterion: Criterion) -> frozenset[str] | None:
    """Fields of the form that a judgement under this criterion rests on; None for all of them.

    Those that answer the facts of any of its parts: what a person judges stands beside what is computed.
    """
    facts = {fact for part in criterion.parts for fact in facts_used(part)}
    pointers = [pointer for fact in facts for pointer in FIELDS.get(fact, ())]
    return frozenset(pointer.split("/")[1] for pointer in pointers) or None


def fact_changes(part: Part, before: Form, after: Form) -> list[Change]:
    """The part's input facts that are not as they were."""
    return [
        {"fact": fact, "before": before.get(fact), "after": after.get(fact)}
        for fact in facts_used(part)
        if before.get(fact) != after.get(fact)
    ]


def section_changes(criterion: Criterion, before: Form, after: Form) -> list[Change]:
    """Fields of the form under a criterion that are not as they were; of a list, only that it is another one."""
    sections = sections_of(criterion)
    names = sorted(before.keys() | after.keys()) if sections is None else sorted(sections)
    return [change for name in names for change in _field_changes(name, before.get(name), after.get(name))]


def _field_changes(name: str, before: Any, after: Any) -> list[Change]:
    if before == after:
        return []
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = cast("Form", before), cast("Form", after)
        return [
            _told(f"/{name}/{key}", name, old.get(key), new.get(key))
            for key in sorted(old.keys() | new.keys())
            if old.get(key) != new.get(key)
        ]
    return [_told(f"/{name}", name, before, after)]


def _told(field: str, section: str, before: Any, after: Any) -> Change:
    return {"field": field, "section": section, "before": _plain(before), "after": _plain(after)}


def _plain(value: Any) -> Any:
    """A list or object is too long to repeat: it is in the snapshots."""
    return None if isinstance(value, list | dict) else value


def rule_changes(part_id: str, before: Rulebook, after: Rulebook) -> list[Change]:
    """That the rule itself is another one: then nothing found under the old one stands."""
    if before.digest == after.digest:
        return []
    old, new = (next((part for part in one.parts if part.id == part_id), None) for one in (before, after))
    if old == new:
        return []
    return [{"fact": None, "rule": part_id, "before": old and old.test, "after": new and new.test}]


def changes_by_part(
    rulebooks: tuple[Rulebook, Rulebook], facts: tuple[Form, Form], forms: tuple[Form, Form]
) -> dict[str, list[Change]]:
    """Every part of the newer rulebook with what changed for it, each pair being (before, after); empty: unchanged."""
    return {
        part.id: rule_changes(part.id, *rulebooks)
        + fact_changes(part, *facts)
        + (section_changes(criterion, *forms) if part.kind == "judgement" else [])
        for criterion in rulebooks[1].criteria
        for part in criterion.parts
    }
