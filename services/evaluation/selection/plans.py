"""The life of a selection plan: proposed (frozen), approved by a second person, committed, or refused as stale."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.review.errors import SECOND_PERSON
from services.evaluation.selection.computation import Computation, compute
from services.evaluation.selection.errors import (
    CYCLE_SELECTED,
    PLAN_EMPTY,
    PLAN_EXPIRED,
    PLAN_STALE,
    PLAN_STATUS,
    POOL_NOT_FOUND,
)
from services.evaluation.selection.freezing import allocation_of, entry_rows
from services.evaluation.selection.queries import cycle_of, plan_shown
from services.evaluation.selection.schemas import PlanIn, PlanOut
from shared import audit, calendar, outbox
from shared.candidacy import freeze_candidates
from shared.errors import NOT_FOUND, Problem
from shared.events import SelectionCommitted
from shared.models.evaluation import Membership, Pool, SelectionPlan, SelectionPlanEntry
from shared.models.reads import PinnedCycle
from shared.reference.province import province
from shared.security.actor import Actor


async def propose(session: AsyncSession, actor: Actor, plan_in: PlanIn, *, validate_only: bool) -> PlanOut:
    """Compute a plan and freeze it; `validate_only` computes the same and stores nothing."""
    cycle = await cycle_or_refuse(session, plan_in.cycle)
    await freeze_candidates(session, cycle.id)
    await _refuse_second_selection(session, cycle)
    computation = await compute(session, cycle, await _lock_pool(session, plan_in.pool))
    if not computation.places:
        raise Problem(PLAN_EMPTY)
    plan = SelectionPlan(
        cycle_id=cycle.id,
        pool_code=plan_in.pool,
        status="frozen",
        inputs_digest=computation.inputs_digest,
        summary=computation.summary.model_dump(),
        allocation=allocation_of(computation).model_dump(),
        valid_until=calendar.business_date(calendar.now()) + timedelta(days=province().plan_valid_days),
        proposed_by=actor.subject,
    )
    if validate_only:
        return plan_shown(plan, cycle.code)
    session.add(plan)
    await session.flush()
    await session.execute(insert(SelectionPlanEntry), entry_rows(plan.id, computation))
    await _record(session, actor, "plan.propose", plan)
    return plan_shown(plan, cycle.code)


async def approve(session: AsyncSession, actor: Actor, plan_id: uuid.UUID) -> PlanOut:
    """Approve as the second person. Approving again by the same person changes nothing."""
    plan, cycle = await _lock_plan(session, plan_id)
    if plan.proposed_by == actor.subject:
        raise Problem(SECOND_PERSON)
    if plan.status == "frozen":
        await _refuse_stale(session, plan, cycle)
        plan.status, plan.approved_by, plan.approved_at = "approved", actor.subject, func.now()
        await _record(session, actor, "plan.approve", plan)
        await session.flush()
        await session.refresh(plan)
    elif plan.approved_by != actor.subject:
        raise Problem(PLAN_STATUS)
    return plan_shown(plan, cycle.code)


async def commit(session: AsyncSession, actor: Actor, plan_id: uuid.UUID) -> PlanOut:
    """Make the memberships of an approved plan exist, all in this transaction; committing again changes nothing."""
    plan, cycle = await _lock_plan(session, plan_id)
    if plan.status == "committed":
        return plan_shown(plan, cycle.code)
    if plan.status != "approved":
        raise Problem(PLAN_STATUS)
    await _refuse_second_selection(session, cycle)
    computation = await _refuse_stale(session, plan, cycle)
    admitted = [place.candidate for place in computation.places if place.reason == "admitted"]
    since = calendar.now()
    rows = [
        {
            "pool_code": plan.pool_code,
            "uscc": one.uscc,
            "city_code": one.city_code,
            "during": Range(since, None),
            "plan_id": plan.id,
        }
        for one in admitted
    ]
    if rows:
        await session.execute(insert(Membership), rows)
    plan.status, plan.committed_by, plan.committed_at = "committed", actor.subject, since
    await _record(session, actor, "plan.commit", plan)
    await outbox.publish(session, SelectionCommitted(plan_id=plan.id, pool_code=plan.pool_code))
    return plan_shown(plan, cycle.code)


async def _lock_pool(session: AsyncSession, code: str) -> Pool:
    pool = (await session.execute(select(Pool).where(Pool.code == code).with_for_update())).scalar_one_or_none()
    if pool is None:
        raise Problem(POOL_NOT_FOUND)
    return pool


async def _lock_plan(session: AsyncSession, plan_id: uuid.UUID) -> tuple[SelectionPlan, PinnedCycle]:
    # Not the key: a membership that names the plan does not wait for it while holding the pool.
    statement = select(SelectionPlan).where(SelectionPlan.id == plan_id).with_for_update(key_share=True)
    plan = (await session.execute(statement)).scalar_one_or_none()
    if plan is None:
        raise Problem(NOT_FOUND)
    await freeze_candidates(session, plan.cycle_id)
    return plan, await cycle_of(session, plan)


async def _refuse_stale(session: AsyncSession, plan: SelectionPlan, cycle: PinnedCycle) -> Computation:
    if calendar.business_date(calendar.now()) > plan.valid_until:
        raise Problem(PLAN_EXPIRED)
    computation = await compute(session, cycle, await _lock_pool(session, plan.pool_code))
    if computation.inputs_digest != plan.inputs_digest:
        raise Problem(PLAN_STALE)
    return computation


async def _refuse_second_selection(session: AsyncSession, cycle: PinnedCycle) -> None:
    statement = select(SelectionPlan.id).where(SelectionPlan.cycle_id == cycle.id, SelectionPlan.status == "committed")
    if (await session.execute(statement)).first() is not None:
        raise Problem(CYCLE_SELECTED)


async def _record(session: AsyncSession, actor: Actor, action: str, plan: SelectionPlan) -> None:
    detail = {"inputs_digest": plan.inputs_digest, **plan.summary}
    await audit.record(
        session, service="evaluation", actor=actor, action=action, subject=("selection_plan", plan.id), detail=detail
    )
