"""Open a judgement for review again: the same receipt, none of the findings; what was found before stays on record."""

from __future__ import annotations

import json

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.judge import conclude
from shared import calendar
from shared.models.base import new_id
from shared.models.evaluation import Assessment, CriterionResult


async def reopen_assessment(session: AsyncSession, assessment: Assessment) -> Assessment:
    """The assessment that takes the place of one the caller has locked, with every reviewable part open."""
    rulebook = await rulebook_of(session, assessment.rulebook_digest)
    conclusion = conclude(json.loads(assessment.receipt)["parts"], rulebook, {}, ())
    # First this one steps back: an application has one current assessment.
    assessment.current = False
    await session.flush()
    reopened = Assessment(
        id=new_id(),
        application_id=assessment.application_id,
        snapshot_id=assessment.snapshot_id,
        cycle_id=assessment.cycle_id,
        city_code=assessment.city_code,
        uscc=assessment.uscc,
        rulebook_digest=assessment.rulebook_digest,
        assessed_on=assessment.assessed_on,
        overall=conclusion.overall,
        receipt=assessment.receipt,
        receipt_digest=assessment.receipt_digest,
        inputs_digest=assessment.inputs_digest,
        conflicts=assessment.conflicts,
        current=True,
        reopening=assessment.reopening + 1,
        created_at=calendar.now(),
    )
    session.add(reopened)
    await session.flush()
    results = [
        {"assessment_id": reopened.id, "number": number, "verdict": verdict}
        for number, verdict in conclusion.criteria.items()
    ]
    await session.execute(insert(CriterionResult), results)
    return reopened
