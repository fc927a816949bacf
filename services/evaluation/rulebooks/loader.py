"""Load rulebooks from TOML, refusing whatever is incomplete, unknown, ill-typed or unsafe, with file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import cast, get_args

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.criteria import read_criteria
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.headers import headers
from services.evaluation.rulebooks.parameters import read_parameters
from services.evaluation.rulebooks.quantities import counted_fact
from services.evaluation.rulebooks.rulebook import Direction, RankingIndicator, Rulebook
from services.evaluation.rulebooks.scoring_section import load_reserves, load_scoring
from services.evaluation.rulebooks.tables import Place, Table, content_digest

_RULEBOOK_ID = re.compile(r"[a-z0-9][a-z0-9-]*")


def load_rulebook(text: str, *, origin: str) -> Rulebook:
    """The rulebook written in `text`; `origin` names its file in messages. Raises RulebookError."""
    top = Table(_parse(text, origin), Place(origin, 1, "rulebook"))
    identifier = top.text("id")
    if not _RULEBOOK_ID.fullmatch(identifier):
        raise top.place.error("malformed", f"`id` must match {_RULEBOOK_ID.pattern}")
    effective_from, effective_to = _period(top)
    lines = headers(text)
    parameters = read_parameters(top, lines.named("parameters"))
    derivations = Derivations(top, lines.of("derivation"), catalogue(), parameters)
    criteria, transitions = read_criteria(top, lines, derivations)
    rulebook = Rulebook(
        id=identifier,
        title=top.text("title"),
        source_document=top.text("source_document"),
        effective_from=effective_from,
        effective_to=effective_to,
        criteria=criteria,
        ranking=tuple(_indicator(table, top.place, derivations) for table in top.tables("ranking")),
        parameters=parameters,
        digest=content_digest(top.content, top.place),
        scoring=load_scoring(top, text, derivations),
        reserves=load_reserves(top, text),
        derivations=tuple(derivations),
        transitions=transitions,
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


def _period(top: Table) -> tuple[date, date | None]:
    first, last = top.optional_date("effective_from"), top.optional_date("effective_to")
    if first is None:
        raise top.place.error("missing", "`effective_from` is missing")
    if last is not None and last < first:
        raise top.place.error("malformed", "`effective_to` lies before `effective_from`")
    return first, last


def _indicator(content: Mapping[str, object], place: Place, derivations: Derivations) -> RankingIndicator:
    table = Table(content, Place(place.origin, place.line, "ranking"))
    denominator = table.optional_text("denominator")
    indicator = RankingIndicator(
        title=table.text("title"),
        numerator=counted_fact(table, table.text("numerator"), derivations),
        denominator=None if denominator is None else counted_fact(table, denominator, derivations),
        direction=cast("Direction", table.choice("direction", get_args(Direction))),
        basis=table.text("basis"),
    )
    table.close()
    return indicator
