"""Compare two revisions of a form field by field; entries of lists are matched by what names them, not by place.

A change's pointer names an entry by its key: `/patents/202010566088.9/granted_on`. A key that occurs again in a list
has `#2`, `#3` … behind it (a `#` of its own is doubled). What is absent is null.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from services.intake.applications.sections import section_of
from shared.validation import json_pointer

Kind = Literal["changed", "added", "removed", "reordered"]
Place = tuple[str, ...]
Key = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`before` and `after` are values; for a list whose entries only stand in another order, their keys in order."""

    kind: Kind
    pointer: str
    section: str
    before: Any
    after: Any


def _text(entry: Any) -> str:
    return str(entry)


def _by(*names: str) -> Key:
    def key(entry: Any) -> str:
        members: dict[str, Any] = entry if isinstance(entry, dict) else {}
        return "+".join("" if members.get(name) is None else str(members[name]) for name in names)

    return key


# What names an entry of a list, by top-level field. Other lists are values of their own.
KEYS: Mapping[str, Key] = {
    "patents": _by("application_no"),
    "products": _by("name"),
    "qualifications": _by("type", "certificate_no"),
    "collaborations": _by("partner"),
    "trademark_nos": _text,
}


def changes_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """Every difference between two forms, in the order of the fields; applied to `before` they give `after`."""
    return [
        change
        for field in dict.fromkeys((*before, *after))
        for change in _changes(field, (field,), before.get(field), after.get(field))
    ]


def _changes(field: str, place: Place, before: Any, after: Any) -> Iterator[FieldChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _member_changes(field, place, cast("dict[str, Any]", before), cast("dict[str, Any]", after))
    elif isinstance(before, list) and isinstance(after, list) and place == (field,) and field in KEYS:
        yield from _entry_changes(field, cast("list[Any]", before), cast("list[Any]", after))
    elif before != after:
        yield _change("changed", field, place, before, after)


def _member_changes(
    field: str, place: Place, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*before, *after)):
        yield from _changes(field, (*place, name), before.get(name), after.get(name))


def _entry_changes(field: str, before: list[Any], after: list[Any]) -> Iterator[FieldChange]:
    old, new = keyed(before, KEYS[field]), keyed(after, KEYS[field])
    for key, entry in old.items():
        if key not in new:
            yield _change("removed", field, (field, key), entry, None)
    for key, entry in new.items():
        if key in old:
            yield from _changes(field, (field, key), old[key], entry)
        else:
            yield _change("added", field, (field, key), None, entry)
    # Entries that stay keep their order, new ones come last: the order is told only where it is another one.
    expected = [key for key in old if key in new] + [key for key in new if key not in old]
    if expected != list(new):
        yield _change("reordered", field, (field,), list(old), list(new))


def keyed(entries: list[Any], key: Key) -> dict[str, Any]:
    """The entries by key, in order; the second of a key is `key#2`."""
    seen: Counter[str] = Counter()
    found: dict[str, Any] = {}
    for entry in entries:
        name = key(entry).replace("#", "##")
        seen[name] += 1
        found[name if seen[name] == 1 else f"{name}#{seen[name]}"] = entry
    return found


def _change(kind: Kind, field: str, place: Place, before: Any, after: Any) -> FieldChange:
    return FieldChange(kind, json_pointer(place), section_of(field), before, after)
