"""The life of a selection plan: proposed (frozen), approved by a second person, committed after its notice, or stale."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.notices.standing import (
    give_places,
    has_accepted_appeal,
    holds_of,
    keep_places,
    places_to_give,
    refuse_before_notice_is_over,
    struck_in,
)
from services.evaluation.notices.terms import NoticeTerms
from services.evaluation.review.errors import SECOND_PERSON
from services.evaluation.selection.baselines import freeze_baselines
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
from services.evaluation.selection.ranking import Candidate
from services.evaluation.selection.schemas import PlanIn, PlanOut
from shared import audit, calendar, outbox
from shared.candidacy import freeze_candidates
from shared.errors import NOT_FOUND, Problem
from shared.events import SelectionCommitted
from shared.models.base import new_id
from shared.models.evaluation import Membership, Pool, SelectionPlan, SelectionPlanEntry
from shared.models.reads import PinnedCycle, present_codes
from shared.reference.province import province
from shared.security.actor import Actor


async def propose(session: AsyncSession, actor: Actor, plan_in: PlanIn, *, validate_only: bool) -> PlanOut:
    """Compute a plan and freeze it; `validate_only` computes the same and stores nothing."""
    cycle = await cycle_or_refuse(session, plan_in.cycle)
    await freeze_candidates(session, cycle.id)
    await _refuse_second_selection(session, cycle)
    struck = await struck_in(session, cycle.id)
    computation = await compute(session, cycle, await _lock_pool(session, plan_in.pool), struck)
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
    plan, cycle = await lock_plan(session, plan_id)
    if plan.proposed_by == actor.subject:
        raise Problem(SECOND_PERSON)
    if plan.status == "frozen":
        await refuse_stale(session, plan, cycle)
        plan.status, plan.approved_by, plan.approved_at = "approved", actor.subject, calendar.now()
        await _record(session, actor, "plan.approve", plan)
        await session.flush()
        await session.refresh(plan)
    elif plan.approved_by != actor.subject:
        raise Problem(PLAN_STATUS)
    return plan_shown(plan, cycle.code)


async def commit(session: AsyncSession, actor: Actor, plan_id: uuid.UUID, terms: NoticeTerms) -> PlanOut:
    """Make the memberships of a plan exist once its public notice is over, all in this transaction.

    Entries that objections hold stay out, their places kept; committing again admits those that are held no longer,
    and otherwise changes nothing.
    """
    plan, cycle = await lock_plan(session, plan_id)
    if plan.status == "committed":
        await _admit_kept(session, actor, plan)
        return plan_shown(plan, cycle.code)
    if plan.status not in {"approved", "under_notice"}:
        raise Problem(PLAN_STATUS)
    await refuse_before_notice_is_over(session, plan, terms)
    await _refuse_second_selection(session, cycle)
    computation = await refuse_stale(session, plan, cycle)
    if await has_accepted_appeal(session, plan.id):
        raise Problem(PLAN_STALE)
    holds = await holds_of(session, plan.id)
    chosen = {uuid.UUID(one.assessment_id): one for one in admitted_of(computation)}
    plan.status, plan.committed_by, plan.committed_at = "committed", actor.subject, calendar.now()
    await session.flush()
    await keep_places(session, plan, [one for one in chosen if holds.get(one) == "held"])
    await _admit(
        session, actor, plan, [(id_, one.uscc, one.city_code) for id_, one in chosen.items() if id_ not in holds]
    )
    return plan_shown(plan, cycle.code)


def admitted_of(computation: Computation) -> list[Candidate]:
    return [place.candidate for place in computation.places if place.reason == "admitted"]


async def _admit_kept(session: AsyncSession, actor: Actor, plan: SelectionPlan) -> None:
    await _lock_pool(session, plan.pool_code)
    freed = await places_to_give(session, plan.id)
    if not freed:
        return
    statement = select(SelectionPlanEntry.assessment_id, SelectionPlanEntry.uscc, SelectionPlanEntry.city_code).where(
        SelectionPlanEntry.plan_id == plan.id, SelectionPlanEntry.assessment_id.in_(freed)
    )
    rows = (await session.execute(statement)).all()
    present = await present_codes(session, [row.uscc for row in rows])
    # First the kept place, then the member: the pool never counts both.
    await give_places(session, plan.id, freed)
    await _admit(session, actor, plan, [(row.assessment_id, present[row.uscc], row.city_code) for row in rows])


async def _admit(
    session: AsyncSession, actor: Actor, plan: SelectionPlan, given: list[tuple[uuid.UUID, str, str]]
) -> None:
    """Memberships for (assessment, code, city) from now on, with their baselines; the database keeps cap and quotas."""
    moment = calendar.now()
    place = {"pool_code": plan.pool_code, "during": Range(moment, None), "plan_id": plan.id, "known_from": moment}
    ids = {new_id(): one for one in given}
    if ids:
        rows = [{"id": id_, "uscc": uscc, "city_code": city, **place} for id_, (_, uscc, city) in ids.items()]
        await session.execute(insert(Membership), rows)
        await freeze_baselines(session, {id_: one[0] for id_, one in ids.items()})
    states = Counter((await holds_of(session, plan.id)).values())
    counts = {"given": len(given), "held": states["held"], "struck": states["struck"]}
    await _record(session, actor, "plan.commit", plan, counts)
    await outbox.publish(session, SelectionCommitted(plan_id=plan.id, pool_code=plan.pool_code))


async def _lock_pool(session: AsyncSession, code: str) -> Pool:
    pool = (await session.execute(select(Pool).where(Pool.code == code).with_for_update())).scalar_one_or_none()
    if pool is None:
        raise Problem(POOL_NOT_FOUND)
    return pool


async def lock_plan(session: AsyncSession, plan_id: uuid.UUID) -> tuple[SelectionPlan, PinnedCycle]:
    # Not the key: a membership that names the plan does not wait for it while holding the pool.
    statement = select(SelectionPlan).where(SelectionPlan.id == plan_id).with_for_update(key_share=True)
    plan = (await session.execute(statement)).scalar_one_or_none()
    if plan is None:
        raise Problem(NOT_FOUND)
    await freeze_candidates(session, plan.cycle_id)
    return plan, await cycle_of(session, plan)


async def refuse_stale(session: AsyncSession, plan: SelectionPlan, cycle: PinnedCycle) -> Computation:
    if calendar.business_date(calendar.now()) > plan.valid_until:
        raise Problem(PLAN_EXPIRED)
    # What has been upheld since is no reason to plan anew: its entry is struck, as one upheld during the notice is.
    computation = await compute(
        session, cycle, await _lock_pool(session, plan.pool_code), await _objected_to(session, plan)
    )
    if computation.inputs_digest != plan.inputs_digest:
        raise Problem(PLAN_STALE)
    return computation


async def _objected_to(session: AsyncSession, plan: SelectionPlan) -> set[str]:
    statement = select(SelectionPlanEntry.assessment_id).where(
        SelectionPlanEntry.plan_id == plan.id, SelectionPlanEntry.reason == "objection"
    )
    return {str(one) for one in (await session.execute(statement)).scalars()}


async def _refuse_second_selection(session: AsyncSession, cycle: PinnedCycle) -> None:
    statement = select(SelectionPlan.id).where(SelectionPlan.cycle_id == cycle.id, SelectionPlan.status == "committed")
    if (await session.execute(statement)).first() is not None:
        raise Problem(CYCLE_SELECTED)


async def _record(
    session: AsyncSession, actor: Actor, action: str, plan: SelectionPlan, counts: Mapping[str, int] | None = None
) -> None:
    detail = {"inputs_digest": plan.inputs_digest, **plan.summary, **(counts or {})}
    await audit.record(
        session, service="evaluation", actor=actor, action=action, subject=("selection_plan", plan.id), detail=detail
    )
