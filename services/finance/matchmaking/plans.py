"""Compute a plan: the best assignment and a timetable for it, stored with all that it rests on."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import rfc8785
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import MAY_NOT_TAKE_PART, NOT_SOLVED, TOO_LARGE
from services.finance.matchmaking.event_queries import event_by_id
from services.finance.matchmaking.gathering import Gathering, Scoring
from services.finance.matchmaking.loading import gathering_of
from services.finance.matchmaking.plan_queries import plan_out
from services.finance.matchmaking.plan_schemas import PlanOut
from services.finance.matchmaking.problem import Matching, Solution, UnsolvedError
from services.finance.matchmaking.register import still_open
from services.finance.matchmaking.solver import solve
from services.finance.matchmaking.standing import who_may
from services.finance.matchmaking.terms import match_terms
from services.finance.matchmaking.timetable import Placed, timetable
from shared import audit
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.models.matchmaking import MatchEvent, MatchMeeting, MatchParticipant, MatchPlan
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting of a plan; `slot` and `room` are the event's numbers."""

    enterprise_id: uuid.UUID
    partner_id: uuid.UUID
    slot: int
    room: int
    points: int


@dataclass(frozen=True, slots=True)
class Computed:
    """What a plan rests on and its meetings; no solution after a cancellation."""

    gathering: Gathering
    meetings: Sequence[Meeting]
    solution: Solution | None


async def compute_plan(session: AsyncSession, actor: Actor, event_id: uuid.UUID) -> PlanOut:
    """A plan from the present state of the event; an empty one where nobody can meet, explained by its reasons.

    Problems `not_found`, `match_call_closed`, `match_may_not_take_part`, `match_too_large`, `match_not_solved`.
    """
    event = await event_by_id(session, actor, event_id, lock=True)
    await still_open(session, event_id)
    await _check_standing(session, event)
    gathering = await gathering_of(session, event)
    if len(gathering.enterprises) * len(gathering.partners) > match_terms().largest_pairs:
        raise Problem(TOO_LARGE)
    computed = await asyncio.to_thread(_computed, gathering)
    return await store_plan(session, actor, event_id, computed, based_on=None)


async def _check_standing(session: AsyncSession, event: MatchEvent) -> None:
    """Problem `match_may_not_take_part`, naming enterprises that no longer may: they are to be cancelled first."""
    statement = (
        select(MatchParticipant.name, MatchParticipant.uscc)
        .where(
            MatchParticipant.event_id == event.id,
            MatchParticipant.side == "enterprise",
            MatchParticipant.cancelled_at.is_(None),
        )
        .order_by(MatchParticipant.id)
    )
    found = [(name, uscc) for name, uscc in await session.execute(statement) if uscc is not None]
    may = await who_may(session, event.who, {uscc for _, uscc in found})
    kind = MAY_NOT_TAKE_PART
    wrong = [
        Violation(kind.code, f"{kind.title_zh}：{name}", f"{kind.title_en}: {uscc}")
        for name, uscc in found
        if uscc not in may
    ]
    if wrong:
        raise Problem(kind, violations=wrong[:200])


def _computed(gathering: Gathering) -> Computed:
    terms = match_terms()
    matching = Scoring(gathering, terms.kinds[gathering.kind], terms).matching()
    try:
        solution = solve(matching, seconds=terms.solver_seconds, seed=terms.seed)
    except UnsolvedError:
        raise Problem(NOT_SOLVED) from None
    if solution.gap_permille > terms.gap_permille:
        raise Problem(NOT_SOLVED)
    placed = timetable(solution.pairs, gathering.slots, gathering.rooms)
    return Computed(gathering, meetings_at(gathering, matching, placed), solution)


def meetings_at(gathering: Gathering, matching: Matching, placed: Sequence[Placed]) -> list[Meeting]:
    """Meetings by places in the gathering as meetings of participants."""
    return [
        Meeting(
            uuid.UUID(gathering.enterprises[one.row].id),
            uuid.UUID(gathering.partners[one.column].id),
            one.slot,
            one.room,
            int(matching.points[one.row, one.column]),
        )
        for one in placed
    ]


def digest_of(gathering: Gathering) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of what a plan rests on."""
    return hashlib.sha256(rfc8785.dumps(gathering.as_json())).hexdigest()


async def store_plan(
    session: AsyncSession, actor: Actor, event_id: uuid.UUID, computed: Computed, *, based_on: uuid.UUID | None
) -> PlanOut:
    """Store a plan as the event's newest."""
    newest = select(func.max(MatchPlan.sequence)).where(MatchPlan.event_id == event_id)
    solution = computed.solution
    plan = MatchPlan(
        id=new_id(),
        event_id=event_id,
        sequence=((await session.execute(newest)).scalar_one() or 0) + 1,
        cause="solve" if based_on is None else "cancellation",
        based_on=based_on,
        inputs=computed.gathering.as_json(),
        inputs_digest=digest_of(computed.gathering),
        total=None if solution is None else solution.total,
        bound=None if solution is None else solution.bound,
        coverable=None if solution is None else solution.coverable,
        computed_by=actor.subject,
    )
    session.add(plan)
    await session.flush()
    meetings = [{"plan_id": plan.id, "event_id": event_id} | asdict(one) for one in computed.meetings]
    if meetings:
        await session.execute(insert(MatchMeeting), meetings)
    detail = {"event": str(event_id), "cause": plan.cause, "meetings": len(meetings)}
    await audit.record(
        session,
        service="finance",
        actor=actor,
        action="match_plan.compute",
        subject=("match_plan", plan.id),
        detail=detail,
    )
    await session.refresh(plan, ["computed_at"])
    return await plan_out(session, plan)
