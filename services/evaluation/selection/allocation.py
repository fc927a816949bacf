"""Give places in order of rank, under the pool's cap and the cities' quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.evaluation.selection.ranking import Candidate

Reason = Literal["admitted", "city_quota", "pool_cap", "already_member"]


@dataclass(frozen=True, slots=True)
class Place:
    rank: int
    candidate: Candidate
    reason: Reason


def allocate(
    ranked: Sequence[Candidate],
    *,
    free_places: int,
    quotas: Mapping[str, int],
    members: Collection[str],
) -> list[Place]:
    """One place per candidate, with the reason it is in or out (方案二(六)11: 省级筛选不超过500家).

    A city without a quota is limited by the pool alone. Quotas are maxima: what one city leaves unused is free for
    the others, as far as their own quotas go.
    """
    used: Counter[str] = Counter()
    places: list[Place] = []
    for position, candidate in enumerate(ranked, start=1):
        reason = _reason(candidate, used, free_places, quotas, members)
        if reason == "admitted":
            used[candidate.city_code] += 1
        places.append(Place(position, candidate, reason))
    return places


def _reason(
    candidate: Candidate, used: Counter[str], free_places: int, quotas: Mapping[str, int], members: Collection[str]
) -> Reason:
    if candidate.uscc in members:
        return "already_member"
    if used.total() >= free_places:
        return "pool_cap"
    quota = quotas.get(candidate.city_code)
    if quota is not None and used[candidate.city_code] >= quota:
        return "city_quota"
    return "admitted"
