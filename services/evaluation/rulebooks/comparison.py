"""What differs between two rulebooks, entry by entry: as written, and in what it comes to."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.linear import Linear
from services.evaluation.rulebooks.phrases import in_words, linear_in_words
from services.evaluation.rulebooks.rulebook import Rulebook

Change: TypeAlias = Literal["added", "removed", "changed", "meaning"]
# Lists of tables, and what tells their entries apart.
_KEYS = {"criterion": "key", "derivation": "name", "transition": "key", "part": "key"}


@dataclass(frozen=True, slots=True)
class Difference:
    """`entry` such as "part industrialisation.rate" or "parameter rd_year"; `field` None for an entry added or removed as a whole.

    `meaning`: the entry reads as before and yet asks something else, because a setting or derivation changed.
    """

    change: Change
    entry: str
    field: str | None
    before: object
    after: object
    title: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "change": self.change,
            "entry": self.entry,
            "title": self.title,
            "field": self.field,
            "before": self.before,
            "after": self.after,
        }


def differences(before: str, after: str, rulebooks: tuple[Rulebook, Rulebook]) -> list[Difference]:
    """Of two rulebooks' texts, and of the rulebooks loaded from them, in the order of the entries."""
    old, new = (dict(_entries(tomllib.loads(text))) for text in (before, after))
    found = [one for name in dict.fromkeys((*old, *new)) for one in _of_entry(name, old.get(name), new.get(name))]
    told = {(one.entry, one.field) for one in found}
    return found + [one for one in _meanings(*rulebooks) if (one.entry, one.field) not in told]


def _of_entry(name: str, old: Mapping[str, object] | None, new: Mapping[str, object] | None) -> Iterator[Difference]:
    titles = [entry["title"] for entry in (new, old) if entry is not None and "title" in entry]
    title = str(titles[0]) if titles else None
    if old is None or new is None:
        change: Change = "added" if old is None else "removed"
        yield Difference(change, name, None, old and _plain(old), new and _plain(new), title)
        return
    for field in dict.fromkeys((*old, *new)):
        if old.get(field) != new.get(field):
            yield Difference("changed", name, field, _plain(old.get(field)), _plain(new.get(field)), title)


def _entries(content: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, object]]]:
    scalars = {key: value for key, value in content.items() if not isinstance(value, dict | list)}
    yield "rulebook", scalars
    for criterion in content.get("criterion", ()):
        yield f"criterion {criterion['key']}", {key: value for key, value in criterion.items() if key != "part"}
        for part in criterion["part"]:
            yield f"part {criterion['key']}.{part['key']}", part
    for section, tables in content.items():
        if isinstance(tables, dict):
            singular = section.removesuffix("s")
            for name, table in cast("dict[str, Any]", tables).items():
                yield f"{singular} {name}", table if isinstance(table, dict) else {"value": table}
        elif isinstance(tables, list) and section != "criterion":
            for position, table in enumerate(cast("list[Any]", tables), 1):
                key = table.get(_KEYS.get(section, ""), position) if isinstance(table, dict) else position
                yield f"{section} {key}", table if isinstance(table, dict) else {"value": table}


def _meanings(before: Rulebook, after: Rulebook) -> Iterator[Difference]:
    """Parts, derivations and transitions that read the same but mean something else."""
    old = {name: meaning for name, _, _, meaning in _meant(before)}
    for name, title, field, now in _meant(after):
        if name in old and old[name] != now:
            yield Difference("meaning", name, field, _words(old[name]), _words(now), title)


def _meant(rulebook: Rulebook) -> Iterator[tuple[str, str, str, Linear | Condition | None]]:
    for derivation in rulebook.derivations:
        yield f"derivation {derivation.name}", derivation.title, "expression", derivation.meaning
    for criterion in rulebook.criteria:
        for part in criterion.parts:
            yield f"part {criterion.key}.{part.key}", part.title, "test", part.condition
    for transition in rulebook.transitions:
        yield f"transition {transition.key}", transition.title, "test", transition.condition


def _words(meaning: Linear | Condition | None) -> str | None:
    if meaning is None:
        return None
    return linear_in_words(meaning) if isinstance(meaning, Linear) else in_words(meaning)


def _plain(value: object) -> object:
    """For people and JSON: dates as text."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in cast("Mapping[str, object]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
