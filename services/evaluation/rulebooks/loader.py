"""Load rulebooks from TOML, refusing whatever is incomplete, unknown, ill-typed, unsafe or idle, with file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import cast

from services.evaluation.rulebooks.catalogue import catalogue
from services.evaluation.rulebooks.criteria import read_criteria
from services.evaluation.rulebooks.derivations import Derivations
from services.evaluation.rulebooks.drafts import Draft
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.idle import tell_idle
from services.evaluation.rulebooks.parameters import read_parameters
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.rulebooks.scoring_section import load_ranking, load_reserves, load_scoring
from services.evaluation.rulebooks.tables import Place, Table, content_digest
from services.evaluation.rulebooks.unreachable import tell_unreachable

_RULEBOOK_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_AT = re.compile(r"at line (\d+), column (\d+)")


def load_rulebook(text: str, *, origin: str) -> Rulebook:
    """The rulebook written in `text`; `origin` names its file in messages.

    Raises RulebookError with all faults of the file. Not told are those behind another one: whatever else is wrong
    with a file that is no TOML, with an expression beyond its first fault, and with what builds on a part at fault.
    """
    return _loaded(text, origin, recorded=False)


def load_recorded(text: str, *, origin: str) -> Rulebook:
    """`load_rulebook` for a text that has judged already: parts of it without any effect are let through.

    They were let through once, and its receipts must replay for ever.
    """
    return _loaded(text, origin, recorded=True)


def load_rulebooks(directory: Traversable) -> Mapping[str, Rulebook]:
    """Every *.toml of a folder, by id; each file is named after its id. Raises RulebookError."""
    found: dict[str, Rulebook] = {}
    for file in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        rulebook = load_rulebook(file.read_text(encoding="utf-8"), origin=file.name)
        if file.name != f"{rulebook.id}.toml":
            expected = f"{rulebook.id}.toml"
            raise RulebookError(
                "malformed", f"the file must be named {expected}", file.name, 1, zh=f"文件须名为 {expected}"
            )
        found[rulebook.id] = rulebook
    return MappingProxyType(found)


def rulebook_by_id(directory: Traversable, rulebook_id: str) -> Rulebook:
    """One rulebook of a folder. Raises RulebookError, `unknown_rulebook` when there is none of that id."""
    file = directory / f"{rulebook_id}.toml"
    if not _RULEBOOK_ID.fullmatch(rulebook_id) or not file.is_file():
        raise RulebookError(
            "unknown_rulebook",
            f"no rulebook is called {rulebook_id!r}",
            str(directory),
            1,
            zh=f"没有名为 {rulebook_id!r} 的规则书",
        )
    return load_rulebook(file.read_text(encoding="utf-8"), origin=file.name)


def _loaded(text: str, origin: str, *, recorded: bool) -> Rulebook:
    content, draft = _parse(text, origin), Draft(text, origin)
    top = Table(content, Place(origin, 1, "rulebook", "规则书", (), draft))
    identifier = top.text("id")
    if identifier and not _RULEBOOK_ID.fullmatch(identifier):
        english, chinese = f"`id` must match {_RULEBOOK_ID.pattern}", "`id` 只能用小写字母、数字和连字符"
        top.place.tell("malformed", english, chinese, key="id")
    effective_from, effective_to = _period(top)
    parameters = read_parameters(top)
    faulty = _names(top.content.get("parameters")) - parameters.keys()
    derivations = Derivations(top, catalogue(), parameters, faulty)
    read = read_criteria(top, derivations)
    ranking, scoring = load_ranking(top, derivations), load_scoring(top, derivations)
    rulebook = Rulebook(
        id=identifier,
        title=top.text("title"),
        source_document=top.text("source_document"),
        effective_from=effective_from,
        effective_to=effective_to,
        criteria=tuple(read.criteria),
        ranking=ranking,
        parameters=parameters,
        digest=_digest(top, draft),
        scoring=scoring,
        reserves=load_reserves(top),
        derivations=tuple(derivations),
        transitions=tuple(read.transitions),
    )
    top.close()
    told = tell_unreachable(read)
    if not recorded:
        tell_idle(top, rulebook, read, derivations, told)
    draft.refuse()
    return rulebook


def _parse(text: str, origin: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT.search(str(error))
        line, column = (int(at[1]), int(at[2])) if at else (len(text.splitlines()) or 1, 1)
        raise RulebookError(
            "not_toml", str(error), origin, line, zh=f"不是有效的 TOML：{error}", column=column
        ) from None


def _period(top: Table) -> tuple[date, date | None]:
    first, last = top.optional_date("effective_from"), top.optional_date("effective_to")
    top.require("effective_from")
    if first is not None and last is not None and last < first:
        top.place.tell(
            "malformed",
            "`effective_to` lies before `effective_from`",
            "`effective_to` 早于 `effective_from`",
            key="effective_to",
        )
    return first or date.min, last


def _digest(top: Table, draft: Draft) -> str:
    with draft.catching():
        return content_digest(top.content, top.place)
    return ""


def _names(tables: object) -> set[str]:
    return set(cast("dict[str, object]", tables)) if isinstance(tables, dict) else set()
