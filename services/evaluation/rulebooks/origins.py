"""Where the facts of a receipt come from: sources beyond the form, conflicts between them, and the files of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

Scalar: TypeAlias = str | int | bool | None
Subject: TypeAlias = Mapping[str, Scalar]

# Beyond this RFC 8785, which counts in IEEE doubles, no longer tells integers apart.
_LARGEST_INTEGER = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Origins:
    """Where the facts come from, as JSON. What `sources` does not name comes from the form.

    `sources`: fact → source, as_of, statement, evidence (SHA-256 or null), self_reported (what the form says).
    `conflicts`: fact and the claims `against` the one that stands. `attachments`: criterion, or "all" → sorted SHA-256.
    """

    sources: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict[str, Mapping[str, Scalar]])
    conflicts: Sequence[Mapping[str, Any]] = ()
    attachments: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])

    def sections(self) -> dict[str, Any]:
        """As they stand in a receipt; ValueError for what has no one canonical form."""
        sections = {"attachments": self.attachments, "conflicts": self.conflicts, "sources": self.sources}
        return {key: canonical_value(value) for key, value in sections.items()}


FORM_ALONE = Origins()


def canonical_subject(subject: Subject) -> dict[str, Scalar]:
    """What was judged, as it stands in a receipt; ValueError for what has no one canonical form."""
    for key, value in subject.items():
        if not key.isascii() or not (value is None or type(value) in (str, int, bool)):
            raise ValueError(f"a subject holds text, integers, booleans and null under ASCII keys, not {key!r}")
        if type(value) is int and abs(value) > _LARGEST_INTEGER:
            raise ValueError(f"{key!r} is beyond 2^53: write it as text")
    return dict(subject)


def canonical_value(value: object) -> Any:
    """Objects, lists and scalars whose RFC 8785 text is what `canonical_text` writes; ValueError for others."""
    if isinstance(value, Mapping):
        return {_ascii(key): canonical_value(member) for key, member in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list | tuple):
        return [canonical_value(member) for member in cast("Sequence[object]", value)]
    return canonical_subject({"an origin": cast("Scalar", value)})["an origin"]


def _ascii(key: str) -> str:
    if not key.isascii():
        raise ValueError(f"an origin's keys are ASCII, not {key!r}")
    return key
