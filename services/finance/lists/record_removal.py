"""Record the decision on paper behind a removal that no plan in the system made."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.errors import (
    DECIDED_ALREADY,
    DECIDED_IN_FUTURE,
    LIST_BY_PROPOSAL,
    NOT_LISTED_NOW,
    STILL_A_MEMBER,
)
from services.finance.lists.history import listed_now
from services.finance.lists.programmes import readable_programme
from services.finance.lists.safeguards import programme_data
from services.finance.lists.schemas import RemovalIn, RemovalOut
from shared import audit, calendar
from shared.errors import Problem
from shared.models.base import new_id
from shared.models.finance import RemovalDecision
from shared.models.reads import is_live_stay
from shared.security.actor import Actor


async def record_removal(session: AsyncSession, actor: Actor, code: str, removal_in: RemovalIn) -> RemovalOut:
    """The decision; the next edition may remove the enterprise. It ends no stay: that has ended already.

    Problems `not_listed_now`, `still_a_member`, `decision_in_future`, `removal_decided_already`; the same decision by
    the same person again changes nothing.
    """
    programme = await readable_programme(session, actor, code)
    if programme_data(programme.code).origin == "judged":
        raise Problem(LIST_BY_PROPOSAL)
    if removal_in.decided_on > calendar.business_date(calendar.now()):
        raise Problem(DECIDED_IN_FUTURE)
    listed = (await listed_now(session, programme.code)).get(removal_in.uscc)
    if listed is None or listed.membership_id is None:
        raise Problem(NOT_LISTED_NOW)
    if await is_live_stay(session, listed.membership_id):
        raise Problem(STILL_A_MEMBER)
    statement = select(RemovalDecision).where(RemovalDecision.membership_id == listed.membership_id)
    earlier = (await session.execute(statement)).scalar_one_or_none()
    if earlier is not None:
        if earlier.recorded_by != actor.subject or _content(earlier) != removal_in:
            raise Problem(DECIDED_ALREADY)
        return RemovalOut.model_validate(earlier, from_attributes=True)
    decision = RemovalDecision(
        id=new_id(),
        programme_code=programme.code,
        membership_id=listed.membership_id,
        recorded_by=actor.subject,
        **removal_in.model_dump(),
    )
    session.add(decision)
    await session.flush()
    await session.refresh(decision)
    detail = {"programme": code, "uscc": decision.uscc, "document": decision.document}
    subject = ("removal_decision", decision.id)
    await audit.record(
        session, service="finance", actor=actor, action="list.record_removal", subject=subject, detail=detail
    )
    return RemovalOut.model_validate(decision, from_attributes=True)


def _content(decision: RemovalDecision) -> RemovalIn:
    return RemovalIn(
        uscc=decision.uscc, document=decision.document, decided_on=decision.decided_on, reason=decision.reason
    )
