"""What stands behind each change of a list by rule: a judgement, a consent withdrawn, a plan that ended a stay."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.backing import Backed
from services.finance.lists.differences import Change
from shared.models.finance import ListConsent
from shared.models.reads import EndedStay, ended_stays, present_codes


async def judged_changes(
    session: AsyncSession, changes: Sequence[Change], judgement_id: uuid.UUID, purpose: str | None
) -> list[Backed]:
    """Each change with its basis. Who left the pool or withdrew is removed for that; all else is the judgement's word."""
    removed = [one for one in changes if one.kind == "removed"]
    ended = await ended_stays(session, [one.membership_id for one in removed if one.membership_id is not None])
    withdrawn = {} if purpose is None else await _withdrawals(session, [one.uscc for one in removed], purpose)
    return [_backed(one, judgement_id, ended, withdrawn) for one in changes]


def _backed(
    change: Change,
    judgement_id: uuid.UUID,
    ended: Mapping[uuid.UUID, EndedStay],
    withdrawn: Mapping[str, uuid.UUID],
) -> Backed:
    if change.kind == "removed" and change.membership_id is not None and change.membership_id in ended:
        return Backed(change, "adjustment_plan", ended[change.membership_id].plan_id)
    if change.kind == "removed" and change.uscc in withdrawn:
        return Backed(change, "consent_withdrawal", withdrawn[change.uscc])
    return Backed(change, "judgement", judgement_id)


async def _withdrawals(session: AsyncSession, usccs: Sequence[str], purpose: str) -> dict[str, uuid.UUID]:
    """By code, the newest consent that was withdrawn, where none counts now."""
    present = await present_codes(session, usccs)
    found: dict[str, uuid.UUID] = {}
    for uscc in usccs:
        statement = (
            select(ListConsent.id, ListConsent.withdrawn_at)
            .where(
                func.holder_of_code(ListConsent.uscc) == func.holder_of_code(present[uscc]),
                ListConsent.purpose == purpose,
            )
            .order_by(ListConsent.withdrawn_at.desc().nulls_first())
            .limit(1)
        )
        newest = (await session.execute(statement)).one_or_none()
        if newest is not None and newest.withdrawn_at is not None:
            found[uscc] = newest.id
    return found
