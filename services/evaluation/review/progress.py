"""Keep a review's items and status equal to what its assessment still needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.review.items import ItemKey, Judged, items_of, status_of
from shared.models.evaluation import Review, ReviewItem


async def items_in(session: AsyncSession, review: Review) -> dict[ItemKey, ReviewItem]:
    rows = await session.execute(select(ReviewItem).where(ReviewItem.review_id == review.id))
    return {(item.part, item.kind): item for item in rows.scalars()}


async def store_items(
    session: AsyncSession,
    review: Review,
    judged: Judged,
    changes: Mapping[str, list[dict[str, Any]]] | None = None,
) -> None:
    """Open, close and remove items. With `changes` (by part) the assessment is a new one.

    What changed is then told on the item, and what somebody resolved by the old facts is open again.
    """
    stored = await items_in(session, review)
    wanted = items_of(judged)
    for key in stored.keys() - wanted.keys():
        await session.delete(stored.pop(key))
    for key in wanted.keys() - stored.keys():
        stored[key] = ReviewItem(review_id=review.id, part=key[0], kind=key[1], changes=[])
        session.add(stored[key])
    for key, item in stored.items():
        if changes is not None:
            _overtake(item, changes.get(key[0], []))
        item.open = wanted[key] and item.resolved_by is None
    review.status = status_of(judged, [key for key, item in stored.items() if item.open])
    await session.flush()


def _overtake(item: ReviewItem, changes: list[dict[str, Any]]) -> None:
    if changes:
        item.changes = changes
        item.resolved_by = item.resolution = item.resolved_at = None
