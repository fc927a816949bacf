"""Load rulebooks from TOML, refusing whatever is incomplete, unknown, ill-typed or unsafe, with file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import cast, get_args

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.errors import ExpressionError, RulebookError
from services.evaluation.rulebooks.expressions import parse_condition
from services.evaluation.rulebooks.normal_form import POLARS, to_sql
from services.evaluation.rulebooks.rulebook import (
    Criterion,
    Direction,
    Parameter,
    Part,
    PartKind,
    RankingIndicator,
    Rulebook,
)
from services.evaluation.rulebooks.scoring_section import load_reserves, load_scoring
from services.evaluation.rulebooks.tables import Place, Table, content_digest

_RULEBOOK_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_CRITERION_HEADER = re.compile(r"^\s*\[\[\s*criterion\s*\]\]")


def load_rulebook(text: str, *, origin: str) -> Rulebook:
    """The rulebook written in `text`; `origin` names its file in messages. Raises RulebookError."""
    top = Table(_parse(text, origin), Place(origin, 1, "rulebook"))
    identifier = top.text("id")
    if not _RULEBOOK_ID.fullmatch(identifier):
        raise top.place.error("malformed", f"`id` must match {_RULEBOOK_ID.pattern}")
    effective_from, effective_to = _period(top)
    rulebook = Rulebook(
        id=identifier,
        title=top.text("title"),
        source_document=top.text("source_document"),
        effective_from=effective_from,
        effective_to=effective_to,
        criteria=_criteria(top, _criterion_lines(text)),
        ranking=tuple(_indicator(table, top.place) for table in top.tables("ranking")),
        parameters=_parameters(top),
        digest=content_digest(top.content, top.place),
        scoring=load_scoring(top, text),
        reserves=load_reserves(top, text),
    )
    top.close()
    return rulebook


def load_rulebooks(directory: Traversable) -> Mapping[str, Rulebook]:
    """Every *.toml of a folder, by id; each file is named after its id. Raises RulebookError."""
    found: dict[str, Rulebook] = {}
    for file in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        rulebook = load_rulebook(file.read_text(encoding="utf-8"), origin=file.name)
        if file.name != f"{rulebook.id}.toml":
            raise RulebookError("malformed", f"the file must be named {rulebook.id}.toml", file.name, 1)
        found[rulebook.id] = rulebook
    return MappingProxyType(found)


def rulebook_by_id(directory: Traversable, rulebook_id: str) -> Rulebook:
    """One rulebook of a folder. Raises RulebookError, `unknown_rulebook` when there is none of that id."""
    file = directory / f"{rulebook_id}.toml"
    if not _RULEBOOK_ID.fullmatch(rulebook_id) or not file.is_file():
        raise RulebookError("unknown_rulebook", f"no rulebook is called {rulebook_id!r}", str(directory), 1)
    return load_rulebook(file.read_text(encoding="utf-8"), origin=file.name)


def _parse(text: str, origin: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else len(text.splitlines())
        raise RulebookError("not_toml", str(error), origin, line) from None


def _criterion_lines(text: str) -> list[int]:
    """Line numbers of the [[criterion]] headers, which tomllib does not keep."""
    return [number for number, line in enumerate(text.split("\n"), 1) if _CRITERION_HEADER.match(line)]


def _period(top: Table) -> tuple[date, date | None]:
    first, last = top.optional_date("effective_from"), top.optional_date("effective_to")
    if first is None:
        raise top.place.error("missing", "`effective_from` is missing")
    if last is not None and last < first:
        raise top.place.error("malformed", "`effective_to` lies before `effective_from`")
    return first, last


def _criteria(top: Table, lines: list[int]) -> tuple[Criterion, ...]:
    tables = top.tables("criterion")
    if not tables or len(lines) != len(tables):
        raise top.place.error("missing", "a rulebook needs criteria, each under a line [[criterion]]")
    criteria: list[Criterion] = []
    for position, (content, line) in enumerate(zip(tables, lines, strict=True), 1):
        table = Table(content, Place(top.place.origin, line, f"criterion {position}"))
        if (number := table.whole("number")) != position:
            raise table.place.error("numbering", f"`number` is {number}; criteria are numbered 1, 2, 3 in order")
        criteria.append(_criterion(table, number))
    _refuse_repeated((criterion.key for criterion in criteria), top.place)
    return tuple(criteria)


def _criterion(table: Table, number: int) -> Criterion:
    criterion = Criterion(
        number=number,
        key=table.identifier("key"),
        clause=table.text("clause"),
        title=table.text("title"),
        text=table.text("text"),
        veto=table.flag("veto"),
        basis=table.optional_text("basis"),
        parts=tuple(_part(content, number, table.place) for content in table.tables("part")),
    )
    table.close()
    if not criterion.parts:
        raise table.place.error("missing", "a criterion needs at least one [[criterion.part]]")
    if criterion.veto and any(part.kind != "hard" for part in criterion.parts):
        raise table.place.error("malformed", "a veto has hard parts only: it can be neither excused nor judged away")
    _refuse_repeated((part.key for part in criterion.parts), table.place)
    return criterion


def _part(content: Mapping[str, object], number: int, place: Place) -> Part:
    table = Table(content, place)
    key = table.identifier("key")
    table.place = place = Place(place.origin, place.line, f"{place.name}, part {key}")
    kind, test = cast("PartKind", table.choice("kind", get_args(PartKind))), table.optional_text("test")
    if test is None and kind != "judgement":
        raise place.error("missing", "`test` is missing; only a judgement may go without")
    condition, sql = (None, None) if test is None else _compile(test, place)
    part = Part(
        id=f"{number}.{key}",
        key=key,
        title=table.text("title"),
        kind=kind,
        test=test,
        basis=table.optional_text("basis"),
        condition=condition,
        sql=sql,
    )
    table.close()
    return part


def _compile(test: str, place: Place) -> tuple[Condition, str]:
    try:
        condition = parse_condition(test, catalogue())
        return condition, to_sql(condition, POLARS)
    except ExpressionError as error:
        raise place.error(error.code, error.message) from None


def _indicator(content: Mapping[str, object], place: Place) -> RankingIndicator:
    table = Table(content, Place(place.origin, place.line, "ranking"))
    indicator = RankingIndicator(
        title=table.text("title"),
        numerator=table.text("numerator"),
        denominator=table.optional_text("denominator"),
        direction=cast("Direction", table.choice("direction", get_args(Direction))),
        basis=table.text("basis"),
    )
    table.close()
    known = catalogue()
    for name in filter(None, (indicator.numerator, indicator.denominator)):
        if name not in known:
            raise table.place.error("unknown_fact", f"no fact is called `{name}`")
        if not known[name].is_number:
            raise table.place.error("type_mismatch", f"{name} is {known[name].type}, not a number")
    return indicator


def _parameters(top: Table) -> Mapping[str, Parameter]:
    content: object = top.raw("parameters") or {}
    if not isinstance(content, dict):
        raise top.place.error("malformed", "`parameters` must be written [parameters.<name>]")
    found: dict[str, Parameter] = {}
    for name, entry in cast("dict[str, object]", content).items():
        place = Place(top.place.origin, 1, f"parameters.{name}")
        if not isinstance(entry, dict):
            raise place.error("malformed", f"must be written [parameters.{name}] with `value` and `basis`")
        table = Table(cast("dict[str, object]", entry), place)
        value = table.raw("value")
        if not isinstance(value, str | int):
            raise place.error("malformed", "`value` must be a text, a whole number or true/false")
        found[name] = Parameter(value, table.text("basis"))
        table.close()
    return MappingProxyType(found)


def _refuse_repeated(keys: Iterable[str], place: Place) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise place.error("duplicate", f"the key `{key}` is used twice")
        seen.add(key)
