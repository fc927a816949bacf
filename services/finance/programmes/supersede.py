"""Who left the pool for misconduct leaves every list by rule at once, by an edition that recalls the ones before."""

from __future__ import annotations

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.backing import Backed
from services.finance.lists.differences import changes_between
from services.finance.lists.history import listed_now
from services.finance.lists.publication import Cause, Draft, outcome_of, publish_draft
from services.finance.lists.safeguards import programme_data
from shared.models.finance import ListProgramme
from shared.models.reads import ended_stays
from shared.reference.province import province


async def supersede_lists(session: AsyncSession, pool_code: str, cause: Cause, key: OKPKey) -> None:
    """One edition of each list by rule that has somebody on it whose stay ended for misconduct; nobody approves it.

    It takes away and adds nothing. The plan that ended the stay, which two people approved, is its basis.
    """
    statement = (
        select(ListProgramme).where(ListProgramme.pool_code == pool_code).order_by(ListProgramme.code).with_for_update()
    )
    for programme in (await session.execute(statement)).scalars().all():
        if programme_data(programme.code).origin == "judged":
            await _supersede(session, programme, cause, key)


async def _supersede(session: AsyncSession, programme: ListProgramme, cause: Cause, key: OKPKey) -> None:
    if await outcome_of(session, programme, cause.event_id) is not None:
        return
    before = await listed_now(session, programme.code)
    ended = await ended_stays(session, [one.membership_id for one in before.values() if one.membership_id is not None])
    reasons = province().programmes.recall_reasons
    gone = {stay: one for stay, one in ended.items() if one.reason in reasons}
    after = {uscc: one for uscc, one in before.items() if one.membership_id not in gone}
    backed = [
        Backed(change, "adjustment_plan", gone[change.membership_id].plan_id)
        for change in changes_between(before, after)
        if change.membership_id is not None
    ]
    if backed:
        await publish_draft(session, programme, cause, key, Draft(before, after, backed))
