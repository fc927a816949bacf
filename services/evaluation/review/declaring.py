"""Declarations of conflict of interest: before anything is shown, and a conflict takes the review away for good."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from services.evaluation.assessment.access import bar_of
from services.evaluation.review.assigning import lock_review, move_review, person_of
from services.evaluation.review.errors import NOT_ASSIGNED, STANDING
from services.evaluation.review.review_schemas import DeclarationIn
from services.evaluation.review.reviewers import choose, lock_reviewers
from shared import audit
from shared.errors import NOT_FOUND, Problem
from shared.models.base import new_id
from shared.models.evaluation import Deviation, Review, ReviewDeclaration
from shared.security.actor import Actor


async def declare(
    session: AsyncSession, actor: Actor, review_id: uuid.UUID, declaration: DeclarationIn, *, deciding: bool = False
) -> uuid.UUID:
    """By the assignee, or by whoever could sign a deviation that waits; the same again changes nothing.

    `deciding`: by any reviewer whom nothing bars, to decide on an objection or an appeal.

    With a conflict the review goes to the least loaded other reviewer, or to nobody where none may have it.
    """
    if declaration.conflict:
        await _declare_conflict(session, actor, review_id, declaration, deciding=deciding)
    else:
        await declare_none(session, actor, [review_id], deciding=deciding)
    return review_id


async def declare_none(
    session: AsyncSession, actor: Actor, review_ids: Collection[uuid.UUID], *, deciding: bool = False
) -> int:
    """That there is no conflict in any of these reviews, all or none; returns how many were not yet declared."""
    person = await person_of(session, actor.subject)
    statement = (
        select(Review.id, Review.assignee, bar_of(actor.subject), waits_for_signature_of(person))
        .where(Review.id.in_(review_ids))
        .order_by(Review.id)
        .with_for_update(of=Review, key_share=True)
    )
    rows = (await session.execute(statement)).all()
    if len(rows) < len(set(review_ids)):
        raise Problem(NOT_FOUND)
    for _, assignee, bar, may_sign in rows:
        if bar is not None:
            raise Problem(STANDING[bar])
        if assignee != person and not may_sign and not deciding:
            raise Problem(NOT_ASSIGNED)
    return await _store(session, actor, person, [row.id for row in rows], DeclarationIn(conflict=False))


async def _declare_conflict(
    session: AsyncSession, actor: Actor, review_id: uuid.UUID, declaration: DeclarationIn, *, deciding: bool
) -> None:
    candidates = await lock_reviewers(session)
    review = await lock_review(session, review_id)
    person = await person_of(session, actor.subject)
    if await _has_conflict(session, review, person):
        return
    await _refuse_outsider(session, actor, person, review, deciding=deciding)
    await _store(session, actor, person, [review.id], declaration)
    if review.assignee == person:
        recommended_by = (await session.execute(select(func.person_of(review.recommended_by)))).scalar_one()
        others = [one for one in candidates if one.person != person]
        chosen = choose(others, review, recommended_by)
        # The reason is its author's: whoever gets the review learns only that there was one.
        await move_review(session, actor, review, chosen.person if chosen else None, "conflict", "利益冲突回避")


async def _refuse_outsider(session: AsyncSession, actor: Actor, person: str, review: Review, *, deciding: bool) -> None:
    statement = select(bar_of(actor.subject), waits_for_signature_of(person)).where(Review.id == review.id)
    bar, may_sign = (await session.execute(statement)).one()
    if bar is not None:
        raise Problem(STANDING[bar])
    if review.assignee != person and not may_sign and not deciding:
        raise Problem(NOT_ASSIGNED)


def waits_for_signature_of(person: str) -> ColumnElement[bool]:
    """Whether a deviation on the row of `review` waits for a signature that this person's could be."""
    return exists().where(
        Deviation.assessment_id == Review.assessment_id,
        Deviation.signed_by.is_(None),
        func.person_of(Deviation.proposed_by) != person,
    )


async def _has_conflict(session: AsyncSession, review: Review, person: str) -> bool:
    declared = select(ReviewDeclaration.id).where(
        ReviewDeclaration.review_id == review.id, ReviewDeclaration.reviewer == person, ReviewDeclaration.conflict
    )
    return (await session.execute(select(declared.exists()))).scalar_one()


async def _store(
    session: AsyncSession, actor: Actor, person: str, review_ids: Collection[uuid.UUID], declaration: DeclarationIn
) -> int:
    values = [{"id": new_id(), "review_id": id_, "reviewer": person, **declaration.model_dump()} for id_ in review_ids]
    statement = insert(ReviewDeclaration).values(values).on_conflict_do_nothing().returning(ReviewDeclaration.review_id)
    new = (await session.execute(statement)).scalars().all()
    await audit.record_each(
        session,
        service="evaluation",
        actor=actor,
        action="review.declare",
        acts=[(("review", id_), {"conflict": declaration.conflict}) for id_ in new],
    )
    return len(new)
