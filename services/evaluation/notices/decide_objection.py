"""Uphold or dismiss an objection, with reasons, by somebody who had no part in recording it or in the plan."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.errors import DECIDED_ALREADY, DECIDED_BY_ANOTHER
from services.evaluation.notices.queries import objection_row, objection_shown
from services.evaluation.notices.schemas import DecisionIn, ObjectionOut
from services.evaluation.notices.standing import release_places, wait_for_plan
from shared import audit, calendar
from shared.errors import Problem
from shared.models.evaluation import Objection
from shared.security.actor import Actor

Decision = Literal["upheld", "dismissed"]


async def decide_objection(
    session: AsyncSession, actor: Actor, objection_id: uuid.UUID, decision: Decision, decision_in: DecisionIn
) -> ObjectionOut:
    """Deciding the same way again by the same person changes nothing.

    An upheld objection strikes the entry and gives up a place that was kept for it: to nobody, until a later plan.
    """
    _, entry, notice = await objection_row(session, actor, objection_id)
    plan = await wait_for_plan(session, notice)
    locked = select(Objection).where(Objection.id == objection_id).with_for_update()
    objection = (await session.execute(locked.execution_options(populate_existing=True))).scalar_one()
    if actor.subject in {objection.recorded_by, plan.proposed_by, plan.approved_by}:
        raise Problem(DECIDED_BY_ANOTHER)
    if objection.status != "open":
        if (objection.status, objection.decided_by) != (decision, actor.subject):
            raise Problem(DECIDED_ALREADY)
        return objection_shown(objection, notice.number, entry)
    objection.status, objection.decided_by = decision, actor.subject
    objection.decided_at, objection.decision_reason = calendar.now(), decision_in.reason
    await session.flush()
    if decision == "upheld":
        await release_places(session, plan.id, [objection.assessment_id], "struck")
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action=f"objection.{'uphold' if decision == 'upheld' else 'dismiss'}",
        subject=("objection", objection.id),
        detail={"notice": notice.number, "uscc": entry.uscc, "reason": decision_in.reason},
    )
    return objection_shown(objection, notice.number, entry)
