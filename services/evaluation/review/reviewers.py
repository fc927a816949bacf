"""Register reviewers, and choose among them: least loaded first, then by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.review.review_schemas import ReviewerIn, ReviewerOut, ReviewerPage
from shared import audit
from shared.models.base import new_id
from shared.models.evaluation import Review, ReviewAssignment, ReviewDeclaration, Reviewer
from shared.security.actor import Actor


@dataclass(slots=True)
class Candidate:
    """A reviewer who may be given reviews; `load` grows as they are given."""

    person: str
    home_city_code: str
    load_limit: int
    load: int
    conflicts: set[str] = field(default_factory=set[str])


async def lock_reviewers(session: AsyncSession) -> list[Candidate]:
    """All active reviewers with their loads and the codes of enterprises they declared a conflict with.

    Locked until the transaction ends: whoever gives reviews away waits here, before locking any review.
    """
    locked = await session.execute(select(Reviewer).order_by(Reviewer.person).with_for_update(key_share=True))
    reviewers = [one for one in locked.scalars() if one.active]
    loads = await _loads(session)
    candidates = {
        one.person: Candidate(one.person, one.home_city_code, one.load_limit, loads.get(one.person, 0))
        for one in reviewers
    }
    conflicts = select(ReviewDeclaration.reviewer, Review.uscc).join(Review, Review.id == ReviewDeclaration.review_id)
    for person, uscc in await session.execute(conflicts.where(ReviewDeclaration.conflict)):
        if person in candidates:
            candidates[person].conflicts.add(uscc)
    return list(candidates.values())


async def _loads(session: AsyncSession) -> dict[str, int]:
    statement = (
        select(Review.assignee, func.count())
        .where(Review.assignee.is_not(None), Review.status != "done")
        .group_by(Review.assignee)
    )
    return {str(person): count for person, count in (await session.execute(statement)).all()}


def choose(candidates: Sequence[Candidate], review: Review, recommended_by: str | None) -> Candidate | None:
    """The least loaded who may review it and has room, by name among equals; counts it towards the load."""
    able = [
        one
        for one in candidates
        if one.load < one.load_limit
        and one.home_city_code != review.city_code
        and review.uscc not in one.conflicts
        and one.person != recommended_by
    ]
    chosen = min(able, key=lambda one: (one.load, one.person), default=None)
    if chosen is not None:
        chosen.load += 1
    return chosen


async def register_reviewer(session: AsyncSession, actor: Actor, reviewer_in: ReviewerIn) -> ReviewerOut:
    """Register somebody, or change the registration; a new home city takes away the reviews of that city."""
    person = (await session.execute(select(func.person_of(reviewer_in.subject)))).scalar_one()
    values = reviewer_in.model_dump()
    statement = insert(Reviewer).values(person=person, registered_by=actor.subject, **values)
    await session.execute(statement.on_conflict_do_update(index_elements=["person"], set_=values))
    await _take_away(session, actor, person, reviewer_in.home_city_code)
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="reviewer.register",
        subject=("reviewer", new_id()),
        detail=values,
    )
    return ReviewerOut(**values, load=(await _loads(session)).get(person, 0))


async def _take_away(session: AsyncSession, actor: Actor, person: str, city_code: str) -> None:
    held = select(Review.id).where(Review.assignee == person, Review.city_code == city_code)
    ids: Collection[object] = (await session.execute(held.order_by(Review.id).with_for_update())).scalars().all()
    if ids:
        await session.execute(update(Review).where(Review.id.in_(ids)).values(assignee=None, assigned_at=None))
        session.add_all(
            ReviewAssignment(
                review_id=id_,
                act="own_city",
                from_reviewer=person,
                to_reviewer=None,
                reason="own_city",
                acted_by=actor.subject,
            )
            for id_ in ids
        )


async def reviewer_page(session: AsyncSession, *, after: str | None, limit: int) -> ReviewerPage:
    """By name, with how many reviews each has."""
    statement = select(Reviewer).order_by(Reviewer.person).limit(limit + 1)
    if after is not None:
        statement = statement.where(Reviewer.person > after)
    rows = (await session.execute(statement)).scalars().all()
    loads = await _loads(session)
    items = [
        ReviewerOut(
            subject=one.subject,
            home_city_code=one.home_city_code,
            load_limit=one.load_limit,
            active=one.active,
            load=loads.get(one.person, 0),
        )
        for one in rows[:limit]
    ]
    return ReviewerPage(items=items, next_cursor=rows[limit - 1].person if len(rows) > limit else None)
