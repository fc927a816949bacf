"""Reads of reviews: the queue, one review, and how far a cycle is."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.access import REVIEWER, bar_of, declared_by
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.review.assigning import person_of
from services.evaluation.review.declaring import waits_for_signature_of
from services.evaluation.review.review_schemas import (
    ItemOut,
    KindCounts,
    MoveOut,
    ReviewCounts,
    ReviewOut,
    ReviewPage,
    Whose,
)
from shared.errors import FORBIDDEN, NOT_FOUND, Problem
from shared.models.evaluation import (
    REVIEW_ITEM_KINDS,
    Assessment,
    Review,
    ReviewAssignment,
    ReviewDeclaration,
    ReviewItem,
)
from shared.models.reads import enterprise_names, pinned_cycle
from shared.security.actor import Actor


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list of reviews is narrowed to; None: not narrowed."""

    whose: Whose
    cycle_id: uuid.UUID | None = None
    status: str | None = None
    kind: str | None = None
    assessment_id: uuid.UUID | None = None


async def review_page(
    session: AsyncSession, actor: Actor, wanted: Wanted, *, after: uuid.UUID | None, limit: int
) -> ReviewPage:
    """Reviews in order of id. A reviewer asks for their own or for what waits for their signature, nothing else."""
    person = await person_of(session, actor.subject)
    statement = _within_reach(_narrowed(wanted), actor, person, wanted)
    if after is not None:
        statement = statement.where(Review.id > after)
    rows = (await session.execute(statement.order_by(Review.id).limit(limit + 1))).all()
    reviews = await _reviews_out(session, [(row[0], row[1]) for row in rows[:limit]])
    return ReviewPage(items=reviews, next_cursor=reviews[-1].id if len(rows) > limit else None)


def _narrowed(wanted: Wanted) -> Select[Review]:
    statement = select(Review)
    for column, value in ((Review.cycle_id, wanted.cycle_id), (Review.assessment_id, wanted.assessment_id)):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.status is not None:
        statement = statement.where(Review.status == wanted.status)
    if wanted.kind is not None:
        item = exists().where(ReviewItem.review_id == Review.id, ReviewItem.kind == wanted.kind, ReviewItem.open)
        statement = statement.where(item)
    return statement


def _within_reach(statement: Select[Review], actor: Actor, person: str, wanted: Wanted) -> Select[Review, bool]:
    """With whether the actor may see the content of each."""
    seen = declared_by(actor.subject) if actor.role == REVIEWER else func.coalesce(True, True)
    match wanted.whose:
        case "mine":
            statement = statement.where(Review.assignee == person)
        case "to_sign":
            statement = statement.where(waits_for_signature_of(person), bar_of(actor.subject).is_(None))
        case "unassigned":
            statement = statement.where(Review.assignee.is_(None))
        case "all":
            pass
    if actor.role == REVIEWER:
        if wanted.whose not in ("mine", "to_sign"):
            raise Problem(FORBIDDEN)
        # To be asked about its content, a review must have been declared: a filter tells as much as a page.
        if wanted.status is not None or wanted.kind is not None:
            statement = statement.where(seen)
    return statement.add_columns(seen)


async def review_in_full(session: AsyncSession, actor: Actor, review_id: uuid.UUID) -> ReviewOut:
    """One review with its items and history; to a reviewer only their own or one to sign, else `not_found`."""
    person = await person_of(session, actor.subject)
    reviewing = actor.role == REVIEWER
    declared = declared_by(actor.subject)
    statement = select(Review, declared if reviewing else func.coalesce(True, True)).where(Review.id == review_id)
    if reviewing:
        near = (Review.assignee == person) | waits_for_signature_of(person) | declared
        statement = statement.where(bar_of(actor.subject).is_(None), near)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    (review,) = await _reviews_out(session, [(row[0], row[1])])
    if row[1]:
        review.items = await _items(session, row[0])
        review.history = await _history(session, review_id)
    return review


async def review_declared(session: AsyncSession, actor: Actor, review_id: uuid.UUID) -> ReviewOut:
    """After a declaration: the review in full, or with a conflict the little that was known before it."""
    barred = (await session.execute(select(bar_of(actor.subject)).where(Review.id == review_id))).scalar_one()
    return await (review_summary(session, review_id) if barred else review_in_full(session, actor, review_id))


async def review_summary(session: AsyncSession, review_id: uuid.UUID) -> ReviewOut:
    """What anybody may know of a review: what is shown before a declaration."""
    review = (await session.execute(select(Review).where(Review.id == review_id))).scalar_one()
    (summary,) = await _reviews_out(session, [(review, False)])
    return summary


async def _reviews_out(session: AsyncSession, rows: Sequence[tuple[Review, bool]]) -> list[ReviewOut]:
    names = await enterprise_names(session, [review.uscc for review, _ in rows])
    codes: dict[uuid.UUID, str] = {}
    for cycle_id in {review.cycle_id for review, _ in rows}:
        cycle = await pinned_cycle(session, cycle_id=cycle_id)
        codes[cycle_id] = "" if cycle is None else cycle.code
    return [_review_out(review, names.get(review.uscc, ""), codes[review.cycle_id], seen) for review, seen in rows]


def _review_out(review: Review, name: str, cycle: str, seen: bool) -> ReviewOut:
    out = ReviewOut(id=review.id, cycle=cycle, enterprise_name=name, city_code=review.city_code, declared=seen)
    if not seen:
        return out
    told = ("assessment_id", "uscc", "status", "assignee", "overtaken_at")
    return out.model_copy(update={member: getattr(review, member) for member in told})


async def _items(session: AsyncSession, review: Review) -> list[ItemOut]:
    digest = select(Assessment.rulebook_digest).where(Assessment.id == review.assessment_id)
    rulebook = await rulebook_of(session, (await session.execute(digest)).scalar_one())
    titles = {part.id: part.title for part in rulebook.parts}
    rows = await session.execute(
        select(ReviewItem).where(ReviewItem.review_id == review.id).order_by(ReviewItem.part, ReviewItem.kind)
    )
    # A transitional clause adds no part: every part has a title.
    return [
        ItemOut(
            part=item.part,
            title=titles[item.part],
            kind=item.kind,
            open=item.open,
            changes=item.changes,
            resolved_by=item.resolved_by,
            resolution=item.resolution,
        )
        for item in rows.scalars()
    ]


async def _history(session: AsyncSession, review_id: uuid.UUID) -> list[MoveOut]:
    rows = await session.execute(
        select(ReviewAssignment).where(ReviewAssignment.review_id == review_id).order_by(ReviewAssignment.id)
    )
    return [MoveOut.model_validate(move, from_attributes=True) for move in rows.scalars()]


async def review_counts(session: AsyncSession, cycle_id: uuid.UUID) -> ReviewCounts:
    """How far a cycle's reviews are, and the items of each kind."""
    undeclared = and_(
        Review.assignee.is_not(None),
        ~exists().where(ReviewDeclaration.review_id == Review.id, ReviewDeclaration.reviewer == Review.assignee),
    )
    is_open = Review.status == "open"
    statement = select(
        func.count().label("reviews"),
        *(func.count().filter(Review.status == status).label(status) for status in ("open", "moot", "done")),
        func.count().filter(is_open, Review.assignee.is_(None)).label("unassigned"),
        func.count().filter(is_open, undeclared).label("undeclared"),
    ).where(Review.cycle_id == cycle_id)
    reviews = (await session.execute(statement)).mappings().one()
    kinds = (
        select(ReviewItem.kind, func.count().filter(ReviewItem.open), func.count().filter(~ReviewItem.open))
        .join(Review, Review.id == ReviewItem.review_id)
        .where(Review.cycle_id == cycle_id)
        .group_by(ReviewItem.kind)
    )
    counted = {kind: KindCounts(open=waiting, closed=closed) for kind, waiting, closed in await session.execute(kinds)}
    items = {kind: counted.get(kind, KindCounts(open=0, closed=0)) for kind in REVIEW_ITEM_KINDS}
    return ReviewCounts.model_validate({**reviews, "items": items})
