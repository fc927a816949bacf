"""Refuses parts that cannot matter: never met, never failed, implied by their neighbours, or at odds with the rest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.criteria import Criteria
from services.evaluation.rulebooks.reachability import Demand, possible
from services.evaluation.rulebooks.rulebook import Criterion, Part
from services.evaluation.rulebooks.tables import Place


def tell_unreachable(read: Criteria) -> set[str]:
    """Tells `never_met`, `never_fails`, `implied` and `contradiction`, each part once; only where it is certain.

    Returns the keys (as in `read.places`) of what was told.
    """
    conditions = {part.id: part.condition for criterion in read.criteria for part in criterion.parts}
    conditions |= {f"transition {one.key}": one.condition for one in read.transitions}
    told = {
        key for key, condition in conditions.items() if condition is not None and _decided(condition, read.places[key])
    }
    for criterion in read.criteria:
        # Of two parts that ask the same, the later is told.
        for part in reversed(criterion.parts):
            if part.id not in told and _is_implied(part, criterion, told, read.places[part.id]):
                told.add(part.id)
    return told | _contradictions(read.criteria, told, read.places)


def _decided(condition: Condition, place: Place) -> bool:
    if not possible([(condition, "true")]):
        place.tell("never_met", "no facts can meet this test", "任何数据都不能符合此项", key="test")
        return True
    if not possible([(condition, "false")]):
        place.tell("never_fails", "no facts can fail this test", "任何数据都不会不符合此项", key="test")
        return True
    return False


def _is_implied(part: Part, criterion: Criterion, told: Collection[str], place: Place) -> bool:
    """Without it every verdict would be the same. A judgement still needs its finding; an excused neighbour is open."""
    if part.condition is None or part.kind == "judgement":
        return False
    others = [one for one in criterion.parts if one is not part and one.kind == "hard" and one.id not in told]
    conditions = [one.condition for one in others if one.condition is not None]
    if not conditions or not implied(part.condition, conditions):
        return False
    names = "、".join(one.key for one in others)
    english = f"it is met or not as the parts {names} are: it asks for nothing more"
    place.tell("implied", english, f"是否符合全由 {names} 决定，此项没有另外的要求", key="test")
    return True


def implied(condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether 且 of `others` has the same three values with `condition` as without it; only where that is certain."""
    open_or_not: Demand = (condition, "not_true")
    if possible([*((other, "true") for other in others), open_or_not]):
        return False
    # Where it fails, another must fail as well, also for want of facts: else it turns unknown into not met.
    return not possible([(condition, "false"), *((other, "not_false") for other in others)])


def _contradictions(criteria: Sequence[Criterion], told: Collection[str], places: Mapping[str, Place]) -> set[str]:
    """What is hard, and what a judgement presupposes, must be possible all at once."""
    demands: list[Demand] = []
    found: set[str] = set()
    for part in (part for criterion in criteria for part in criterion.parts):
        if part.condition is None or part.kind == "in_principle" or part.id in told:
            continue
        demand: Demand = (part.condition, "true")
        if possible([*demands, demand]):
            demands.append(demand)
            continue
        english = "no application can meet this together with the parts before"
        places[part.id].tell("contradiction", english, "与前面各项相互矛盾，没有申报能同时符合", key="test")
        found.add(part.id)
    return found
