"""Takes what is invalid out of a form: it becomes missing, never zero, and never one entry fewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, cast

Location: TypeAlias = tuple[int | str, ...]
_LISTS_OF_TEXTS = frozenset({"trademark_nos", "product_names"})


def without_invalid_parts(form: Mapping[str, Any], locations: Iterable[Location]) -> dict[str, Any]:
    """The form without the places found invalid; `form` itself stays as it is.

    An invalid entry of a list stays as an entry of which nothing is known: dropping one of two patents would
    turn a rate of a half into a whole.
    """
    kept = dict(form)
    for location in locations:
        kept = cast("dict[str, Any]", _without(kept, location)) if location else {}
    return kept


def _without(holder: object, location: Location, name: int | str = "") -> object:
    """`name` is that of `holder`. Unchanged where the place is gone already, or never was."""
    step, inner = location[0], location[1:]
    if isinstance(holder, dict):
        members = cast("dict[int | str, object]", holder)
        if step not in members:
            return members
        if inner:
            return members | {step: _without(members[step], inner, step)}
        return {key: value for key, value in members.items() if key != step}
    if isinstance(holder, list) and isinstance(step, int):
        entries = list(cast("list[object]", holder))
        nothing = None if name in _LISTS_OF_TEXTS else {}
        entries[step] = _without(entries[step], inner, step) if inner else nothing
        return entries
    return holder
