"""Refuses parts that cannot matter: never met, never failed, implied by their neighbours, or at odds with the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.evaluation.rulebooks.conditions import Condition
from services.evaluation.rulebooks.reachability import Demand, possible
from services.evaluation.rulebooks.rulebook import Criterion, Part, Transition
from services.evaluation.rulebooks.tables import Place


def refuse_unreachable(
    criteria: Sequence[Criterion], transitions: Sequence[Transition], places: Mapping[str, Place]
) -> None:
    """Raises RulebookError: `never_met`, `never_fails`, `implied` or `contradiction`; only where it is certain."""
    for part in (part for criterion in criteria for part in criterion.parts):
        if part.condition is not None:
            _refuse_decided(part.condition, places[part.id])
    for transition in transitions:
        _refuse_decided(transition.condition, places[f"transition {transition.key}"])
    for criterion in criteria:
        # Of two parts that ask the same, the later is told.
        for part in reversed(criterion.parts):
            _refuse_implied(part, criterion, places[part.id])
    _refuse_contradictions(criteria, places)


def _refuse_decided(condition: Condition, place: Place) -> None:
    if not possible([(condition, "true")]):
        raise place.error("never_met", "no facts can meet this test")
    if not possible([(condition, "false")]):
        raise place.error("never_fails", "no facts can fail this test")


def _refuse_implied(part: Part, criterion: Criterion, place: Place) -> None:
    """Without it every verdict would be the same. A judgement still needs its finding; an excused neighbour is open."""
    if part.condition is None or part.kind == "judgement":
        return
    others = [one for one in criterion.parts if one is not part and one.kind == "hard"]
    conditions = [one.condition for one in others if one.condition is not None]
    if conditions and implied(part.condition, conditions):
        names = "、".join(one.key for one in others)
        raise place.error("implied", f"it is met or not as the parts {names} are: it asks for nothing more")


def implied(condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether 且 of `others` has the same three values with `condition` as without it; only where that is certain."""
    open_or_not: Demand = (condition, "not_true")
    if possible([*((other, "true") for other in others), open_or_not]):
        return False
    # Where it fails, another must fail as well, also for want of facts: else it turns unknown into not met.
    return not possible([(condition, "false"), *((other, "not_false") for other in others)])


def _refuse_contradictions(criteria: Sequence[Criterion], places: Mapping[str, Place]) -> None:
    """What is hard, and what a judgement presupposes, must be possible all at once."""
    demands: list[Demand] = []
    for part in (part for criterion in criteria for part in criterion.parts):
        if part.condition is None or part.kind == "in_principle":
            continue
        demands.append((part.condition, "true"))
        if not possible(demands):
            raise places[part.id].error("contradiction", "no application can meet this together with the parts before")
