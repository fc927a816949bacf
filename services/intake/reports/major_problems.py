"""Major problems: a city reports, the province acknowledges and settles (四(三) 重大问题及时上报)."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.queries import by_code
from services.intake.reports.errors import MAJOR_PROBLEM_STATUS
from services.intake.reports.major_problem_queries import lock_major_problem, major_problem_shown
from services.intake.reports.major_problem_schemas import MajorProblemIn, MajorProblemOut
from services.intake.reports.transitions import MajorProblemAct, next_major_problem_status
from shared import audit, calendar
from shared.errors import FORBIDDEN, NOT_FOUND, Problem
from shared.models.intake import Enterprise, MajorProblem
from shared.security.actor import Actor


async def report_major_problem(session: AsyncSession, actor: Actor, problem_in: MajorProblemIn) -> MajorProblemOut:
    """File a problem of the actor's city; Problem `not_found` for an enterprise of another one."""
    if actor.city_code is None:
        raise Problem(FORBIDDEN)
    enterprise = await _enterprise_of(session, actor.city_code, problem_in.uscc)
    problem = MajorProblem(
        **problem_in.model_dump(exclude={"uscc"}),
        city_code=actor.city_code,
        enterprise_id=enterprise.id if enterprise else None,
        status="reported",
        reported_by=actor.subject,
    )
    session.add(problem)
    await session.flush()
    await session.refresh(problem)
    await _record(session, actor, "report", problem)
    return major_problem_shown(problem, enterprise.uscc if enterprise else None)


async def acknowledge_major_problem(session: AsyncSession, actor: Actor, problem_id: uuid.UUID) -> MajorProblemOut:
    """Say that the province has taken notice."""
    problem, uscc = await _next(session, actor, problem_id, "acknowledge")
    problem.acknowledged_by, problem.acknowledged_at = actor.subject, calendar.now()
    return await _done(session, actor, "acknowledge", problem, uscc)


async def settle_major_problem(
    session: AsyncSession, actor: Actor, problem_id: uuid.UUID, answer: str
) -> MajorProblemOut:
    """Answer an acknowledged problem, which ends it."""
    problem, uscc = await _next(session, actor, problem_id, "settle")
    problem.answer, problem.settled_by, problem.settled_at = answer, actor.subject, calendar.now()
    return await _done(session, actor, "settle", problem, uscc)


async def _enterprise_of(session: AsyncSession, city_code: str, uscc: str | None) -> Enterprise | None:
    if uscc is None:
        return None
    statement = select(Enterprise).where(Enterprise.id.in_(by_code(uscc)), Enterprise.city_code == city_code)
    found = (await session.execute(statement)).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    return found


async def _next(
    session: AsyncSession, actor: Actor, problem_id: uuid.UUID, act: MajorProblemAct
) -> tuple[MajorProblem, str | None]:
    problem, uscc = await lock_major_problem(session, actor, problem_id)
    status = next_major_problem_status(problem.status, act)
    if status is None:
        raise Problem(MAJOR_PROBLEM_STATUS)
    problem.status = status
    return problem, uscc


async def _done(
    session: AsyncSession, actor: Actor, act: str, problem: MajorProblem, uscc: str | None
) -> MajorProblemOut:
    await session.flush()
    await session.refresh(problem)
    await _record(session, actor, act, problem)
    return major_problem_shown(problem, uscc)


async def _record(session: AsyncSession, actor: Actor, act: str, problem: MajorProblem) -> None:
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action=f"major_problem.{act}",
        subject=("major_problem", problem.id),
        detail={"severity": problem.severity},
    )
