"""What stands behind each change of a list: a committed plan, a change of the enterprise's record, a decision."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.differences import Change
from shared.models.finance import RemovalDecision
from shared.models.reads import ListedMember, PlanKind, committed_plans, plans_that_ended, recodings

BasisKind: TypeAlias = Literal[
    "selection_plan",
    "adjustment_plan",
    "enterprise_change",
    "removal_decision",
    "judgement",
    "consent_withdrawal",
    "register",
]


@dataclass(frozen=True, slots=True)
class Backed:
    """A change with what stands behind it; `basis` is None where nothing does."""

    change: Change
    basis: BasisKind | None
    basis_id: uuid.UUID | None


async def backed_changes(
    session: AsyncSession, changes: Sequence[Change], members: Mapping[str, ListedMember]
) -> list[Backed]:
    """Each change with its basis. A stay that leaves under one code and comes back under another was re-coded."""
    renewed = _recoded(changes)
    by_code = await recodings(session, sorted(renewed.values()))
    gone = [one.membership_id for one in changes if one.kind == "removed" and one.membership_id is not None]
    ended = await plans_that_ended(session, gone)
    opened = {members[one.uscc].plan_id for one in changes if one.kind == "added"}
    plans = await committed_plans(session, opened | set(ended.values()))
    known = _Known(renewed, by_code, plans, ended, await _decisions(session, gone))
    return [_backed(one, known, members) for one in changes]


@dataclass(frozen=True, slots=True)
class _Known:
    """New codes by stay, their changes by code, committed plans, the plan that ended a stay, decisions by stay."""

    renewed: Mapping[uuid.UUID, str]
    by_code: Mapping[str, uuid.UUID]
    plans: Mapping[uuid.UUID, PlanKind]
    ended: Mapping[uuid.UUID, uuid.UUID]
    decided: Mapping[uuid.UUID, uuid.UUID]


def _recoded(changes: Sequence[Change]) -> dict[uuid.UUID, str]:
    """Stays that go on under another code: the new code of each."""
    gone = {one.membership_id for one in changes if one.kind == "removed" and one.membership_id is not None}
    return {
        one.membership_id: one.uscc
        for one in changes
        if one.kind == "added" and one.membership_id is not None and one.membership_id in gone
    }


def _backed(change: Change, known: _Known, members: Mapping[str, ListedMember]) -> Backed:
    stay = change.membership_id
    if change.kind == "changed":
        return Backed(change, "register", None)
    if stay is not None and stay in known.renewed:
        change_id = known.by_code.get(known.renewed[stay])
        return Backed(change, "enterprise_change" if change_id else None, change_id)
    plan_id = (
        members[change.uscc].plan_id if change.kind == "added" else None if stay is None else known.ended.get(stay)
    )
    if plan_id is not None and plan_id in known.plans:
        return Backed(change, known.plans[plan_id], plan_id)
    decision = known.decided.get(stay) if change.kind == "removed" and stay is not None else None
    return Backed(change, "removal_decision" if decision else None, decision)


async def _decisions(session: AsyncSession, stays: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    statement = select(RemovalDecision.membership_id, RemovalDecision.id).where(
        RemovalDecision.membership_id.in_(stays)
    )
    return dict((await session.execute(statement)).all())
