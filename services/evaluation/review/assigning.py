"""Give reviews to people: by balance, by an assigner's word, or by the assignee's own delegation."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any, Literal

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.access import bar_of
from services.evaluation.review.errors import DELEGATED_TO_ONESELF, NOT_ASSIGNED, REVIEWER_FULL, STANDING
from services.evaluation.review.overtaking import bring_cycle_up_to_date
from services.evaluation.review.review_schemas import AssignIn, AssignmentOut, HandOverIn
from services.evaluation.review.reviewers import choose, lock_reviewers
from shared import audit, calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Review, ReviewAssignment
from shared.models.reads import PinnedCycle
from shared.security.actor import Actor

_GIVE = text(
    "UPDATE review SET assignee = given.person, assigned_at = now() "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:people AS text[])) AS given(id, person) WHERE review.id = given.id"
)


async def assign_reviews(session: AsyncSession, actor: Actor, cycle: PinnedCycle, assign_in: AssignIn) -> AssignmentOut:
    """Give the cycle's unassigned reviews, in order of id, to the least loaded who may have them.

    Two who assign at once wait for one another at the reviewers' rows, so none is given twice.
    """
    await bring_cycle_up_to_date(session, cycle.id)
    candidates = await lock_reviewers(session)
    wanted = ("open", "moot") if assign_in.include_moot else ("open",)
    statement = (
        select(Review, func.person_of(Review.recommended_by))
        .where(Review.cycle_id == cycle.id, Review.assignee.is_(None), Review.status.in_(wanted))
        .order_by(Review.id)
        .limit(assign_in.limit)
        .with_for_update(of=Review, key_share=True)
    )
    waiting = (await session.execute(statement)).all()
    chosen = [(review, choose(candidates, review, recommended_by)) for review, recommended_by in waiting]
    given = [(review.id, candidate.person) for review, candidate in chosen if candidate is not None]
    await _give(session, actor, given)
    return AssignmentOut(
        assigned=len(given),
        unassigned=len(chosen) - len(given),
        by_reviewer=dict(sorted(Counter(person for _, person in given).items())),
    )


async def _give(session: AsyncSession, actor: Actor, given: list[tuple[uuid.UUID, str]]) -> None:
    if not given:
        return
    await session.execute(_GIVE, {"ids": [id_ for id_, _ in given], "people": [person for _, person in given]})
    session.add_all(
        ReviewAssignment(review_id=id_, act="assign", to_reviewer=person, acted_by=actor.subject)
        for id_, person in given
    )
    await audit.record_each(
        session,
        service="evaluation",
        actor=actor,
        action="review.assign",
        acts=[(("review", id_), {"to": person}) for id_, person in given],
    )


async def lock_review(session: AsyncSession, review_id: uuid.UUID) -> Review:
    """The review, locked; whoever also locks reviewers does that first."""
    statement = select(Review).where(Review.id == review_id).with_for_update(key_share=True)
    review = (await session.execute(statement.execution_options(populate_existing=True))).scalar_one_or_none()
    if review is None:
        raise Problem(NOT_FOUND)
    return review


async def reassign_review(session: AsyncSession, actor: Actor, review_id: uuid.UUID, to: HandOverIn) -> uuid.UUID:
    """Give a review to a named person, whoever had it; to whom has it already, nothing changes."""
    candidates = await lock_reviewers(session)
    review = await lock_review(session, review_id)
    await _hand_over(session, actor, review, to, "reassign", {one.person: one for one in candidates})
    return review_id


async def delegate_review(session: AsyncSession, actor: Actor, review_id: uuid.UUID, to: HandOverIn) -> uuid.UUID:
    """The assignee gives the review to somebody else; asked again, nothing changes."""
    candidates = await lock_reviewers(session)
    review = await lock_review(session, review_id)
    person = await person_of(session, actor.subject)
    if review.assignee != person:
        if await _delegated_before(session, review, person, await person_of(session, to.to)):
            return review_id
        raise Problem(NOT_ASSIGNED)
    if await person_of(session, to.to) == person:
        raise Problem(DELEGATED_TO_ONESELF)
    await _hand_over(session, actor, review, to, "delegate", {one.person: one for one in candidates})
    return review_id


async def person_of(session: AsyncSession, subject: str) -> str:
    """One person, however the name is written."""
    return (await session.execute(select(func.person_of(subject)))).scalar_one()


async def _delegated_before(session: AsyncSession, review: Review, person: str, target: str) -> bool:
    statement = select(ReviewAssignment).where(ReviewAssignment.review_id == review.id)
    last = (await session.execute(statement.order_by(ReviewAssignment.id.desc()).limit(1))).scalar_one_or_none()
    return last is not None and (last.act, last.from_reviewer, last.to_reviewer) == ("delegate", person, target)


async def _hand_over(
    session: AsyncSession,
    actor: Actor,
    review: Review,
    to: HandOverIn,
    act: Literal["reassign", "delegate"],
    candidates: dict[str, Any],
) -> None:
    target = await person_of(session, to.to)
    if review.assignee == target:
        return
    bar = (await session.execute(select(bar_of(to.to)).where(Review.id == review.id))).scalar_one()
    if bar is not None:
        raise Problem(STANDING[bar])
    if candidates[target].load >= candidates[target].load_limit:
        raise Problem(REVIEWER_FULL)
    await move_review(session, actor, review, target, act, to.reason)


async def move_review(
    session: AsyncSession, actor: Actor, review: Review, to: str | None, act: str, reason: str
) -> None:
    """Give a locked review to a person who may have it, or to nobody, with a row of history and an audit entry."""
    taken_from = review.assignee
    review.assignee, review.assigned_at = to, None if to is None else calendar.now()
    session.add(
        ReviewAssignment(
            review_id=review.id,
            act=act,
            from_reviewer=taken_from,
            to_reviewer=to,
            reason=reason,
            acted_by=actor.subject,
        )
    )
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action=f"review.{act}",
        subject=("review", review.id),
        detail={"from": taken_from, "to": to, "reason": reason},
    )
    await session.flush()
