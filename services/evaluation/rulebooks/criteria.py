"""Reads a rulebook's criteria, their parts and the transitional clauses; each fault is told with its own line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, cast, get_args

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.headers import Headers
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from services.evaluation.rulebooks.rulebook import Criterion, Part, PartKind, Transition
from services.evaluation.rulebooks.tables import Place, Table
from services.evaluation.rulebooks.transitions import period, refuse_overlaps
from services.evaluation.rulebooks.unreachable import refuse_unreachable


class _Compiled(NamedTuple):
    condition: Condition
    sql: str
    settings: tuple[str, ...]


def read_criteria(
    top: Table, lines: Headers, derivations: Derivations
) -> tuple[tuple[Criterion, ...], tuple[Transition, ...]]:
    """All criteria in order, and the transitional clauses about their parts. Raises RulebookError."""
    places: dict[str, Place] = {}
    tables, at = top.tables("criterion"), lines.of("criterion")
    if not tables or len(at) != len(tables):
        raise top.place.error("missing", "a rulebook needs criteria, each under a line [[criterion]]")
    criteria: list[Criterion] = []
    for position, (content, line) in enumerate(zip(tables, at, strict=True), 1):
        table = Table(content, Place(top.place.origin, line, f"criterion {position}"))
        if (number := table.whole("number")) != position:
            raise table.place.error("numbering", f"`number` is {number}; criteria are numbered 1, 2, 3 in order")
        part_lines = lines.within("criterion", "part")[position - 1]
        criteria.append(_criterion(table, number, part_lines, derivations, places))
        places[str(number)] = table.place
    _refuse_repeated((criterion.key for criterion in criteria), [places[str(c.number)] for c in criteria])
    transitions = _transitions(top, lines.of("transition"), derivations, criteria, places)
    refuse_unreachable(criteria, transitions, places)
    return tuple(criteria), transitions


def _criterion(
    table: Table, number: int, lines: list[int], derivations: Derivations, places: dict[str, Place]
) -> Criterion:
    contents = table.tables("part")
    if len(lines) != len(contents) or not contents:
        raise table.place.error("missing", "a criterion needs parts, each under a line [[criterion.part]]")
    at = [Place(table.place.origin, line, table.place.name) for line in lines]
    parts = [_part(content, number, place, derivations) for content, place in zip(contents, at, strict=True)]
    criterion = Criterion(
        number=number,
        key=table.identifier("key"),
        clause=table.text("clause"),
        title=table.text("title"),
        text=table.text("text"),
        veto=table.flag("veto"),
        basis=table.optional_text("basis"),
        parts=tuple(parts),
    )
    table.close()
    for part, place in zip(parts, at, strict=True):
        if criterion.veto and part.kind != "hard":
            raise place.error("malformed", "a veto has hard parts only: it can be neither excused nor judged away")
        places[part.id] = Place(place.origin, place.line, f"{place.name}, part {part.key}")
    _refuse_repeated((part.key for part in parts), at)
    return criterion


def _part(content: Mapping[str, object], number: int, place: Place, derivations: Derivations) -> Part:
    table = Table(content, place)
    key = table.identifier("key")
    table.place = place = Place(place.origin, place.line, f"{place.name}, part {key}")
    kind, test = cast("PartKind", table.choice("kind", get_args(PartKind))), table.optional_text("test")
    if test is None and kind != "judgement":
        raise place.error("missing", "`test` is missing; only a judgement may go without")
    compiled = None if test is None else _compile(test, place, derivations)
    part = Part(
        id=f"{number}.{key}",
        key=key,
        title=table.text("title"),
        kind=kind,
        test=test,
        basis=table.optional_text("basis"),
        condition=None if compiled is None else compiled.condition,
        sql=None if compiled is None else compiled.sql,
        settings=() if compiled is None else compiled.settings,
    )
    table.close()
    return part


def _compile(test: str, place: Place, derivations: Derivations) -> _Compiled:
    names = derivations.names()
    try:
        condition = parse_condition(test, catalogue(), names)
        return _Compiled(condition, to_sql(condition, POLARS), tuple(names.used))
    except ExpressionError as error:
        raise place.error(error.code, error.message) from None


def _transitions(
    top: Table, lines: list[int], derivations: Derivations, criteria: list[Criterion], places: dict[str, Place]
) -> tuple[Transition, ...]:
    contents = top.tables("transition")
    if len(lines) != len(contents):
        raise top.place.error("malformed", "transitional clauses are written under lines [[transition]]")
    parts = {part.id for criterion in criteria for part in criterion.parts}
    at = [Place(top.place.origin, line, "transition") for line in lines]
    transitions = [_transition(Table(c, place), derivations, parts) for c, place in zip(contents, at, strict=True)]
    places.update({f"transition {one.key}": place for one, place in zip(transitions, at, strict=True)})
    _refuse_repeated((one.key for one in transitions), at)
    refuse_overlaps(transitions, at)
    return tuple(transitions)


def _transition(table: Table, derivations: Derivations, parts: set[str]) -> Transition:
    key, part, test = table.identifier("key"), table.text("part"), table.text("test")
    table.place = place = Place(table.place.origin, table.place.line, f"transition {key}")
    if part not in parts:
        raise place.error("unknown_part", f"no part has the id `{part}`")
    first, last = period(table)
    compiled = _compile(test, place, derivations)
    transition = Transition(
        key=key,
        clause=table.text("clause"),
        title=table.text("title"),
        text=table.text("text"),
        basis=table.text("basis"),
        part=part,
        first=first,
        last=last,
        test=test,
        condition=compiled.condition,
        sql=compiled.sql,
        settings=compiled.settings,
    )
    table.close()
    return transition


def _refuse_repeated(keys: Iterable[str], places: Iterable[Place]) -> None:
    seen: set[str] = set()
    for key, place in zip(keys, places, strict=True):
        if key in seen:
            raise place.error("duplicate", f"the key `{key}` is used twice")
        seen.add(key)
