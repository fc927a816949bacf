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
from shared.models.reads import ListedMember, committed_plans, recodings

BasisKind: TypeAlias = Literal["selection_plan", "enterprise_change", "removal_decision", "register"]


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
    plans = await committed_plans(session, {members[one.uscc].plan_id for one in changes if one.kind == "added"})
    gone = [one.membership_id for one in changes if one.kind == "removed" and one.membership_id is not None]
    decided = await _decisions(session, gone)
    return [_backed(one, renewed, by_code, plans, decided, members) for one in changes]


def _recoded(changes: Sequence[Change]) -> dict[uuid.UUID, str]:
    """Stays that go on under another code: the new code of each."""
    gone = {one.membership_id for one in changes if one.kind == "removed" and one.membership_id is not None}
    return {
        one.membership_id: one.uscc
        for one in changes
        if one.kind == "added" and one.membership_id is not None and one.membership_id in gone
    }


def _backed(
    change: Change,
    renewed: Mapping[uuid.UUID, str],
    by_code: Mapping[str, uuid.UUID],
    plans: Collection[uuid.UUID],
    decided: Mapping[uuid.UUID, uuid.UUID],
    members: Mapping[str, ListedMember],
) -> Backed:
    stay = change.membership_id
    if change.kind == "changed":
        return Backed(change, "register", None)
    if stay is not None and stay in renewed:
        change_id = by_code.get(renewed[stay])
        return Backed(change, "enterprise_change" if change_id else None, change_id)
    if change.kind == "added":
        plan_id = members[change.uscc].plan_id
        return Backed(change, "selection_plan", plan_id) if plan_id in plans else Backed(change, None, None)
    decision = None if stay is None else decided.get(stay)
    return Backed(change, "removal_decision" if decision else None, decision)


async def _decisions(session: AsyncSession, stays: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    statement = select(RemovalDecision.membership_id, RemovalDecision.id).where(
        RemovalDecision.membership_id.in_(stays)
    )
    return dict((await session.execute(statement)).all())
