"""What a receipt was judged on: digests of its inputs, the inputs of each part, and where sources disagree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.conditions import facts_of
from services.evaluation.rulebooks.origins import Origins
from services.evaluation.rulebooks.rulebook import Rulebook
from shared.canonical import canonical_text, sha256_hex
from shared.models.reads import AttachmentDigest

_FORM: Mapping[str, Any] = {"source": "self_reported", "as_of": None, "statement": None, "evidence": None}


def inputs_digest(facts: str, origins: Origins) -> str:
    """SHA-256 of what is judged: the facts (canonical JSON), and what others than the form say of them.

    Files are no part of it: those that a snapshot rests on never change.
    """
    if not origins.sources and not origins.conflicts:
        return sha256_hex(facts)
    return sha256_hex(facts + canonical_text({"conflicts": list(origins.conflicts), "sources": dict(origins.sources)}))


def by_criterion(files: Iterable[AttachmentDigest]) -> dict[str, list[str]]:
    """Criterion number, or "all", → digests of its files, sorted, each once."""
    found: dict[str, set[str]] = {}
    for one in files:
        found.setdefault("all" if one.criterion is None else str(one.criterion), set()).add(one.digest)
    return {criterion: sorted(digests) for criterion, digests in found.items()}


@dataclass(frozen=True, slots=True)
class Input:
    """A fact as it was judged, and who says so. What the form says has no statement and no evidence of its own."""

    value: FactValue
    source: str
    as_of: str | None
    statement: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class ConflictingClaim:
    """What a lower source says instead; money in 分."""

    source: str
    value: FactValue
    as_of: str | None
    statement: str | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """Sources that disagree on a fact; `parts` are the ids of the rulebook's parts that it touches."""

    fact: str
    source: str
    value: FactValue
    against: tuple[ConflictingClaim, ...]
    parts: tuple[str, ...]


def part_inputs(receipt: str | Mapping[str, Any], rulebook: Rulebook, part_id: str) -> dict[str, Input]:
    """By name, each fact that the part's test reads, as the receipt (text or content) has it with its source.

    Equal mappings mean that nothing of what the test reads has changed; what the form says has no day here, since the
    same answer sent again is the same. Empty for a part without a test: such a part rests on the evidence alone.
    LookupError where the rulebook has no such part. Reads both formats.
    """
    part = next((one for one in rulebook.parts if one.id == part_id), None)
    if part is None:
        raise LookupError(f"{rulebook.id} has no part {part_id}")
    content = _content(receipt)
    names = () if part.condition is None else facts_of(part.condition)
    sources = content.get("sources", {})
    return {name: _input(content["facts"].get(name), sources.get(name, _FORM)) for name in names}


def fact_inputs(receipt: str | Mapping[str, Any]) -> dict[str, Input]:
    """Every fact of a receipt with its source; the form's day is that of its submission, where the receipt has it."""
    content = _content(receipt)
    form = {**_FORM, "as_of": content["subject"].get("submitted_on")}
    sources = content.get("sources", {})
    return {name: _input(value, sources.get(name, form)) for name, value in content["facts"].items()}


def _input(value: FactValue, source: Mapping[str, Any]) -> Input:
    return Input(value, source["source"], source["as_of"], source["statement"], source["evidence"])


def conflicts_of(receipt: str | Mapping[str, Any], rulebook: Rulebook) -> list[Conflict]:
    """The facts of a receipt on which sources disagree, with the parts that they touch; by fact."""
    content = _content(receipt)
    facts: Mapping[str, FactValue] = content["facts"]
    return [
        Conflict(
            fact=one["fact"],
            source=one["source"],
            value=facts[one["fact"]],
            against=tuple(ConflictingClaim(**claim) for claim in one["against"]),
            parts=tuple(
                part.id
                for part in rulebook.parts
                if part.condition is not None and one["fact"] in facts_of(part.condition)
            ),
        )
        for one in content.get("conflicts", ())
    ]


def _content(receipt: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", json.loads(receipt)) if isinstance(receipt, str) else receipt
