"""What an enterprise, and its city, read of its own judgement: everything but who found and signed it."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.queries import assessment_in_full
from services.evaluation.assessment.schemas import AssessmentOut
from services.evaluation.assessment.stored import StoredReceipt, stored_receipt
from services.evaluation.notices.errors import NOT_ANNOUNCED
from shared import audit
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Assessment, PublicNotice, SelectionPlan
from shared.models.reads import present_codes
from shared.security.actor import Actor


async def own_judgement(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> AssessmentOut:
    """The current assessment of one's own application in full, without officers' names; the reading is audited.

    Problem `not_found` out of reach, `not_announced` before the cycle's result is.
    """
    assessment = await _announced(session, actor, application_id)
    shown = await assessment_in_full(session, actor, assessment.id)
    for criterion in shown.criteria:
        for part in criterion.parts:
            if part.finding is not None:
                part.finding.found_by = None
            if part.deviation is not None:
                part.deviation.proposed_by = part.deviation.signed_by = None
    await audit.record(
        session, service="evaluation", actor=actor, action="assessment.read_own", subject=("assessment", assessment.id)
    )
    return shown


async def own_receipt(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> StoredReceipt:
    """The receipt of the current assessment of one's own application; refused as `own_judgement` is."""
    return await stored_receipt(session, actor, (await _announced(session, actor, application_id)).id)


async def own_assessment(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> Assessment:
    """The current assessment of an application of one's own enterprise, or of one's own city; else `not_found`."""
    statement = select(Assessment).where(Assessment.application_id == application_id, Assessment.current)
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None or not await _is_own(session, actor, found):
        raise Problem(NOT_FOUND)
    return found


async def _is_own(session: AsyncSession, actor: Actor, assessment: Assessment) -> bool:
    if actor.uscc is None:
        return actor.city_code is not None and actor.city_code == assessment.city_code
    codes = await present_codes(session, {actor.uscc, assessment.uscc})
    return codes[assessment.uscc] == codes[actor.uscc]


async def _announced(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> Assessment:
    """Until it is, findings are no more than the present state of a review: nothing to be told, or appealed against."""
    assessment = await own_assessment(session, actor, application_id)
    notice = select(PublicNotice.id).where(PublicNotice.cycle_id == assessment.cycle_id)
    committed = select(SelectionPlan.id).where(
        SelectionPlan.cycle_id == assessment.cycle_id, SelectionPlan.status == "committed"
    )
    if not (await session.execute(select(notice.exists() | committed.exists()))).scalar_one():
        raise Problem(NOT_ANNOUNCED)
    return assessment
