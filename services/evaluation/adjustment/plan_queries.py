"""Reads of adjustment plans: in full, page by page, entry by entry, with their receipts."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.entries import ACTIONS_ZH
from services.evaluation.adjustment.explanation import explain
from services.evaluation.adjustment.plan_schemas import (
    AdjustmentEntryOut,
    AdjustmentEntryPage,
    AdjustmentOut,
    AdjustmentPage,
    CityCreditsOut,
    HeldOut,
    ReasonOut,
    summary_of,
)
from services.evaluation.adjustment.rules import Rules, load_rules
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import AdjustmentPlan, AdjustmentPlanEntry, AdjustmentRules, PoolHold
from shared.models.reads import enterprise_names, pinned_cycle
from shared.security.actor import Actor

_HOLDING = ("held", "held_out")


async def plan_shown(session: AsyncSession, plan: AdjustmentPlan, actor: Actor | None = None) -> AdjustmentOut:
    """A plan with each city's credits, and the holds it respects; to an officer of a city those of that city alone."""
    city = None if actor is None else actor.city_code
    cycle = None if plan.cycle_id is None else await pinned_cycle(session, cycle_id=plan.cycle_id)
    rules_id = select(AdjustmentRules.rules_id).where(AdjustmentRules.digest == plan.rules_digest)
    return AdjustmentOut(
        id=plan.id,
        pool=plan.pool_code,
        judged_on=plan.judged_on,
        cycle=None if cycle is None else cycle.code,
        spend=plan.spend if city is None or plan.spend is None else {k: v for k, v in plan.spend.items() if k == city},
        rules=(await session.execute(rules_id)).scalar_one_or_none() or "",
        rules_digest=plan.rules_digest,
        status=plan.status,
        inputs_digest=plan.inputs_digest,
        summary=summary_of(plan.summary),
        credits=[CityCreditsOut.model_validate(one) for one in plan.credits if city in (None, one["city_code"])],
        holds=await _holds(session, plan, city),
        valid_until=plan.valid_until,
        proposed_by=plan.proposed_by,
        approved_by=plan.approved_by,
        committed_by=plan.committed_by,
        committed_at=plan.committed_at,
    )


async def _holds(session: AsyncSession, plan: AdjustmentPlan, city: str | None) -> list[HeldOut]:
    if plan.id is None:  # pyright: ignore[reportUnnecessaryComparison] (a plan that was only computed has none yet)
        return []
    statement = (
        select(PoolHold)
        .join(AdjustmentPlanEntry, AdjustmentPlanEntry.hold_id == PoolHold.id)
        .where(AdjustmentPlanEntry.plan_id == plan.id)
        .order_by(AdjustmentPlanEntry.position)
    )
    if city is not None:
        statement = statement.where(AdjustmentPlanEntry.city_code == city)
    holds = (await session.execute(statement)).scalars().all()
    names = await enterprise_names(session, [one.uscc for one in holds])
    return [
        HeldOut(
            uscc=one.uscc,
            name=names.get(one.uscc, ""),
            kind=one.kind,
            reason=one.reason,
            set_by=one.set_by,
        )
        for one in holds
    ]


async def plan_by_id(session: AsyncSession, actor: Actor, plan_id: uuid.UUID) -> AdjustmentOut:
    return await plan_shown(session, await _plan(session, plan_id), actor)


async def _plan(session: AsyncSession, plan_id: uuid.UUID) -> AdjustmentPlan:
    found = (await session.execute(select(AdjustmentPlan).where(AdjustmentPlan.id == plan_id))).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


async def plan_page(
    session: AsyncSession, actor: Actor, *, pool: str | None, status: str | None, after: uuid.UUID | None, limit: int
) -> AdjustmentPage:
    """Plans, the oldest first."""
    statement = select(AdjustmentPlan).order_by(AdjustmentPlan.id).limit(limit + 1)
    for column, value in ((AdjustmentPlan.pool_code, pool), (AdjustmentPlan.status, status)):
        if value is not None:
            statement = statement.where(column == value)
    if after is not None:
        statement = statement.where(AdjustmentPlan.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [await plan_shown(session, one, actor) for one in rows[:limit]]
    return AdjustmentPage(items=items, next_cursor=rows[limit - 1].id if len(rows) > limit else None)


async def entry_page(
    session: AsyncSession, actor: Actor, plan_id: uuid.UUID, *, action: str | None, after: int, limit: int
) -> AdjustmentEntryPage:
    """Members by code, then candidates by rank; those of an officer's city."""
    plan = await _plan(session, plan_id)
    statement = _entries(actor, plan_id).where(AdjustmentPlanEntry.position > after)
    if action is not None:
        statement = statement.where(AdjustmentPlanEntry.action == action)
    rows = (await session.execute(statement.order_by(AdjustmentPlanEntry.position).limit(limit + 1))).scalars().all()
    names = await enterprise_names(session, [one.uscc for one in rows])
    rules = await _rules(session, plan.rules_digest)
    items = [_entry_shown(one, names.get(one.uscc, ""), rules, plan.judged_on) for one in rows[:limit]]
    return AdjustmentEntryPage(items=items, next_cursor=items[-1].position if len(rows) > limit else None)


async def receipt_of(session: AsyncSession, actor: Actor, plan_id: uuid.UUID, uscc: str) -> tuple[str, str]:
    """A member's receipt in a plan, as stored, and its SHA-256; Problem `not_found`, as for a candidate."""
    statement = _entries(actor, plan_id).where(AdjustmentPlanEntry.uscc == uscc)
    entry = (await session.execute(statement)).scalar_one_or_none()
    if entry is None or entry.receipt is None:
        raise Problem(NOT_FOUND)
    return entry.receipt, entry.receipt_digest


def _entries(actor: Actor, plan_id: uuid.UUID) -> Select[AdjustmentPlanEntry]:
    statement = select(AdjustmentPlanEntry).where(AdjustmentPlanEntry.plan_id == plan_id)
    return statement if actor.city_code is None else statement.where(AdjustmentPlanEntry.city_code == actor.city_code)


async def _rules(session: AsyncSession, digest: str) -> Rules:
    kept = (await session.execute(select(AdjustmentRules).where(AdjustmentRules.digest == digest))).scalar_one()
    return load_rules(kept.text, origin=kept.rules_id)


def _entry_shown(entry: AdjustmentPlanEntry, name: str, rules: Rules, on: date) -> AdjustmentEntryOut:
    reasons, missing = entry.reasons, list[str]()
    if entry.receipt is not None:
        told = explain(rules, _member_of(entry.receipt), on)
        reasons, missing = [asdict(one) for one in told.reasons], list(told.missing_for_graduation)
    return AdjustmentEntryOut(
        position=entry.position,
        uscc=entry.uscc,
        name=name,
        city_code=entry.city_code,
        membership_id=entry.membership_id,
        assessment_id=entry.assessment_id,
        action=entry.action,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        action_zh=ACTIONS_ZH[entry.action],
        outcome=entry.outcome,
        reason_code=entry.reason_code,
        reasons=[ReasonOut.model_validate(one) for one in reasons],
        missing_for_graduation=missing,
        receipt_digest=entry.receipt_digest,
        hold_id=entry.hold_id,
        notice_id=entry.notice_id,
    )


def _member_of(receipt: str) -> dict[str, Any]:
    member: dict[str, Any] = json.loads(receipt)["member"]
    for name in ("admitted_on", "progress_on"):
        if member[name] is not None:
            member[name] = date.fromisoformat(member[name])
    return member
