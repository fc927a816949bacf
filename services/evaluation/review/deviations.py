"""Deviations from 原则上 standards: proposed with a reason, in force once a second person has signed."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.schemas import DeviationOut
from services.evaluation.review.errors import NOT_EXCUSABLE, PART_UNKNOWN, SECOND_PERSON
from services.evaluation.review.schemas import DeviationIn, ReviewState
from services.evaluation.review.standing import lock_standing, refuse_without_standing, store_conclusion
from shared import audit
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Deviation, Finding
from shared.security.actor import Actor


async def propose_deviation(
    session: AsyncSession, actor: Actor, assessment_id: uuid.UUID, deviation_in: DeviationIn
) -> DeviationOut:
    """Propose to excuse an 原则上 part that is not met; changes no verdict until it is signed."""
    standing = await lock_standing(session, assessment_id)
    await refuse_without_standing(session, actor, assessment_id)
    part = standing.part(deviation_in.part)
    if part is None:
        raise Problem(PART_UNKNOWN)
    if part.kind != "in_principle" or standing.settled(part.id) is not False:
        raise Problem(NOT_EXCUSABLE)
    deviation = Deviation(
        assessment_id=assessment_id, part=part.id, reason=deviation_in.reason, proposed_by=actor.subject
    )
    session.add(deviation)
    await session.flush()
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="deviation.propose",
        subject=("deviation", deviation.id),
        detail=deviation_in.model_dump(),
    )
    return DeviationOut.model_validate(deviation, from_attributes=True)


async def sign_deviation(session: AsyncSession, actor: Actor, deviation_id: uuid.UUID) -> ReviewState:
    """Sign as the second person, who neither proposed it nor found anything on its criterion.

    Signing again by the same person changes nothing.
    """
    found = (await session.execute(select(Deviation).where(Deviation.id == deviation_id))).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    standing = await lock_standing(session, found.assessment_id)
    await session.refresh(found)
    await refuse_without_standing(session, actor, found.assessment_id, assigned=False)
    await _refuse_first_person(session, actor, found)
    if found.signed_by is None:
        found.signed_by = actor.subject
        found.signed_at = func.now()
        standing.signed.add(found.part)
        await audit.record(
            session,
            service="evaluation",
            actor=actor,
            action="deviation.sign",
            subject=("deviation", deviation_id),
            detail={"part": found.part},
        )
    return await store_conclusion(session, standing)


async def _refuse_first_person(session: AsyncSession, actor: Actor, deviation: Deviation) -> None:
    """By person, not by role or spelling: whoever proposed it, or found something on its criterion, does not sign."""
    person = func.person_of(actor.subject)
    own_finding = select(Finding.id).where(
        Finding.assessment_id == deviation.assessment_id,
        func.split_part(Finding.part, ".", 1) == deviation.part.partition(".")[0],
        func.person_of(Finding.found_by) == person,
    )
    statement = select((func.person_of(deviation.proposed_by) == person) | own_finding.exists())
    if (await session.execute(statement)).scalar_one():
        raise Problem(SECOND_PERSON)
