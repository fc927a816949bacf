"""Refuses what is written without effect: settings and derivations nobody reads, and alternatives that never count."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import cast

from services.evaluation.rulebooks.conditions import AllOf, AnyOf, Condition
from services.evaluation.rulebooks.criteria import Criteria
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.phrases import in_words
from services.evaluation.rulebooks.reachability import possible
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.rulebooks.tables import Place, Table, nearest_of

_EXPRESSIONS = ("test", "expression", "numerator", "denominator")
_WORDS = {
    "arm_never_met": ("this alternative can never be met", "“或”的这一支永远不会符合"),
    "arm_implied": (
        "this alternative changes nothing, as another one is met whenever it is",
        "“或”的这一支不起作用（它符合时，另一支也符合）",
    ),
}
_NAME = re.compile(r":?[a-z][a-z0-9_]*")


def tell_idle(top: Table, rulebook: Rulebook, read: Criteria, derivations: Derivations, told: Collection[str]) -> None:
    """Tells `unused` settings and derivations, and arms that are `arm_never_met` or `arm_implied`.

    `told` are parts whose tests are refused as a whole. See `_tell_arms` for what is not seen.
    """
    _tell_unused(top, rulebook.parameters, read, derivations)
    for part in rulebook.parts:
        if part.condition is not None and part.id not in told:
            _tell_arms(part.condition, read.places[part.id], settled=not _reads_settings(part.settings, derivations))
    for one in rulebook.transitions:
        if (key := f"transition {one.key}") not in told:
            _tell_arms(one.condition, read.places[key], settled=not _reads_settings(one.settings, derivations))


def _tell_unused(top: Table, parameters: Collection[str], read: Criteria, derivations: Derivations) -> None:
    """A setting counts as used where a test, a score or the order of ranking reads it, also through derivations.

    Where the file is at fault, whatever name stands in an expression counts as used, and the one it may be meant for.
    """
    used = derivations.reached({*read.used, *_counted(top)})
    if top.place.draft is not None and not top.place.draft.sound:
        known = {*(f":{name}" for name in parameters), *(one.name for one in derivations)}
        for name in _mentioned(top.content):
            used |= derivations.reached({name, (name not in known and nearest_of(name, known)) or name})
    for name in parameters:
        if f":{name}" not in used:
            top.place.within("parameters", name, name=f"parameters.{name}", zh=f"设定“{name}”").tell(
                "unused",
                "no test, score or ranking reads it, so that its value changes nothing: write it into a `basis`",
                "没有判定、评分或排序取用，改动取值不起作用；只作说明的，请写入有关的 basis",
            )
    for one in derivations:
        if one.name not in used:
            derivations.place(one.name).tell("unused", "no test, score or ranking reads it", "没有判定、评分或排序取用")


def _counted(top: Table) -> Iterator[str]:
    """What scores and the order of ranking name."""
    for entries in (_inner(top.content, "ranking"), _inner(_inner(top.content, "scoring"), "indicator")):
        for entry in cast("list[object]", entries) if isinstance(entries, list) else ():
            yield from (str(_inner(entry, key)) for key in ("numerator", "denominator"))


def _inner(content: object, key: str) -> object:
    return cast("Mapping[str, object]", content).get(key) if isinstance(content, Mapping) else None


def _mentioned(content: object) -> Iterator[str]:
    """Every name in an expression anywhere in the file."""
    if isinstance(content, list):
        for one in cast("list[object]", content):
            yield from _mentioned(one)
    elif isinstance(content, Mapping):
        for key, value in cast("Mapping[str, object]", content).items():
            yield from _NAME.findall(value) if key in _EXPRESSIONS and isinstance(value, str) else _mentioned(value)


def _reads_settings(settings: Collection[str], derivations: Derivations) -> bool:
    return any(name.startswith(":") for name in derivations.reached(settings))


def _tell_arms(condition: Condition, place: Place, *, settled: bool, context: tuple[Condition, ...] = ()) -> None:
    """Tells the alternatives of every 或 in a test that can never be met, or are met only where another one is.

    Exact over whole numbers, yes-or-no and options of one test, missing facts included. Not seen: arms that matter only
    with facts which other parts or criteria rule out; arms of tests that read a setting (`settled` False) and would
    matter under another value; members of 且 that add nothing to their neighbours; conditions of reserved places; and
    whatever the search for facts gives up on (see `reachability`), which is let through.
    """
    if isinstance(condition, AllOf):
        for at, member in enumerate(condition.members):
            others = (*context, *condition.members[:at], *condition.members[at + 1 :])
            _tell_arms(member, place, settled=settled, context=others)
    elif isinstance(condition, AnyOf):
        left = list(condition.members)
        # Of two arms that ask the same, the later is told.
        for at in reversed(range(len(left))):
            arm, others = left[at], left[:at] + left[at + 1 :]
            if (code := _idle(arm, others, context, settled=settled)) is None:
                _tell_arms(arm, place, settled=settled, context=context)
            else:
                english, chinese = _WORDS[code]
                place.tell(code, f"{english}: {in_words(arm)}", f"{chinese}：{in_words(arm)}", key="test")
                left = others


def _idle(arm: Condition, others: list[Condition], context: tuple[Condition, ...], *, settled: bool) -> str | None:
    if not possible([*((one, "true") for one in context), (arm, "true")]):
        return "arm_never_met"
    if settled and others and idle(arm, others[0] if len(others) == 1 else AnyOf(tuple(others))):
        return "arm_implied"
    return None


def idle(arm: Condition, others: Condition) -> bool:
    """Whether 或 of `others` has the same three values with `arm` as without it; only where that is certain."""
    if possible([(arm, "true"), (others, "not_true")]):
        return False
    # Where it is open, the others must be open or met as well: else it turns not met into unknown.
    return not possible([(others, "false"), (arm, "not_false")])
