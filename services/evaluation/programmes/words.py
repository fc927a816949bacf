"""What a rule asks, in Chinese."""

from __future__ import annotations

from services.evaluation.programmes.state_facts import rule_facts
from services.evaluation.rulebooks.conditions import AllOf, AnyOf, Comparison, Condition, Flag, Membership
from services.evaluation.rulebooks.phrases import in_words


def rule_in_words(condition: Condition, *, inside: bool = False) -> str:
    """Such as: 在库，且没有“有待决的退库告知”，且有可质押的专利."""
    if isinstance(condition, AllOf | AnyOf):
        joint = "，且" if isinstance(condition, AllOf) else "，或"
        told = joint.join(rule_in_words(member, inside=True) for member in condition.members)
        return f"（{told}）" if inside else told
    # Numbers are catalogued facts only, which the rulebook's own words tell.
    if isinstance(condition, Comparison):
        return in_words(condition)
    fact = rule_facts()[condition.fact]
    if isinstance(condition, Flag):
        return fact.title if condition.wanted else f"没有“{fact.title}”"
    return _among(condition, fact.title)


def _among(condition: Membership, title: str) -> str:
    options = rule_facts()[condition.fact].options
    told = "、".join(options[one] for one in condition.options)
    return f"{title}{'属于' if condition.wanted else '不属于'}{told}"


def title_of(fact: str) -> str:
    """A fact's title."""
    return rule_facts()[fact].title
