"""Correct a support action: a later row takes its place, or says that nothing of the kind took place; both stay."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.support.errors import (
    CLAIMED_ALREADY,
    CORRECTED_ALREADY,
    NOT_YOURS,
    OF_A_BANK,
    OF_A_REPORT,
    OF_AN_EVENT,
    WITHDRAWN_ALREADY,
)
from services.evaluation.support.ledger import hold_recording, within_reach
from services.evaluation.support.queries import current_claims, shown_in_order
from services.evaluation.support.record_actions import (
    audited_content,
    content_columns,
    content_faults,
    is_the_same,
    refuse,
    who_records,
)
from services.evaluation.support.schemas import ActionOut, CorrectionIn
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.base import new_id
from shared.models.evaluation import SupportAction
from shared.models.reads import enterprises_on_record
from shared.security.actor import Actor

# What is taken from elsewhere is corrected there.
_TAKEN = {"report": OF_A_REPORT, "bank": OF_A_BANK, "event": OF_AN_EVENT}


async def correct_action(
    session: AsyncSession, actor: Actor, action_id: uuid.UUID, correction_in: CorrectionIn
) -> ActionOut:
    """The correction. A city corrects what its own officers recorded, the province what any officer recorded.

    Problems `not_found`, `support_not_yours`, `support_of_a_report`, `support_of_a_bank`, `support_of_an_event`,
    `support_withdrawn_already`, `support_corrected_already`, `support_claimed_already`; the same correction by the same person again changes nothing.
    """
    action = await _correctable(session, actor, action_id)
    if correction_in.action is not None:
        refuse(list(content_faults("/action", correction_in.action, calendar.business_date(calendar.now()))))
    enterprise = (await enterprises_on_record(session, [action.uscc])).get(action.uscc)
    await hold_recording(session, [] if enterprise is None else [enterprise.id])
    row = _correction(actor, action, correction_in)
    earlier = await _correction_of(session, action_id)
    if earlier is not None:
        same = is_the_same(actor, earlier, row) and earlier.reason == row.reason
        if not same or earlier.withdrawn != row.withdrawn:
            raise Problem(CORRECTED_ALREADY)
        return (await shown_in_order(session, actor, [earlier.id]))[0]
    if enterprise is not None and row.claim is not None:
        claimed = (await current_claims(session, [enterprise.uscc])).get((enterprise.uscc, row.claim))
        if claimed is not None and claimed.id != action_id:
            raise Problem(CLAIMED_ALREADY)
    session.add(row)
    await session.flush()
    detail = audited_content(row) | {"corrects": str(action_id), "reason": row.reason, "withdrawn": row.withdrawn}
    subject = ("support_action", row.id)
    await audit.record(
        session, service="evaluation", actor=actor, action="support.correct", subject=subject, detail=detail
    )
    return (await shown_in_order(session, actor, [row.id]))[0]


async def _correctable(session: AsyncSession, actor: Actor, action_id: uuid.UUID) -> SupportAction:
    statement = select(SupportAction).where(SupportAction.id == action_id, within_reach(actor))
    action = (await session.execute(statement)).scalar_one_or_none()
    if action is None:
        raise Problem(NOT_FOUND)
    if action.source in _TAKEN:
        raise Problem(_TAKEN[action.source])
    if actor.city_code not in (None, action.by_city):
        raise Problem(NOT_YOURS)
    if action.withdrawn:
        raise Problem(WITHDRAWN_ALREADY)
    return action


async def _correction_of(session: AsyncSession, action_id: uuid.UUID) -> SupportAction | None:
    statement = select(SupportAction).where(SupportAction.corrects == action_id)
    return (await session.execute(statement)).scalar_one_or_none()


def _correction(actor: Actor, action: SupportAction, correction_in: CorrectionIn) -> SupportAction:
    content = {"kind": action.kind} if correction_in.action is None else content_columns(correction_in.action)
    return SupportAction(
        id=new_id(),
        uscc=action.uscc,
        city_code=action.city_code,
        corrects=action.id,
        reason=correction_in.reason,
        withdrawn=correction_in.action is None,
        **content,
        **who_records(actor),
    )
