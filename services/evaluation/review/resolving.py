"""Close an item that no finding closes: no deviation is proposed, or conflicting sources leave the verdict as it is."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.review.assigning import person_of
from services.evaluation.review.errors import NOTHING_TO_RESOLVE
from services.evaluation.review.progress import items_in
from services.evaluation.review.review_schemas import ResolutionIn
from services.evaluation.review.schemas import ReviewState
from services.evaluation.review.standing import lock_standing, refuse_without_standing, store_conclusion
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Review, ReviewItem
from shared.security.actor import Actor


async def resolve_item(
    session: AsyncSession, actor: Actor, review_id: uuid.UUID, resolution: ResolutionIn
) -> ReviewState:
    """By the assigned reviewer, with a reason; no verdict changes. The same by the same person changes nothing."""
    found = (await session.execute(select(Review).where(Review.id == review_id))).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    standing = await lock_standing(session, found.assessment_id)
    await refuse_without_standing(session, actor, found.assessment_id)
    item = (await items_in(session, found)).get((resolution.part, resolution.kind))
    if item is None or not (item.open or await _is_retry(session, actor, item, resolution)):
        raise Problem(NOTHING_TO_RESOLVE)
    if item.open:
        item.resolved_by, item.resolution, item.resolved_at = actor.subject, resolution.reason, calendar.now()
        await audit.record(
            session,
            service="evaluation",
            actor=actor,
            action="review.resolve",
            subject=("review", review_id),
            detail=resolution.model_dump(),
        )
        await session.flush()
    return await store_conclusion(session, standing)


async def _is_retry(session: AsyncSession, actor: Actor, item: ReviewItem, resolution: ResolutionIn) -> bool:
    if item.resolved_by is None or item.resolution != resolution.reason:
        return False
    return await person_of(session, item.resolved_by) == await person_of(session, actor.subject)
