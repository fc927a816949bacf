"""How one edition differs from another, entry by entry; pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from services.finance.lists.edition import Content, Entry, body_of, digest_of

ChangeKind: TypeAlias = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry with the stay in the pool that it stands for; None where an edition did not record it."""

    entry: Entry
    membership_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one code: `entry` is what it says from now on, None once it is removed."""

    kind: ChangeKind
    uscc: str
    entry: Entry | None
    membership_id: uuid.UUID | None


def changes_between(before: Mapping[str, Listed], after: Mapping[str, Listed]) -> list[Change]:
    """By code: what makes `after` of `before`."""
    changes: list[Change] = []
    for uscc in sorted(before.keys() | after.keys()):
        was, now = before.get(uscc), after.get(uscc)
        if now is None and was is not None:
            changes.append(Change("removed", uscc, None, was.membership_id))
        elif now is not None and was is None:
            changes.append(Change("added", uscc, now.entry, now.membership_id))
        elif now is not None and was is not None and now.entry != was.entry:
            changes.append(Change("changed", uscc, now.entry, now.membership_id))
    return changes


def apply_changes(edition: Content, delta: Content) -> Content:
    """The later edition, of the earlier one and the delta between them, as a subscriber would make it.

    ValueError where the delta does not begin at this edition, or does not make what it says.
    """
    if digest_of(body_of(edition)) != delta["digest_before"]:
        raise ValueError("the delta begins at another edition")
    entries: dict[str, Entry] = {one["uscc"]: one for one in edition["entries"]}
    for uscc in delta["removed"]:
        del entries[uscc]
    for one in [*delta["added"], *delta["changed"]]:
        entries[one["uscc"]] = one
    made: Content = delta["head"] | {"entries": [entries[uscc] for uscc in sorted(entries)]}
    if digest_of(body_of(made)) != delta["digest_after"]:
        raise ValueError("the delta does not make the edition that it says")
    return made
