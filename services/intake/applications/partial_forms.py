"""Takes what is invalid out of a form: it becomes missing, never zero, and never one entry fewer."""

from __future__ import annotations

import copy
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
    # Each holder is copied once, on the way to the first thing taken out of it: a form may have as many wrong places
    # as it has room for, and be nested deeper than a whole copy could follow.
    copied: dict[int, object] = {}
    for location in locations:
        if not location:
            return {}
        _remove(kept, location, copied)
    return kept


def _remove(kept: dict[str, Any], location: Location, copied: dict[int, object]) -> None:
    """In place; what is gone already stays gone."""
    holder: Any = kept
    name: int | str = ""
    for step in location[:-1]:
        if not _holds(holder, step):
            return
        inner = holder[step]
        if id(inner) not in copied:
            inner = holder[step] = copy.copy(inner)
            copied[id(inner)] = inner
        holder, name = inner, step
    last = location[-1]
    if not _holds(holder, last):
        return
    if isinstance(holder, dict):
        del holder[last]
    else:
        holder[last] = None if name in _LISTS_OF_TEXTS else {}


def _holds(holder: Any, step: int | str) -> bool:
    if isinstance(holder, dict):
        return step in holder
    return isinstance(holder, list) and isinstance(step, int) and step < len(cast("list[Any]", holder))
