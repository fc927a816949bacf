"""A condition in Chinese without anybody's figures: what is asked, as a person would write it."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from services.evaluation.rulebooks.catalogue import Fact, catalogue
from services.evaluation.rulebooks.conditions import AllOf, AnyOf, Comparison, Condition, Flag, Operator
from services.evaluation.rulebooks.linear import Atom, Linear
from services.evaluation.rulebooks.wording import decimal, quantity

_WORDS: Mapping[Operator, str] = {
    ">=": "不低于",
    ">": "高于",
    "<=": "不高于",
    "<": "低于",
    "=": "等于",
    "<>": "不等于",
}


def in_words(condition: Condition, facts: Mapping[str, Fact] | None = None, *, inside: bool = False) -> str:
    """Such as: 研发投入 不低于 营业收入 的 10%，或 研发投入 不低于 500.00 万元. `facts` are the catalogue's if not given."""
    facts = catalogue() if facts is None else facts
    if isinstance(condition, AllOf | AnyOf):
        joined = ("，且 " if isinstance(condition, AllOf) else "，或 ").join(
            in_words(member, facts, inside=True) for member in condition.members
        )
        return f"（{joined}）" if inside else joined
    if isinstance(condition, Comparison):
        return f"{linear_in_words(condition.left)} {_WORDS[condition.operator]} {linear_in_words(condition.right)}"
    fact = facts[condition.fact]
    if isinstance(condition, Flag):
        return fact.title if condition.wanted else fact.no
    options = "、".join(fact.options[option] for option in condition.options)
    return f"{fact.title} {'属于' if condition.wanted else '不属于'} {options}"


def linear_in_words(side: Linear) -> str:
    """A sum of facts and shares of facts; 分 as 万元."""
    told = [_term(atom, coefficient) for atom, coefficient in side.terms.items()]
    if side.constant or not told:
        told.append(quantity(side.constant, side.dimension))
    return " 加 ".join(told)


def _term(atom: Atom, coefficient: Fraction) -> str:
    titles = " 与 ".join(catalogue()[fact].title for fact in atom.facts)
    named = f"（{titles} 之和）" if atom.added else titles
    return named if coefficient == 1 else f"{named} 的 {decimal(coefficient * 100)}%"
