"""Reads of applications, always within the actor's reach."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVarTuple, cast

from sqlalchemy import Select, Uuid, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.confirmations import confirmations_of
from services.intake.applications.schemas import ApplicationOut, ApplicationPage, SectionOut
from services.intake.applications.transitions import Status
from services.intake.applications.who_acted import Reader
from services.intake.enterprises.queries import own_records
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import (
    Application,
    ApplicationSnapshot,
    Cycle,
    Enterprise,
    SectionConfirmation,
)
from shared.models.intake.applications import APPLICATION_SECTIONS
from shared.security.actor import Actor

Row = TypeVarTuple("Row")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which applications a list shows; None does not limit."""

    cycle: str | None = None
    status: Status | None = None
    city: str | None = None
    uscc: str | None = None
    correction_overdue: bool | None = None


def within_reach(statement: Select[*Row], actor: Actor) -> Select[*Row]:
    """Limit a statement over Application and Enterprise to what the actor may see."""
    if actor.uscc is not None:
        statement = statement.where(Enterprise.id.in_(own_records(actor.uscc)))
    if actor.city_code is not None:
        statement = statement.where(Application.city_code == actor.city_code)
    if actor.role == "reviewer":
        statement = statement.where(Application.id.in_(open_to_reviewer(actor)))
    return statement


def open_to_reviewer(actor: Actor) -> Select[uuid.UUID]:
    """Applications on whose review this person has declared to be without a conflict of interest, and is not barred."""
    return select(func.applications_open_to(actor.subject, type_=Uuid))


async def cycle_within_reach(session: AsyncSession, actor: Actor, application_id: uuid.UUID) -> uuid.UUID:
    """The id of the application's cycle; Problem `not_found` outside the actor's reach."""
    statement = select(Application.cycle_id).join(Enterprise, Enterprise.id == Application.enterprise_id)
    found = await session.execute(within_reach(statement, actor).where(Application.id == application_id))
    cycle_id = found.scalar_one_or_none()
    if cycle_id is None:
        raise Problem(NOT_FOUND)
    return cycle_id


# Nothing moves it by itself: the city is to see that the time it gave is over. `may_correct` asks the same clock.
correction_overdue = and_(Application.status == "returned", Application.correct_until <= func.now())


def _select(actor: Actor) -> Select[Application, str, str, str, bool]:
    statement = (
        select(Application, Enterprise.uscc, Enterprise.name, Cycle.code, correction_overdue.label("overdue"))
        .join(Enterprise, Enterprise.id == Application.enterprise_id)
        .join(Cycle, Cycle.id == Application.cycle_id)
    )
    return within_reach(statement, actor)


def _shown(
    actor: Actor, row: Any, confirmed: Mapping[str, SectionConfirmation], payload: dict[str, Any] | None = None
) -> ApplicationOut:
    application: Application = row.Application
    reader = Reader(actor, application.city_code)
    return ApplicationOut(
        id=application.id,
        cycle=row.code,
        uscc=row.uscc,
        name=row.name,
        city_code=application.city_code,
        status=cast("Status", application.status),
        status_reason=application.status_reason,
        revision=application.revision,
        return_reasons=(application.return_reasons or {}).get("items"),
        correct_until=application.correct_until,
        correction_overdue=row.overdue,
        submitted_at=application.submitted_at,
        sections=[
            _section(reader, name, confirmed.get(name), name in (application.reopened_sections or ()))
            for name in APPLICATION_SECTIONS
        ],
        form=payload,
    )


def _section(reader: Reader, name: str, confirmed: SectionConfirmation | None, reopened: bool) -> SectionOut:
    return SectionOut(
        section=name,
        reopened=reopened,
        confirmed_revision=confirmed.revision if confirmed else None,
        # Whoever spoke it, a recommendation is its city's.
        confirmed_by=reader.name(confirmed.confirmed_by, "city_officer") if confirmed else None,
        confirmed_at=confirmed.confirmed_at if confirmed else None,
    )


def listed_applications(actor: Actor, wanted: Wanted) -> Select[Application, str, str, str, bool]:
    """Applications within reach in order of id, as they are wanted: what every list of them shows."""
    statement = _select(actor).order_by(Application.id)
    if wanted.cycle is not None:
        statement = statement.where(Cycle.code == wanted.cycle)
    if wanted.status is not None:
        statement = statement.where(Application.status == wanted.status)
    if wanted.city is not None:
        statement = statement.where(Application.city_code == wanted.city)
    if wanted.uscc is not None:
        statement = statement.where(Enterprise.uscc == wanted.uscc)
    if wanted.correction_overdue is not None:
        statement = statement.where(correction_overdue.is_(wanted.correction_overdue))
    return statement


async def application_page(
    session: AsyncSession, actor: Actor, wanted: Wanted, *, after: uuid.UUID | None, limit: int
) -> ApplicationPage:
    """Up to `limit` applications in order of id, without their forms, and the cursor of the next page."""
    statement = listed_applications(actor, wanted).limit(limit + 1)
    if after is not None:
        statement = statement.where(Application.id > after)
    rows = (await session.execute(statement)).all()
    shown = rows[:limit]
    confirmed = await confirmations_of(session, [row.Application.id for row in shown])
    items = [_shown(actor, row, confirmed[row.Application.id]) for row in shown]
    return ApplicationPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def application_with_form(
    session: AsyncSession, actor: Actor, application_id: uuid.UUID
) -> ApplicationOut | None:
    """One application with its newest snapshot's form, null where there is none; None outside the actor's reach."""
    row = (await session.execute(_select(actor).where(Application.id == application_id))).one_or_none()
    if row is None:
        return None
    confirmed = await confirmations_of(session, [application_id])
    return _shown(actor, row, confirmed[application_id], await newest_form(session, row.Application))


async def newest_form(session: AsyncSession, application: Application) -> dict[str, Any] | None:
    """What the application says in its newest revision; None where it was never submitted."""
    statement = select(ApplicationSnapshot.payload).where(
        ApplicationSnapshot.application_id == application.id,
        ApplicationSnapshot.revision == application.revision,
    )
    return (await session.execute(statement)).scalar_one_or_none()
