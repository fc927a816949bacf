"""Reads of selection plans."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.selection.schemas import PlanEntryOut, PlanEntryPage, PlanOut, PlanSummary
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import SelectionPlan, SelectionPlanEntry
from shared.models.reads import PinnedCycle, enterprise_names, pinned_cycle


def plan_shown(plan: SelectionPlan, cycle_code: str) -> PlanOut:
    return PlanOut(
        id=plan.id,
        cycle=cycle_code,
        pool=plan.pool_code,
        status=plan.status,
        inputs_digest=plan.inputs_digest,
        summary=PlanSummary.model_validate(plan.summary),
        proposed_by=plan.proposed_by,
        approved_by=plan.approved_by,
        committed_at=plan.committed_at,
    )


async def cycle_of(session: AsyncSession, plan: SelectionPlan) -> PinnedCycle:
    cycle = await pinned_cycle(session, cycle_id=plan.cycle_id)
    if cycle is None:
        raise LookupError(f"plan {plan.id} names a cycle that does not exist")
    return cycle


async def plan_by_id(session: AsyncSession, plan_id: uuid.UUID) -> PlanOut:
    plan = (await session.execute(select(SelectionPlan).where(SelectionPlan.id == plan_id))).scalar_one_or_none()
    if plan is None:
        raise Problem(NOT_FOUND)
    return plan_shown(plan, (await cycle_of(session, plan)).code)


async def plan_entries(session: AsyncSession, plan_id: uuid.UUID, *, after: int, limit: int) -> PlanEntryPage:
    """Candidates in order of rank, with the reason each is in or out."""
    await plan_by_id(session, plan_id)
    statement = (
        select(SelectionPlanEntry)
        .where(SelectionPlanEntry.plan_id == plan_id, SelectionPlanEntry.rank > after)
        .order_by(SelectionPlanEntry.rank)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    names = await enterprise_names(session, [row.uscc for row in rows])
    items = [
        PlanEntryOut(
            rank=row.rank,
            uscc=row.uscc,
            name=names[row.uscc],
            city_code=row.city_code,
            admitted=row.admitted,
            reason=row.reason,
            indicators=row.indicators,
        )
        for row in rows[:limit]
    ]
    return PlanEntryPage(items=items, next_cursor=items[-1].rank if len(rows) > limit else None)
