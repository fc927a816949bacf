"""The life of an adjustment plan: computed for today and frozen, approved by a second person, committed, or stale."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_keep
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.committing import carry_out
from services.evaluation.adjustment.computation import Adjustment, Asked, compute
from services.evaluation.adjustment.entries import entry_rows
from services.evaluation.adjustment.errors import (
    ADJUSTMENT_EMPTY,
    ADJUSTMENT_STATUS,
    DAY_PAST,
    DAY_TO_COME,
    NO_RULES,
    PLAN_EXPIRED,
    PLAN_STALE,
    SECOND_PERSON,
)
from services.evaluation.adjustment.plan_queries import plan_shown
from services.evaluation.adjustment.plan_schemas import AdjustmentIn, AdjustmentOut
from services.evaluation.adjustment.rules import Rules, load_rules, rules_in_force
from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.review.assigning import person_of
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared import audit, calendar
from shared.candidacy import freeze_candidates
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import AdjustmentPlan, AdjustmentPlanEntry, AdjustmentRules, Pool
from shared.models.reads import PinnedCycle, pinned_cycle
from shared.reference.province import province
from shared.security.actor import Actor


async def propose(session: AsyncSession, actor: Actor, given: AdjustmentIn, *, validate_only: bool) -> AdjustmentOut:
    """Compute an adjustment for today and freeze it; `validate_only` computes the same and stores nothing."""
    today = calendar.business_date(calendar.now())
    _refuse_other_day(given.on or today, today)
    cycle = None if given.cycle is None else await cycle_or_refuse(session, given.cycle)
    if cycle is not None:
        await freeze_candidates(session, cycle.id)
    rules = rules_or_refuse(today)
    pool = await lock_pool(session, given.pool)
    adjustment = await compute(session, pool, Asked(rules, today, calendar.now(), cycle, given.spend))
    if not adjustment.members and not adjustment.candidates:
        raise Problem(ADJUSTMENT_EMPTY)
    plan = _plan(actor, adjustment, pool)
    if validate_only:
        return await plan_shown(session, plan)
    await keep_rules(session, rules)
    session.add(plan)
    await session.flush()
    await session.execute(insert(AdjustmentPlanEntry), entry_rows(plan.id, adjustment))
    await _record(session, actor, "adjustment.propose", plan)
    return await plan_shown(session, plan)


def _refuse_other_day(asked: date, today: date) -> None:
    if asked != today:
        raise Problem(DAY_PAST if asked < today else DAY_TO_COME)


def rules_or_refuse(on: date) -> Rules:
    """The rules that apply on a day; Problem `no_rules`."""
    try:
        return rules_in_force(on)
    except LookupError:
        raise Problem(NO_RULES) from None


def _plan(actor: Actor, adjustment: Adjustment, pool: Pool) -> AdjustmentPlan:
    asked = adjustment.asked
    return AdjustmentPlan(
        pool_code=pool.code,
        judged_on=asked.on,
        cycle_id=None if asked.cycle is None else asked.cycle.id,
        spend=None if asked.spend is None else dict(asked.spend),
        rules_digest=asked.rules.digest,
        status="frozen",
        inputs_digest=adjustment.inputs_digest,
        summary=adjustment.summary.model_dump(),
        credits=[
            {
                "city_code": one.city_code,
                "before": one.before,
                "expired": one.expired,
                "minted": one.minted,
                "spent": one.spent,
                "after": one.after,
            }
            for one in adjustment.credits
        ],
        valid_until=asked.on + timedelta(days=province().plan_valid_days),
        proposed_by=actor.subject,
    )


async def keep_rules(session: AsyncSession, rules: Rules) -> None:
    """Keep the text of rules once, so that every receipt by them can be replayed."""
    values = {
        "digest": rules.digest,
        "rules_id": rules.id,
        "effective_from": rules.effective_from,
        "text": rules.text,
    }
    await session.execute(insert_or_keep(AdjustmentRules).values(values).on_conflict_do_nothing())


async def rules_of(session: AsyncSession, digest: str) -> Rules:
    """The rules that a plan was computed by, as they were kept."""
    statement = select(AdjustmentRules).where(AdjustmentRules.digest == digest)
    kept = (await session.execute(statement)).scalar_one()
    return load_rules(kept.text, origin=kept.rules_id)


async def approve(session: AsyncSession, actor: Actor, plan_id: uuid.UUID) -> AdjustmentOut:
    """Approve as the second person. Approving again by the same person changes nothing."""
    plan, cycle = await _lock_plan(session, plan_id)
    if await person_of(session, actor.subject) == await person_of(session, plan.proposed_by):
        raise Problem(SECOND_PERSON)
    if plan.status == "frozen":
        await _recompute(session, plan, cycle)
        plan.status, plan.approved_by, plan.approved_at = "approved", actor.subject, calendar.now()
        await session.flush()
        await _record(session, actor, "adjustment.approve", plan)
    elif plan.approved_by != actor.subject:
        raise Problem(ADJUSTMENT_STATUS)
    return await plan_shown(session, plan)


async def commit(session: AsyncSession, actor: Actor, plan_id: uuid.UUID) -> AdjustmentOut:
    """Carry out a plan whole, in this transaction; committing again changes nothing."""
    plan, cycle = await _lock_plan(session, plan_id)
    if plan.status == "committed":
        return await plan_shown(session, plan)
    if plan.status != "approved":
        raise Problem(ADJUSTMENT_STATUS)
    adjustment = await _recompute(session, plan, cycle)
    plan.status, plan.committed_by, plan.committed_at = "committed", actor.subject, calendar.now()
    await session.flush()
    await carry_out(session, actor, plan, adjustment)
    await _record(session, actor, "adjustment.commit", plan)
    return await plan_shown(session, plan)


async def _recompute(session: AsyncSession, plan: AdjustmentPlan, cycle: PinnedCycle | None) -> Adjustment:
    """The plan computed again by today's knowledge; Problem `plan_expired`, and `plan_stale` where it comes out otherwise."""
    if calendar.business_date(calendar.now()) > plan.valid_until:
        raise Problem(PLAN_EXPIRED)
    pool = await lock_pool(session, plan.pool_code)
    rules = await rules_of(session, plan.rules_digest)
    adjustment = await compute(session, pool, Asked(rules, plan.judged_on, calendar.now(), cycle, plan.spend))
    if adjustment.inputs_digest != plan.inputs_digest:
        raise Problem(PLAN_STALE)
    return adjustment


async def lock_pool(session: AsyncSession, code: str) -> Pool:
    """The pool, locked: whoever changes who is in it waits here. Problem `pool_not_found`."""
    statement = select(Pool).where(Pool.code == code).with_for_update()
    pool = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()
    if pool is None:
        raise Problem(POOL_NOT_FOUND)
    return pool


async def _lock_plan(session: AsyncSession, plan_id: uuid.UUID) -> tuple[AdjustmentPlan, PinnedCycle | None]:
    statement = select(AdjustmentPlan).where(AdjustmentPlan.id == plan_id).with_for_update(key_share=True)
    plan = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()
    if plan is None:
        raise Problem(NOT_FOUND)
    if plan.cycle_id is None:
        return plan, None
    await freeze_candidates(session, plan.cycle_id)
    return plan, await pinned_cycle(session, cycle_id=plan.cycle_id)


async def _record(session: AsyncSession, actor: Actor, action: str, plan: AdjustmentPlan) -> None:
    detail: dict[str, Any] = {"inputs_digest": plan.inputs_digest, "on": plan.judged_on.isoformat(), **plan.summary}
    await audit.record(
        session, service="evaluation", actor=actor, action=action, subject=("adjustment_plan", plan.id), detail=detail
    )
