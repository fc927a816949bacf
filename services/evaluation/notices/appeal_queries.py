"""Reads of appeals: a city's officers see their city's, an enterprise its own."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices.deciding import content_open_to
from services.evaluation.notices.schemas import UNSEEN, AppealOut, AppealPage, EvidenceOut
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Appeal, PublicNotice
from shared.security.actor import Actor


def appeal_shown(appeal: Appeal, number: str, actor: Actor, *, seen: bool = True) -> AppealOut:
    """`seen`: with what it is about; a reviewer sees that only after declaring."""
    shown = AppealOut(
        id=appeal.id,
        application_id=appeal.application_id,
        assessment_id=appeal.assessment_id,
        notice=number,
        uscc=appeal.uscc,
        city_code=appeal.city_code,
        grounds=appeal.grounds,
        document=appeal.document,
        evidence=[EvidenceOut.model_validate(one) for one in appeal.evidence],
        status=appeal.status,  # pyright: ignore[reportArgumentType] (a CHECK keeps it to these words)
        submitted_at=appeal.submitted_at,
        decided_by=appeal.decided_by if actor.uscc is None else None,
        decided_at=appeal.decided_at,
        decision_reason=appeal.decision_reason,
        reopened_as=appeal.reopened_as,
    )
    return shown if seen else shown.model_copy(update=UNSEEN)


async def appeal_row(session: AsyncSession, actor: Actor, appeal_id: uuid.UUID) -> tuple[Appeal, PublicNotice]:
    """An appeal with its notice; Problem `not_found` outside reach."""
    row = (await session.execute(_appeals(actor).where(Appeal.id == appeal_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return row[0], row[1]


async def appeal_declared(session: AsyncSession, actor: Actor, appeal_id: uuid.UUID) -> AppealOut:
    """An appeal as the actor may see it now."""
    row = (await session.execute(_appeals(actor).where(Appeal.id == appeal_id))).one()
    return appeal_shown(row[0], row[1].number, actor, seen=row[2])


async def appeal_page(
    session: AsyncSession,
    actor: Actor,
    *,
    application_id: uuid.UUID | None = None,
    status: str | None = None,
    after: uuid.UUID | None,
    limit: int,
) -> AppealPage:
    """Appeals within reach, in the order in which they were submitted."""
    statement = _appeals(actor).order_by(Appeal.id).limit(limit + 1)
    if application_id is not None:
        statement = statement.where(Appeal.application_id == application_id)
    if status is not None:
        statement = statement.where(Appeal.status == status)
    if after is not None:
        statement = statement.where(Appeal.id > after)
    rows = (await session.execute(statement)).all()
    items = [appeal_shown(row[0], row[1].number, actor, seen=row[2]) for row in rows[:limit]]
    return AppealPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def _appeals(actor: Actor) -> Select[Appeal, PublicNotice, bool]:
    seen = content_open_to(actor, Appeal.assessment_id).label("seen")
    statement = select(Appeal, PublicNotice, seen).join(PublicNotice, PublicNotice.id == Appeal.notice_id)
    return statement if actor.city_code is None else statement.where(Appeal.city_code == actor.city_code)
