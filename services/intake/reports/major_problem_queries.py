"""Reads of major problems: a city its own, the province and auditors all, enterprises none."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, false, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.reports.major_problem_schemas import MajorProblemOut, MajorProblemPage
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Enterprise, MajorProblem
from shared.security.actor import Actor


def _select(actor: Actor) -> Select[MajorProblem, str]:
    # The code is NULL where the problem is about no one enterprise.
    statement = select(MajorProblem, Enterprise.uscc).outerjoin(Enterprise, Enterprise.id == MajorProblem.enterprise_id)
    if actor.uscc is not None:
        # Officers' correspondence, even where it is about the enterprise.
        statement = statement.where(false())
    if actor.city_code is not None:
        statement = statement.where(MajorProblem.city_code == actor.city_code)
    return statement


async def lock_major_problem(
    session: AsyncSession, actor: Actor, problem_id: uuid.UUID
) -> tuple[MajorProblem, str | None]:
    """The problem, locked for this transaction, and the enterprise's code; Problem `not_found`."""
    statement = _select(actor).where(MajorProblem.id == problem_id).with_for_update(of=MajorProblem)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return row.MajorProblem, row.uscc


async def major_problem_by_id(session: AsyncSession, actor: Actor, problem_id: uuid.UUID) -> MajorProblemOut:
    """One problem; Problem `not_found` outside the actor's reach."""
    row = (await session.execute(_select(actor).where(MajorProblem.id == problem_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return major_problem_shown(row.MajorProblem, row.uscc)


def listed_major_problems(
    actor: Actor, *, status: str | None = None, severity: str | None = None
) -> Select[MajorProblem, str]:
    """Problems within reach in the order in which they were reported, each with its enterprise's code."""
    statement = _select(actor).order_by(MajorProblem.id)
    if status is not None:
        statement = statement.where(MajorProblem.status == status)
    if severity is not None:
        statement = statement.where(MajorProblem.severity == severity)
    return statement


async def major_problem_page(
    session: AsyncSession,
    actor: Actor,
    *,
    status: str | None,
    severity: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> MajorProblemPage:
    """Up to `limit` problems in the order in which they were reported, and the cursor of the next page."""
    statement = listed_major_problems(actor, status=status, severity=severity).limit(limit + 1)
    if after is not None:
        statement = statement.where(MajorProblem.id > after)
    rows = (await session.execute(statement)).all()
    items = [major_problem_shown(row.MajorProblem, row.uscc) for row in rows[:limit]]
    return MajorProblemPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


def major_problem_shown(problem: MajorProblem, uscc: str | None) -> MajorProblemOut:
    fields = {name: getattr(problem, name) for name in MajorProblemOut.model_fields if name != "uscc"}
    return MajorProblemOut.model_validate({**fields, "uscc": uscc})
