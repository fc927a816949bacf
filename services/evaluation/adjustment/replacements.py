"""Who comes in beside a cycle (滚动培育, 二(六)12(2)): the eligible of a cycle by rank, as credits and the cap admit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.evaluation.adjustment.errors import CYCLE_NOT_SELECTED
from services.evaluation.adjustment.standing import holds_in
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.notices.standing import objected_in
from services.evaluation.selection.computation import eligible_candidates
from services.evaluation.selection.ranking import Candidate, rank
from shared.errors import Problem
from shared.models.evaluation import Assessment, MembershipBaseline, PoolHold, SelectionPlan
from shared.models.reads import PinnedCycle, present_codes, standing_incidents

CandidateAction: TypeAlias = Literal["admit", "no_credit", "not_spent", "pool_cap", "held_out", "objected", "incident"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The eligible of a cycle by rank, and why some of them cannot come in, by code."""

    ranked: Sequence[Candidate]
    holds: Mapping[str, PoolHold]
    objected: frozenset[str]
    incidents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Replacement:
    """What becomes of one candidate; `hold` is the person's that keeps it out."""

    candidate: Candidate
    action: CandidateAction
    hold: PoolHold | None = None


@dataclass(frozen=True, slots=True)
class Means:
    """What admissions may use: credits by city, the most to spend of them (None: all there are), and free places."""

    credits: Mapping[str, int]
    spend: Mapping[str, int] | None
    free: int


async def waiting_in(
    session: AsyncSession, pool_code: str, cycle: PinnedCycle, incidents_on: date, known_at: datetime
) -> Waiting:
    """The cycle's eligible whom its selection left out, best first; locked until the transaction ends.

    Problem `cycle_not_selected`: credits do not go around a selection that is still to come.
    """
    rulebook = await rulebook_of(session, cycle.rulebook_digest)
    await _refuse_unselected(session, cycle)
    used = await _used(session, cycle)
    eligible = [one for one in await eligible_candidates(session, cycle, rulebook) if one.assessment_id not in used]
    ranked = rank(rulebook.ranking, eligible)
    objected = await objected_in(session, cycle.id)
    holds = await holds_in(session, pool_code, known_at)
    present = await present_codes(session, set(holds))
    found = await standing_incidents(session, [one.uscc for one in ranked], incidents_on, known_at=known_at)
    return Waiting(
        ranked,
        {present.get(code, code): kinds["replacement"] for code, kinds in holds.items() if "replacement" in kinds},
        frozenset(one.uscc for one in ranked if one.assessment_id in objected),
        frozenset(one.uscc for one in found),
    )


async def _refuse_unselected(session: AsyncSession, cycle: PinnedCycle) -> None:
    statement = select(SelectionPlan.id).where(SelectionPlan.cycle_id == cycle.id, SelectionPlan.status == "committed")
    if (await session.execute(statement)).first() is None:
        raise Problem(CYCLE_NOT_SELECTED)


async def _used(session: AsyncSession, cycle: PinnedCycle) -> set[str]:
    """Assessments of applications that somebody came in by before: nobody comes back without applying again."""
    came_in, judged = aliased(Assessment), aliased(Assessment)
    statement = (
        select(judged.id)
        .join(came_in, came_in.application_id == judged.application_id)
        .join(MembershipBaseline, MembershipBaseline.assessment_id == came_in.id)
        .where(judged.cycle_id == cycle.id)
    )
    return {str(one) for one in (await session.execute(statement)).scalars()}


def replacements(waiting: Waiting, members: frozenset[str], means: Means) -> list[Replacement]:
    """One line per candidate that is no member, in order of rank; each admission takes a credit of its city and a place."""
    spent, free = Counter[str](), means.free
    lines: list[Replacement] = []
    for one in waiting.ranked:
        if one.uscc in members:
            continue
        action = _action(one, waiting, means, spent, free)
        if action == "admit":
            spent[one.city_code] += 1
            free -= 1
        lines.append(Replacement(one, action, waiting.holds.get(one.uscc)))
    return lines


def _action(one: Candidate, waiting: Waiting, means: Means, spent: Counter[str], free: int) -> CandidateAction:
    city = one.city_code
    if one.uscc in waiting.holds:
        return "held_out"
    if one.uscc in waiting.objected:
        return "objected"
    if one.uscc in waiting.incidents:
        return "incident"
    if means.credits.get(city, 0) <= spent[city]:
        return "no_credit"
    if means.spend is not None and means.spend.get(city, 0) <= spent[city]:
        return "not_spent"
    return "admit" if free > 0 else "pool_cap"
