"""Release a plan as the next version of the event's timetable."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import PLAN_OUTDATED
from services.finance.matchmaking.event_queries import event_by_id, lock_event, newest_release
from services.finance.matchmaking.loading import gathering_of
from services.finance.matchmaking.plan_queries import plan_by_id
from services.finance.matchmaking.plan_schemas import ReleaseIn, ReleaseOut
from services.finance.matchmaking.plans import digest_of
from services.finance.matchmaking.register import still_open
from shared import audit, outbox
from shared.errors import Problem
from shared.events import TimetableReleased
from shared.models.matchmaking import MatchPlan, MatchRelease
from shared.security.actor import Actor


async def release(session: AsyncSession, actor: Actor, plan_id: uuid.UUID, release_in: ReleaseIn) -> ReleaseOut:
    """The plan is in force from now on; releasing what is in force changes nothing.

    Only the event's newest plan, and only while it still rests on what is so. Problems `not_found`,
    `match_plan_outdated`, and `match_call_closed` for a plan that is no re-plan once the event has begun.
    """
    plan = await plan_by_id(session, actor, plan_id)
    event = await event_by_id(session, actor, plan.event_id)
    await lock_event(session, event.id)
    newest = await newest_release(session, event.id)
    if newest is not None and newest.plan_id == plan.id:
        return _out(newest)
    if plan.cause == "solve":
        await still_open(session, event.id)
    version = 0 if newest is None else newest.version
    if release_in.replaces != version or not await _is_newest(session, plan):
        raise Problem(PLAN_OUTDATED)
    if digest_of(await gathering_of(session, event)) != plan.inputs_digest:
        raise Problem(PLAN_OUTDATED)
    made = MatchRelease(event_id=event.id, version=version + 1, plan_id=plan.id, released_by=actor.subject)
    session.add(made)
    await session.flush()
    await session.refresh(made)
    subject, detail = ("match_event", event.id), {"version": made.version, "plan": str(plan.id)}
    await audit.record(
        session, service="finance", actor=actor, action="match_timetable.release", subject=subject, detail=detail
    )
    await outbox.publish(session, TimetableReleased(match_event_id=event.id, version=made.version))
    return _out(made)


async def _is_newest(session: AsyncSession, plan: MatchPlan) -> bool:
    newest = select(func.max(MatchPlan.sequence)).where(MatchPlan.event_id == plan.event_id)
    return (await session.execute(newest)).scalar_one() == plan.sequence


def _out(made: MatchRelease) -> ReleaseOut:
    return ReleaseOut(event_id=made.event_id, version=made.version, plan_id=made.plan_id, released_at=made.released_at)
