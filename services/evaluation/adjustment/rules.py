"""The rules of dynamic adjustment as data (plan 二(六)12): loaded from the province's file, every number with its basis."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Literal, TypeAlias, cast

from services.evaluation.adjustment.rule_sections import (
    Effect,
    Grouping,
    IncidentRule,
    ProgressRule,
    Reminder,
    Track,
    read_groupings,
    read_incidents,
    read_progress,
    read_reminders,
    read_tracks,
)
from services.evaluation.adjustment.rule_settings import Settings
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.rulebooks.headers import headers
from services.evaluation.rulebooks.parameters import Parameter, read_parameters
from services.evaluation.rulebooks.tables import Place, Table, content_digest
from shared.reference.province import province

RateNeeds: TypeAlias = Literal["points", "relative", "either", "both"]
StallFrom: TypeAlias = Literal["admission", "last_progress"]
_RULES_ID = re.compile(r"[a-z0-9][a-z0-9-]*")
_VALUE = re.compile(r"[ \t]*value[ \t]*=")


@dataclass(frozen=True, slots=True)
class Graduation:
    """出库, 二(六)12(1). `rate_points` in percentage points, the other shares in percent, all "at least"."""

    clause: str
    text: str
    grouping: Grouping
    groupings: tuple[Grouping, ...]
    rate_points: Fraction
    rate_relative_percent: Fraction
    rate_needs: RateNeeds
    new_products: int
    sales_growth_percent: Fraction
    profit_growth_percent: Fraction
    tracks: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Exit:
    """退库, 二(六)12(3). `incidents` of immediate effect come first."""

    clause: str
    text: str
    stall_months: int
    stall_from: StallFrom
    stall_effect: Effect
    reply_working_days: int
    progress: tuple[ProgressRule, ...]
    incidents: tuple[IncidentRule, ...]


@dataclass(frozen=True, slots=True)
class Rolling:
    """滚动培育, 二(六)12(2). `credit_valid_months` None: credits do not expire; without carry-over they end with the year."""

    clause: str
    text: str
    credits_per_graduate: int
    credit_valid_months: int | None
    credits_carry_over: bool


@dataclass(frozen=True, slots=True)
class Radar:
    """停滞预警: reminders in order of months."""

    reminders: tuple[Reminder, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """One file of rules. `text` is its TOML, `digest` that of its content; `parameters` hold each value and its basis."""

    id: str
    title: str
    source_document: str
    effective_from: date
    digest: str
    text: str
    parameters: Mapping[str, Parameter]
    graduation: Graduation
    exit: Exit
    rolling: Rolling
    radar: Radar

    def changed(self, **numbers: str | int | bool) -> Rules:
        """The same rules with other values of parameters, for asking 'what if'; another value gives another digest.

        Raises RulebookError as loading does, `unknown_parameter` for a name that is none.
        """
        text = self.text
        for name, value in numbers.items():
            if name not in self.parameters:
                raise RulebookError("unknown_parameter", f"no parameter is called {name!r}", self.id, 1)
            text = _with_value(text, name, value, self.id)
        return load_rules(text, origin=self.id)


def _with_value(text: str, name: str, value: str | int | bool, origin: str) -> str:
    """The text with another value under [parameters.<name>]; what else stands in it stays as it is."""
    written = text.split("\n")
    line = headers(text).named("parameters").get(name)
    at = next((at for at in range(line or len(written), len(written)) if _VALUE.match(written[at])), None)
    if at is None:
        raise RulebookError(
            "malformed", f"{name}: only a `value` on a line of its own can be changed", origin, line or 1
        )
    written[at] = f"value = {json.dumps(value, ensure_ascii=False)}"
    return "\n".join(written)


def load_rules(text: str, *, origin: str) -> Rules:
    """The rules written in `text`; `origin` names the file in messages. Raises RulebookError with file and line."""
    top = Table(_parse(text, origin), Place(origin, 1, "rules"))
    lines = headers(text)
    parameter_lines = lines.named("parameters")
    identifier, effective_from = top.text("id"), top.optional_date("effective_from")
    if not _RULES_ID.fullmatch(identifier):
        raise top.place.error("malformed", f"`id` must match {_RULES_ID.pattern}")
    if effective_from is None:
        raise top.place.error("missing", "`effective_from` is missing")
    parameters = read_parameters(top, parameter_lines)
    settings = Settings(parameters, parameter_lines, top.place)
    sections = {header.name: header.line for header in lines.found if not header.repeated}
    groupings = read_groupings(top, lines)
    leaving = Exit(
        *_clause(top, "exit", sections),
        stall_months=settings.whole("stall_months"),
        stall_from=cast("StallFrom", settings.choice("stall_from")),
        stall_effect=cast("Effect", settings.choice("stall_effect")),
        reply_working_days=settings.whole("reply_working_days"),
        progress=read_progress(top, lines),
        incidents=read_incidents(top, lines),
    )
    rules = Rules(
        id=identifier,
        title=top.text("title"),
        source_document=top.text("source_document"),
        effective_from=effective_from,
        digest=content_digest(top.content, top.place),
        text=text,
        parameters=parameters,
        graduation=Graduation(
            *_clause(top, "graduation", sections),
            grouping=_chosen(settings, groupings),
            groupings=groupings,
            rate_points=settings.percent("rate_points"),
            rate_relative_percent=settings.percent("rate_relative_percent"),
            rate_needs=cast("RateNeeds", settings.choice("rate_needs")),
            new_products=settings.whole("new_products"),
            sales_growth_percent=settings.percent("sales_growth_percent"),
            profit_growth_percent=settings.percent("profit_growth_percent"),
            tracks=read_tracks(top, lines),
        ),
        exit=leaving,
        rolling=Rolling(
            *_clause(top, "rolling", sections),
            credits_per_graduate=settings.whole("credits_per_graduate"),
            credit_valid_months=settings.whole_or_never("credit_valid_months"),
            credits_carry_over=settings.flag("credits_carry_over"),
        ),
        radar=Radar(read_reminders(top, lines)),
    )
    top.close()
    return rules


@cache
def provincial_rules() -> tuple[Rules, ...]:
    """The rules in the province's data folder, by the day from which they apply. Raises RulebookError."""
    found: list[Rules] = []
    for file in sorted(province().adjustments.glob("*.toml")):
        rules = load_rules(file.read_text(encoding="utf-8"), origin=file.name)
        if file.name != f"{rules.id}.toml":
            raise RulebookError("malformed", f"the file must be named {rules.id}.toml", file.name, 1)
        found.append(rules)
    return tuple(sorted(found, key=lambda one: (one.effective_from, one.id)))


def rules_in_force(on: date) -> Rules:
    """The province's rules that apply on a day: the latest begun. LookupError where none has."""
    begun = [rules for rules in provincial_rules() if rules.effective_from <= on]
    if not begun:
        raise LookupError(f"no rules of adjustment apply on {on}")
    return begun[-1]


def _parse(text: str, origin: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"at line (\d+)", str(error))
        raise RulebookError("not_toml", str(error), origin, int(at[1]) if at else len(text.splitlines()) or 1) from None


def _clause(top: Table, name: str, lines: Mapping[str, int]) -> tuple[str, str]:
    """Number and words of a clause."""
    content = top.raw(name)
    place = Place(top.place.origin, lines.get(name, 1), name)
    if not isinstance(content, dict):
        raise place.error("missing", f"[{name}] with `clause` and `text` is missing")
    table = Table(cast("dict[str, object]", content), place)
    clause = table.text("clause"), table.text("text")
    table.close()
    return clause


def _chosen(settings: Settings, groupings: tuple[Grouping, ...]) -> Grouping:
    key = settings.text("grouping")
    for grouping in groupings:
        if grouping.key == key:
            return grouping
    raise settings.error("grouping", "unknown_option", f"no [[grouping]] has the key {key!r}")
