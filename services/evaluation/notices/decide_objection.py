"""Uphold or dismiss an objection, with reasons, by a reviewer of another city who had no part in it."""

from __future__ import annotations

import uuid
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.deciding import refuse_unfit
from services.evaluation.notices.errors import DECIDED_ALREADY
from services.evaluation.notices.queries import objection_row, objection_shown
from services.evaluation.notices.schemas import DecisionIn, ObjectionOut
from services.evaluation.notices.standing import give_up_places, wait_for_plan
from shared import audit, calendar
from shared.candidacy import hold_candidacy
from shared.errors import Problem
from shared.models.evaluation import Objection
from shared.security.actor import Actor

Decision = Literal["upheld", "dismissed"]


async def decide_objection(
    session: AsyncSession, actor: Actor, objection_id: uuid.UUID, decision: Decision, decision_in: DecisionIn
) -> ObjectionOut:
    """Deciding the same way again by the same person changes nothing.

    An upheld objection strikes the entry and gives up a place that was kept for it: to nobody, until a later plan. It
    keeps the application out of the later plans of its cycle too, unless an accepted appeal reopens the judgement.
    """
    _, entry, notice = await objection_row(session, actor, objection_id)
    await wait_for_plan(session, notice)
    # Nor is any other plan of the cycle committed meanwhile: the objection concerns its entry too.
    await hold_candidacy(session, notice.cycle_id)
    locked = select(Objection).where(Objection.id == objection_id).with_for_update()
    objection = (await session.execute(locked.execution_options(populate_existing=True))).scalar_one()
    await refuse_unfit(session, actor, objection, notice)
    if objection.status != "open":
        if (objection.status, objection.decided_by) != (decision, actor.subject):
            raise Problem(DECIDED_ALREADY)
        return objection_shown(objection, notice.number, entry)
    objection.status, objection.decided_by = decision, actor.subject
    objection.decided_at, objection.decision_reason = calendar.now(), decision_in.reason
    await session.flush()
    if decision == "upheld":
        await give_up_places(session, objection)
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action=f"objection.{'uphold' if decision == 'upheld' else 'dismiss'}",
        subject=("objection", objection.id),
        detail={"notice": notice.number, "uscc": entry.uscc, "reason": decision_in.reason},
    )
    return objection_shown(objection, notice.number, entry)
