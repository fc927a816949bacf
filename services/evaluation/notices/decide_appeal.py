"""Accept an appeal, which opens its assessment for review again, or reject it; both with reasons, by a third person."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import hold_judging
from services.evaluation.notices.appeal_queries import appeal_row, appeal_shown
from services.evaluation.notices.deciding import refuse_unfit
from services.evaluation.notices.errors import DECIDED_ALREADY
from services.evaluation.notices.reopen_assessment import reopen_assessment
from services.evaluation.notices.schemas import AppealOut, DecisionIn
from services.evaluation.review.errors import ASSESSMENT_SUPERSEDED
from services.evaluation.review.overtaking import bring_up_to_date
from shared import audit, calendar
from shared.candidacy import hold_candidacy
from shared.errors import Problem
from shared.models.evaluation import Appeal, Assessment
from shared.security.actor import Actor

Decision = Literal["accepted", "rejected"]


async def decide_appeal(
    session: AsyncSession, actor: Actor, appeal_id: uuid.UUID, decision: Decision, decision_in: DecisionIn
) -> AppealOut:
    """Deciding the same way again by the same person changes nothing.

    No plan of the cycle is committed meanwhile, and none that was published before an acceptance is afterwards.
    """
    appeal, notice = await appeal_row(session, actor, appeal_id)
    await hold_candidacy(session, notice.cycle_id)
    locked = select(Appeal).where(Appeal.id == appeal_id).with_for_update()
    appeal = (await session.execute(locked.execution_options(populate_existing=True))).scalar_one()
    await refuse_unfit(session, actor, appeal, notice)
    if appeal.status != "open":
        if (appeal.status, appeal.decided_by) != (decision, actor.subject):
            raise Problem(DECIDED_ALREADY)
        return appeal_shown(appeal, notice.number, actor)
    reopened = await _reopened(session, appeal) if decision == "accepted" else None
    appeal.status, appeal.decided_by = decision, actor.subject
    appeal.decided_at, appeal.decision_reason = calendar.now(), decision_in.reason
    appeal.reopened_as = None if reopened is None else reopened.id
    await session.flush()
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action=f"appeal.{'accept' if decision == 'accepted' else 'reject'}",
        subject=("appeal", appeal.id),
        detail={
            "application_id": str(appeal.application_id),
            "reason": decision_in.reason,
            "reopened_as": None if reopened is None else str(reopened.id),
        },
    )
    return appeal_shown(appeal, notice.number, actor)


async def _reopened(session: AsyncSession, appeal: Appeal) -> Assessment:
    await hold_judging(session, [appeal.application_id])
    statement = select(Assessment).where(Assessment.id == appeal.assessment_id).with_for_update()
    assessment = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one()
    if not assessment.current:
        raise Problem(ASSESSMENT_SUPERSEDED)
    reopened = await reopen_assessment(session, assessment)
    await bring_up_to_date(session, [appeal.application_id])
    return reopened
