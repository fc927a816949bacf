"""Reads a rulebook's criteria, their parts and the transitional clauses; each fault is told where it stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, cast, get_args

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from services.evaluation.rulebooks.rulebook import Criterion, Part, PartKind, Transition
from services.evaluation.rulebooks.tables import Place, Table, nearest_of, or_rather
from services.evaluation.rulebooks.transitions import period, refuse_overlaps


@dataclass(slots=True)
class Criteria:
    """What was read. `places` are those of parts by id, and of "transition <key>"; `used` is what tests looked up."""

    criteria: list[Criterion] = field(default_factory=list[Criterion])
    transitions: list[Transition] = field(default_factory=list[Transition])
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    used: set[str] = field(default_factory=set[str])


class _Compiled(NamedTuple):
    condition: Condition
    sql: str
    settings: tuple[str, ...]


def read_criteria(top: Table, derivations: Derivations) -> Criteria:
    """All criteria in order, and the transitional clauses about their parts. A test at fault leaves its part without."""
    read = Criteria()
    tables = top.inner("criterion", "criterion", "第{}条")
    if not tables and not top.content.get("criterion"):
        top.place.tell("missing", "a rulebook needs criteria, under [[criterion]]", "没有标准：须有 [[criterion]]")
    for position, table in enumerate(tables, 1):
        number = table.whole("number")
        if number != position and type(table.content.get("number")) is int:
            table.place.tell(
                "numbering",
                f"`number` is {number}; criteria are numbered 1, 2, 3 in order",
                f"`number` 为 {number}，标准须从 1 起依次编号",
                key="number",
            )
        read.criteria.append(_criterion(table, position, derivations, read))
    _tell_repeated((one.key for one in read.criteria), [table.place for table in tables])
    _read_transitions(top, derivations, read)
    return read


def _criterion(table: Table, number: int, derivations: Derivations, read: Criteria) -> Criterion:
    tables = table.inner("part", table.place.name + ", part", table.place.zh + "第 {} 项")
    if not tables and not table.content.get("part"):
        table.place.tell(
            "missing", "a criterion needs parts, under [[criterion.part]]", "没有要求：须有 [[criterion.part]]"
        )
    parts = [_part(one, number, derivations, read) for one in tables]
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
    for one in tables:
        if criterion.veto and one.content.get("kind") in ("in_principle", "judgement"):
            one.place.tell(
                "malformed",
                "a veto has hard parts only: it can be neither excused nor judged away",
                "一票否决的标准只能有硬性（hard）要求，不能偏离，也不能由人工认定",
                key="kind",
            )
    _tell_repeated((part.key for part in parts), [one.place for one in tables])
    return criterion


def _part(table: Table, number: int, derivations: Derivations, read: Criteria) -> Part:
    key = table.identifier("key")
    if key:
        criterion, chinese = table.place.name.partition(",")[0], f"第{number}条“{key}”项"
        table.place = replace(table.place, name=f"{criterion}, part {key}", zh=chinese)
    kind = cast("PartKind", table.choice("kind", get_args(PartKind)))
    test = table.optional_text("test")
    if "test" not in table.content and kind != "judgement":
        table.require("test")
    compiled = None if test is None else _compile(table, test, derivations, read)
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
    read.places.setdefault(part.id, table.place)
    return part


def _compile(table: Table, test: str, derivations: Derivations, read: Criteria) -> _Compiled | None:
    names = derivations.names()
    try:
        condition = parse_condition(test, catalogue(), names)
        return _Compiled(condition, to_sql(condition, POLARS), tuple(names.used))
    except ExpressionError as error:
        table.place.tell_expression(error, "test")
        return None
    finally:
        read.used.update(names.used)


def _read_transitions(top: Table, derivations: Derivations, read: Criteria) -> None:
    tables = top.inner("transition", "transition", "过渡条款 {}")
    parts = {part.id for criterion in read.criteria for part in criterion.parts}
    sound: list[Place] = []
    for table in tables:
        transition = _transition(table, derivations, parts, read)
        if transition is not None:
            read.transitions.append(transition)
            read.places[f"transition {transition.key}"] = table.place
            sound.append(table.place)
    _tell_repeated((str(table.content.get("key")) for table in tables), [table.place for table in tables])
    refuse_overlaps(read.transitions, sound)


def _transition(table: Table, derivations: Derivations, parts: set[str], read: Criteria) -> Transition | None:
    key, part, test = table.identifier("key"), table.text("part"), table.text("test")
    if key:
        table.place = replace(table.place, name=f"transition {key}", zh=f"过渡条款“{key}”")
    if part and part not in parts:
        english, chinese = or_rather(nearest_of(part, parts))
        table.place.tell(
            "unknown_part", f"no part has the id `{part}`{english}", f"没有编号为 `{part}` 的要求{chinese}", key="part"
        )
    first, last = period(table)
    compiled = _compile(table, test, derivations, read) if test else None
    clause, title, text, basis = (table.text(one) for one in ("clause", "title", "text", "basis"))
    table.close()
    if compiled is None:
        return None
    return Transition(
        key=key,
        clause=clause,
        title=title,
        text=text,
        basis=basis,
        part=part,
        first=first,
        last=last,
        test=test,
        condition=compiled.condition,
        sql=compiled.sql,
        settings=compiled.settings,
    )


def _tell_repeated(keys: Iterable[str], places: Iterable[Place]) -> None:
    seen: set[str] = set()
    for key, place in zip(keys, places, strict=True):
        if key and key in seen:
            place.tell("duplicate", f"the key `{key}` is used twice", f"键 `{key}` 用了两次", key="key")
        seen.add(key)
