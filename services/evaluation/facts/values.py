"""Values of facts at the door: 元 as decimal text outside, 分 inside; anything but the fact's own type is refused."""

from __future__ import annotations

import re
from typing import Any

from services.evaluation.facts.errors import FACT_VALUE
from services.evaluation.rulebooks.catalogue import FACT_LIMIT, Fact, FactValue
from shared.errors import Violation
from shared.models.evaluation import FactStatement

_YUAN = re.compile(r"(\d{1,14})(?:\.(\d{1,2}))?", re.ASCII)
_WANTED = {
    "boolean": ("true 或 false", "true or false"),
    "integer": ("不小于 0 的整数", "a whole number, not negative"),
    "money": ("以元为单位的十进制文本，例“1200.50”", 'yuan as decimal text such as "1200.50"'),
}


def read_value(fact: Fact, given: object) -> FactValue:
    """`given` as the fact is judged; None stays None. ValueError where it is not of the fact's type and range."""
    if given is None:
        return None
    value = _fen(given) if fact.type == "money" else given
    wanted = {"boolean": bool, "integer": int, "money": int, "text": str}[fact.type]
    if type(value) is not wanted or (fact.options and value not in fact.options):
        raise ValueError(fact.name)
    if fact.is_number and not 0 <= int(value) <= FACT_LIMIT:
        raise ValueError(fact.name)
    return value


def _fen(given: object) -> int | None:
    match = _YUAN.fullmatch(given) if isinstance(given, str) else None
    return None if match is None else int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def shown_value(fact: Fact, value: FactValue) -> FactValue:
    """`value` as the API shows it: money as 元 in decimal text."""
    if fact.type != "money" or value is None:
        return value
    yuan, fen = divmod(int(value), 100)
    return f"{yuan}.{fen:02d}"


def value_violation(fact: Fact, pointer: str) -> Violation:
    """What is wrong, and what it should be."""
    chinese, english = _WANTED.get(fact.type, ("、".join(fact.options), ", ".join(fact.options)))
    return Violation(
        FACT_VALUE.code, f"{fact.title}应为：{chinese}", f"{fact.name} should be {english}", pointer=pointer
    )


def columns_of(fact: Fact, value: FactValue) -> dict[str, Any]:
    """The columns that hold a value: a row's flag, number or choice; none of them where it is not known."""
    column = "flag" if fact.type == "boolean" else "number" if fact.is_number else "choice"
    return {column: value}


def value_of(row: FactStatement) -> FactValue:
    """What a row says; None where it is not known."""
    return next((value for value in (row.flag, row.number, row.choice) if value is not None), None)
