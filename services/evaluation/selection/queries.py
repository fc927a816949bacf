"""Reads of selection plans."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.rulebook import Rulebook
from services.evaluation.selection.explanation import reason_told
from services.evaluation.selection.schemas import (
    AllocationOut,
    PlanEntryOut,
    PlanEntryPage,
    PlanOut,
    PlanPage,
    PlanSummary,
    ScoreOut,
)
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
        allocation=None if plan.allocation is None else AllocationOut.model_validate(plan.allocation),
        valid_until=plan.valid_until,
        proposed_by=plan.proposed_by,
        approved_by=plan.approved_by,
        committed_at=plan.committed_at,
    )


async def cycle_of(session: AsyncSession, plan: SelectionPlan) -> PinnedCycle:
    cycle = await pinned_cycle(session, cycle_id=plan.cycle_id)
    if cycle is None:
        raise LookupError(f"plan {plan.id} names a cycle that does not exist")
    return cycle


async def _plan(session: AsyncSession, plan_id: uuid.UUID) -> SelectionPlan:
    plan = (await session.execute(select(SelectionPlan).where(SelectionPlan.id == plan_id))).scalar_one_or_none()
    if plan is None:
        raise Problem(NOT_FOUND)
    return plan


async def plan_by_id(session: AsyncSession, plan_id: uuid.UUID) -> PlanOut:
    plan = await _plan(session, plan_id)
    return plan_shown(plan, (await cycle_of(session, plan)).code)


async def list_plans(
    session: AsyncSession, *, cycle: str | None, status: str | None, after: uuid.UUID | None, limit: int
) -> PlanPage:
    """Plans in order of id, the oldest first; of one cycle (Problem `cycle_not_found`) or status where asked for."""
    statement = select(SelectionPlan).order_by(SelectionPlan.id).limit(limit + 1)
    if cycle is not None:
        statement = statement.where(SelectionPlan.cycle_id == (await cycle_or_refuse(session, cycle)).id)
    if status is not None:
        statement = statement.where(SelectionPlan.status == status)
    if after is not None:
        statement = statement.where(SelectionPlan.id > after)
    rows = (await session.execute(statement)).scalars().all()
    codes = {row.cycle_id: (await cycle_of(session, row)).code for row in {row.cycle_id: row for row in rows}.values()}
    items = [plan_shown(row, codes[row.cycle_id]) for row in rows[:limit]]
    return PlanPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def plan_entries(session: AsyncSession, plan_id: uuid.UUID, *, after: int, limit: int) -> PlanEntryPage:
    """Candidates in order of rank, with their scores and the reason each is in or out."""
    plan = await _plan(session, plan_id)
    rulebook = await rulebook_of(session, (await cycle_of(session, plan)).rulebook_digest)
    statement = (
        select(SelectionPlanEntry)
        .where(SelectionPlanEntry.plan_id == plan_id, SelectionPlanEntry.rank > after)
        .order_by(SelectionPlanEntry.rank)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    names = await enterprise_names(session, [row.uscc for row in rows])
    items = [_entry_shown(row, names[row.uscc], rulebook) for row in rows[:limit]]
    return PlanEntryPage(items=items, next_cursor=items[-1].rank if len(rows) > limit else None)


def _entry_shown(row: SelectionPlanEntry, name: str, rulebook: Rulebook) -> PlanEntryOut:
    return PlanEntryOut(
        rank=row.rank,
        uscc=row.uscc,
        name=name,
        city_code=row.city_code,
        admitted=row.admitted,
        reason=row.reason,
        reason_zh=reason_told(rulebook, row.city_code, row.reason, row.seat, row.condition),
        seat=row.seat,
        condition=row.condition,
        score=None if row.score is None else ScoreOut.model_validate(row.score),
        indicators=row.indicators,
    )
