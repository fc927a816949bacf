"""Who may decide on an objection or an appeal: a reviewer of another city, declared, who had no part in it."""

from __future__ import annotations

import uuid
from typing import Any, TypeAlias

from sqlalchemy import Select, SQLColumnExpression, func, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from services.evaluation.assessment.access import REVIEWER
from services.evaluation.notices.errors import DECIDED_ALREADY, DECIDED_BY_ANOTHER
from services.evaluation.review.declaring import declare
from services.evaluation.review.errors import STANDING
from services.evaluation.review.review_schemas import DeclarationIn
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Appeal, Assessment, Objection, Review, SelectionPlan
from shared.models.evaluation.notices import PublicNotice
from shared.security.actor import Actor

Decidable: TypeAlias = Objection | Appeal
_FIT = "none"


def content_open_to(actor: Actor, assessment_id: SQLColumnExpression[uuid.UUID]) -> ColumnElement[bool]:
    """Whether grounds and evidence are shown: to a reviewer only after declaring, and never against a bar."""
    if actor.role != REVIEWER:
        return literal(value=True)
    return _bar(actor, assessment_id) == _FIT


async def declare_to_decide(
    session: AsyncSession, actor: Actor, on: Decidable, notice: PublicNotice, declaration: DeclarationIn
) -> None:
    """Say whether there is a conflict of interest with the enterprise, before its case is shown; once it is open."""
    if on.status != "open":
        raise Problem(DECIDED_ALREADY)
    await _refuse_part_taken(session, actor, on, notice)
    application = select(Assessment.application_id).where(Assessment.id == on.assessment_id)
    statement = select(Review.id).where(Review.application_id == application.scalar_subquery())
    review_id = (await session.execute(statement)).scalar_one_or_none()
    if review_id is None:
        raise Problem(NOT_FOUND)
    await declare(session, actor, review_id, declaration, deciding=True)


async def refuse_unfit(session: AsyncSession, actor: Actor, on: Decidable, notice: PublicNotice) -> None:
    """Problem unless the actor may decide and know who objected; the database refuses the same."""
    await _refuse_part_taken(session, actor, on, notice)
    bar = (await session.execute(select(_bar(actor, literal(on.assessment_id))))).scalar_one()
    if bar != _FIT:
        raise Problem(STANDING[bar])


def _bar(actor: Actor, assessment_id: SQLColumnExpression[uuid.UUID]) -> ColumnElement[str]:
    return func.decider_bar(func.person_of(actor.subject), assessment_id)


async def _refuse_part_taken(session: AsyncSession, actor: Actor, on: Decidable, notice: PublicNotice) -> None:
    first = on.recorded_by if isinstance(on, Objection) else on.submitted_by
    took_part = union_all(
        select(func.judged_by(on.assessment_id)),
        select(func.person_of(literal(first))),
        _of_plan(SelectionPlan.proposed_by, notice),
        _of_plan(SelectionPlan.approved_by, notice),
    )
    statement = select(func.person_of(actor.subject).in_(took_part))
    if (await session.execute(statement)).scalar_one():
        raise Problem(DECIDED_BY_ANOTHER)


def _of_plan(name: SQLColumnExpression[Any], notice: PublicNotice) -> Select[str]:
    plan = SelectionPlan.id == notice.plan_id
    return select(func.person_of(name)).where(plan, name.is_not(None))
