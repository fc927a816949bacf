"""What differs between two sides: a pure comparison of two sets of records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

DifferenceKind = Literal["missing_there", "missing_here", "digest_differs", "status_differs"]
Key = tuple[str, str]  # kind and record key


@dataclass(frozen=True, slots=True)
class Held:
    """One record as one side holds it. `expected_there` is False for what they may well not have yet."""

    status: str
    digest: str
    version: int | None = None
    expected_there: bool = True

    def shown(self) -> dict[str, str | int | None]:
        return {"status": self.status, "digest": self.digest, "version": self.version}


@dataclass(frozen=True, slots=True)
class Difference:
    difference: DifferenceKind
    kind: str
    key: str
    ours: Held | None
    theirs: Held | None


def compare(ours: Mapping[Key, Held], theirs: Mapping[Key, Held]) -> list[Difference]:
    """Every difference, by kind and key. Of one record that differs twice, content comes before status."""
    return sorted(_differences(ours, theirs), key=lambda one: (one.kind, one.key))


def _differences(ours: Mapping[Key, Held], theirs: Mapping[Key, Held]) -> Iterator[Difference]:
    for key in ours.keys() | theirs.keys():
        mine, other = ours.get(key), theirs.get(key)
        if mine is None:
            yield Difference("missing_here", *key, None, other)
        elif other is None:
            if mine.expected_there:
                yield Difference("missing_there", *key, mine, None)
        elif mine.digest != other.digest:
            yield Difference("digest_differs", *key, mine, other)
        elif mine.status != other.status:
            yield Difference("status_differs", *key, mine, other)


def counts_of(differences: list[Difference], *, ours: int, theirs: int) -> dict[str, int]:
    """How many of each kind, and how many were compared."""
    found = Counter(one.difference for one in differences)
    kinds: tuple[DifferenceKind, ...] = ("missing_there", "missing_here", "digest_differs", "status_differs")
    return {**{kind: found[kind] for kind in kinds}, "ours": ours, "theirs": theirs}
