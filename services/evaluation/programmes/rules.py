"""The rules of the province's lists, read as rulebook expressions and refused with file and line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from services.evaluation.programmes.state_facts import rule_facts
from services.evaluation.rulebooks.conditions import AllOf, Condition, Flag, facts_of
from services.evaluation.rulebooks.errors import ExpressionError
from services.evaluation.rulebooks.expressions import parse_condition
from shared.models.evaluation import END_REASONS
from shared.reference.programmes import ListProgrammeData, ProgrammeError, ProgrammesData
from shared.reference.province import province


@dataclass(frozen=True, slots=True)
class ProgrammeRule:
    """A list with what it asks: the rule, and the consent where one is needed."""

    data: ListProgrammeData
    condition: Condition


def read_rules(data: ProgrammesData) -> Mapping[str, ProgrammeRule]:
    """By code of the list. ProgrammeError, with the line of its table, for a rule that must not be used."""
    if unknown := set(data.recall_reasons) - set(END_REASONS):
        raise ProgrammeError(f"[recall] no stay ends for {', '.join(sorted(unknown))}", data.origin, 1)
    return MappingProxyType({one.code: ProgrammeRule(one, _condition(one, data.origin)) for one in data.programmes})


@cache
def programme_rules() -> Mapping[str, ProgrammeRule]:
    """Those of the province that this process serves."""
    return read_rules(province().programmes)


def _condition(one: ListProgrammeData, origin: str) -> Condition:
    try:
        asked = parse_condition(one.rule, rule_facts())
    except ExpressionError as error:
        raise ProgrammeError(f"`rule` of {one.code}: {error}", origin, one.line) from None
    if "consent" in facts_of(asked):
        raise ProgrammeError(f"`rule` of {one.code}: consent is asked for by `consent`", origin, one.line)
    # What a list of the pool shows are members; its rule says no more than that.
    if one.origin == "pool" and asked != Flag("in_pool", wanted=True):
        raise ProgrammeError(f"`rule` of {one.code}: a list of the pool asks `in_pool` alone", origin, one.line)
    if one.consent is None:
        return asked
    parts = asked.members if isinstance(asked, AllOf) else (asked,)
    return AllOf((*parts, Flag("consent", wanted=True)))
