"""What is kept of a computation: its terms, what one more place would change, and each candidate's entry."""

from __future__ import annotations

import uuid
from typing import Any

from services.evaluation.selection.allocation import OneMore, Place, one_more, unmet_minimums
from services.evaluation.selection.computation import Computation
from services.evaluation.selection.explanation import score_explained
from services.evaluation.selection.ranking import Candidate, indicator_value
from services.evaluation.selection.schemas import (
    AllocationOut,
    OneMoreOut,
    QuotaOut,
    ReservedOut,
    UnmetMinimumOut,
)


def allocation_of(computation: Computation) -> AllocationOut:
    """The terms a plan was computed under, the minimums it does not reach, and what one more place would change."""
    ranked, terms, barred = computation.ranked, computation.terms, computation.barred
    titles = {one.key: one.title for one in computation.rulebook.reserves}
    given = [place.seat.condition for place in computation.places if place.seat and place.seat.kind == "reserved"]
    return AllocationOut(
        quotas={city: QuotaOut(minimum=one.minimum, maximum=one.maximum) for city, one in terms.quotas.items()},
        reserved=[
            ReservedOut(
                condition=one.condition,
                title="省级留用" if one.condition is None else titles[one.condition],
                places=one.places,
                unused=one.unused,
                given=0 if one.condition is None else given.count(one.condition),
            )
            for one in terms.reserved
        ],
        unmet_minimums=[
            UnmetMinimumOut(city_code=one.city_code, minimum=one.minimum, admitted=one.admitted, cause=one.cause)
            for one in unmet_minimums(ranked, terms, barred)
        ],
        one_more=[_one_more(one) for one in one_more(ranked, terms, barred)],
    )


def _one_more(one: OneMore) -> OneMoreOut:
    return OneMoreOut(city_code=one.city_code, comes_in=list(one.comes_in), goes_out=list(one.goes_out))


def entry_rows(plan_id: uuid.UUID, computation: Computation) -> list[dict[str, Any]]:
    """Rows of `selection_plan_entry`, in order of rank."""
    return [_row(plan_id, computation, place) for place in computation.places]


def _row(plan_id: uuid.UUID, computation: Computation, place: Place) -> dict[str, Any]:
    one, scoring = place.candidate, computation.rulebook.scoring
    explained = None if one.score is None or scoring is None else score_explained(scoring, one.score, one.facts)
    return {
        "plan_id": plan_id,
        "uscc": one.uscc,
        "rank": place.rank,
        "assessment_id": uuid.UUID(one.assessment_id),
        "city_code": one.city_code,
        "admitted": place.seat is not None,
        "reason": place.reason,
        "seat": None if place.seat is None else place.seat.kind,
        "condition": None if place.seat is None else place.seat.condition,
        "score": explained,
        "indicators": _indicators(computation, one),
    }


def _indicators(computation: Computation, one: Candidate) -> dict[str, str | None]:
    """Each indicator of the tie order: its exact value as text, such as "3/4"."""
    values = ((step.title, indicator_value(step, one.facts)) for step in computation.rulebook.ranking)
    return {title: None if value is None else str(value) for title, value in values}
