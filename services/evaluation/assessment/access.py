"""Which assessments a reviewer may look into: those declared to be without a conflict of interest."""

from __future__ import annotations

import uuid

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement, literal_column

from services.evaluation.assessment.errors import BARS, DECLARATION_MISSING
from shared.errors import Problem
from shared.models.evaluation import Assessment, Review, ReviewDeclaration
from shared.security.actor import Actor

REVIEWER = "reviewer"
# A row of the table as a whole, for the function in the database that judges it.
_REVIEW: ColumnElement[str] = literal_column("review")


def bar_of(subject: str) -> ColumnElement[str | None]:
    """Why this subject, under whichever spelling, may not act on the row of `review`; NULL where nothing bars it."""
    return func.reviewer_bar(func.person_of(subject), _REVIEW)


def declared_by(subject: str) -> ColumnElement[bool]:
    """Whether this subject has declared on the row of `review`; a conflict bars, so what remains is without one."""
    return exists().where(
        ReviewDeclaration.review_id == Review.id, ReviewDeclaration.reviewer == func.person_of(subject)
    )


def in_conflict(subject: str) -> ColumnElement[bool]:
    """Whether this subject has declared a conflict with the enterprise of the row of `assessment`."""
    return exists().where(
        ReviewDeclaration.review_id == Review.id,
        ReviewDeclaration.conflict,
        ReviewDeclaration.reviewer == func.person_of(subject),
        (Review.application_id == Assessment.application_id) | (Review.uscc == Assessment.uscc),
    )


async def refuse_unseen(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> None:
    """Raise unless the actor may see the content: a reviewer only after declaring, and never against a bar."""
    if actor.role != REVIEWER:
        return
    statement = select(bar_of(actor.subject), declared_by(actor.subject)).where(Review.application_id == application_id)
    bar, declared = (await session.execute(statement)).one_or_none() or (None, False)
    if bar is not None:
        raise Problem(BARS[bar])
    if not declared:
        raise Problem(DECLARATION_MISSING)
