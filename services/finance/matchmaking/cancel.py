"""A participant cancels: those whom it would have met get other meetings, nobody else's day changes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from time import monotonic

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import NOT_SOLVED
from services.finance.matchmaking.event_queries import event_by_id, hours_of, lock_event, newest_release
from services.finance.matchmaking.gathering import Gathering, Scoring
from services.finance.matchmaking.linear_programme import Limits
from services.finance.matchmaking.loading import gathering_of, meetings_of
from services.finance.matchmaking.participant_queries import participant_by_id, participant_out
from services.finance.matchmaking.participant_schemas import CancellationIn, CancellationOut
from services.finance.matchmaking.plans import Computed, Meeting, meetings_at, store_plan
from services.finance.matchmaking.problem import UnsolvedError
from services.finance.matchmaking.replan import Touched, replan
from services.finance.matchmaking.terms import match_terms
from services.finance.matchmaking.timetable import Placed
from shared import audit, calendar
from shared.errors import Problem
from shared.models.matchmaking import MatchMeeting, MatchParticipant, MatchPlan
from shared.security.actor import Actor


async def cancel(
    session: AsyncSession, actor: Actor, participant_id: uuid.UUID, told: CancellationIn
) -> CancellationOut:
    """Cancel for good, and plan anew what it touches of the timetable in force; cancelling again changes nothing.

    The new plan holds once it is released. Problems `not_found`, `match_not_solved`.
    """
    one = await participant_by_id(session, actor, participant_id)
    await lock_event(session, one.event_id)
    await session.refresh(one)
    if one.cancelled_at is not None:
        return CancellationOut(participant=participant_out(one), plan_id=await _plan_after(session, one))
    one.cancelled_at, one.cancelled_by, one.cancel_reason = calendar.now(), actor.subject, told.reason
    await session.flush()
    subject, detail = ("match_participant", one.id), {"event": str(one.event_id), "reason": told.reason}
    await audit.record(
        session,
        service="finance",
        actor=actor,
        action="match_participant.cancel",
        subject=subject,
        detail=detail,
    )
    return CancellationOut(participant=participant_out(one), plan_id=await _plan_anew(session, actor, one))


async def standing_plan(session: AsyncSession, event_id: uuid.UUID) -> MatchPlan | None:
    """The plan in force, or the newest one that cancellations have made of it since."""
    release = await newest_release(session, event_id)
    if release is None:
        return None
    found = await session.get_one(MatchPlan, release.plan_id)
    while True:
        following = select(MatchPlan).where(MatchPlan.event_id == event_id, MatchPlan.based_on == found.id)
        later = (await session.execute(following.order_by(MatchPlan.sequence.desc()).limit(1))).scalar_one_or_none()
        if later is None:
            return found
        found = later


async def _plan_after(session: AsyncSession, one: MatchParticipant) -> uuid.UUID | None:
    """The plan that stands, where cancellations made it and it is not in force yet."""
    release, plan = await newest_release(session, one.event_id), await standing_plan(session, one.event_id)
    return None if plan is None or release is None or plan.id == release.plan_id else plan.id


async def _plan_anew(session: AsyncSession, actor: Actor, one: MatchParticipant) -> uuid.UUID | None:
    base = await standing_plan(session, one.event_id)
    if base is None:
        return None
    now = calendar.now()
    open_slots = [at for at, hours in enumerate(await hours_of(session, one.event_id)) if hours.starts_at > now]
    meetings = [_meeting(each) for each in await meetings_of(session, base.id)]
    # What has begun has taken place or not; that is for the outcomes to say.
    lost = [each for each in meetings if one.id in {each.enterprise_id, each.partner_id} and each.slot in open_slots]
    if not lost:
        return None
    gathering = await gathering_of(session, await event_by_id(session, actor, one.event_id))
    kept = [each for each in meetings if each not in lost]
    computed = await asyncio.to_thread(_computed, gathering, kept, lost, open_slots)
    return (await store_plan(session, actor, one.event_id, computed, based_on=base.id)).id


def _meeting(one: MatchMeeting) -> Meeting:
    return Meeting(one.enterprise_id, one.partner_id, one.slot, one.room, one.points)


def _computed(
    gathering: Gathering, kept: Sequence[Meeting], lost: Sequence[Meeting], open_slots: Sequence[int]
) -> Computed:
    terms = match_terms()
    matching = Scoring(gathering, terms.kinds[gathering.kind], terms).matching()
    rows = {uuid.UUID(one.id): at for at, one in enumerate(gathering.enterprises)}
    columns = {uuid.UUID(one.id): at for at, one in enumerate(gathering.partners)}
    touched = Touched(
        frozenset(rows[one.enterprise_id] for one in lost if one.enterprise_id in rows),
        frozenset(columns[one.partner_id] for one in lost if one.partner_id in columns),
    )
    placed = [
        Placed(rows.get(one.enterprise_id, -1), columns.get(one.partner_id, -1), one.slot, one.room) for one in kept
    ]
    limits = Limits(monotonic() + terms.solver_seconds, terms.seed)
    try:
        added = replan(matching, placed, touched, open_slots, gathering.rooms, limits)
    except UnsolvedError:
        raise Problem(NOT_SOLVED) from None
    return Computed(gathering, [*kept, *meetings_at(gathering, matching, added)], None)
