"""Reads of applications, always within the actor's reach."""

from __future__ import annotations

import uuid
from typing import Any, TypeVarTuple

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.schemas import ApplicationOut, ApplicationPage
from shared.models.intake import Application, ApplicationSnapshot, Cycle, Enterprise
from shared.security.actor import Actor

Row = TypeVarTuple("Row")


def within_reach(statement: Select[*Row], actor: Actor) -> Select[*Row]:
    """Limit a statement over Application and Enterprise to what the actor may see."""
    if actor.uscc is not None:
        statement = statement.where(Enterprise.uscc == actor.uscc)
    if actor.city_code is not None:
        statement = statement.where(Application.city_code == actor.city_code)
    return statement


def _select(actor: Actor) -> Select[Application, str, str, str]:
    statement = (
        select(Application, Enterprise.uscc, Enterprise.name, Cycle.code)
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
    )
    return within_reach(statement, actor)


def _shown(row: Any, payload: dict[str, Any] | None = None) -> ApplicationOut:
    application: Application = row.Application
    return ApplicationOut(
        id=application.id,
        cycle=row.code,
        uscc=row.uscc,
        name=row.name,
        city_code=application.city_code,
        status=application.status,
        revision=application.revision,
        return_reasons=(application.return_reasons or {}).get("items"),
        submitted_at=application.submitted_at,
        form=payload,
    )


async def application_page(
    session: AsyncSession,
    actor: Actor,
    *,
    cycle: str | None,
    status: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> ApplicationPage:
    """Up to `limit` applications in order of id, without their forms, and the cursor of the next page."""
    statement = _select(actor).order_by(Application.id).limit(limit + 1)
    if cycle is not None:
        statement = statement.where(Cycle.code == cycle)
    if status is not None:
        statement = statement.where(Application.status == status)
    if after is not None:
        statement = statement.where(Application.id > after)
    rows = (await session.execute(statement)).all()
    items = [_shown(row) for row in rows[:limit]]
    return ApplicationPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def application_with_form(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID
) -> ApplicationOut | None:
    """One application with its newest snapshot's form; None outside the actor's reach."""
    row = (await session.execute(_select(actor).where(Application.id == application_id))).one_or_none()
    if row is None:
        return None
    newest = select(ApplicationSnapshot.payload).where(
        ApplicationSnapshot.application_id == application_id,
        ApplicationSnapshot.revision == row.Application.revision,
    )
    return _shown(row, (await session.execute(newest)).scalar_one())
