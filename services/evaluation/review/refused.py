"""Keep on record who tried to act without standing: the act is undone, the entry stays."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import TypeVar

from asyncpg import IntegrityConstraintViolationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.review.errors import STANDING
from shared import audit
from shared.errors import CONSTRAINT_ERRORS, Problem
from shared.security.actor import Actor

T = TypeVar("T")
_KINDS = frozenset(STANDING.values())


async def attempt(
    session: AsyncSession, actor: Actor, act: str, subject: tuple[str, uuid.UUID], run: Callable[[], Awaitable[T]]
) -> T | Problem:
    """`run`'s result; where it is refused for want of standing, the refusal itself, to be answered after the commit.

    Other refusals are raised as they are.
    """
    try:
        async with session.begin_nested():
            return await run()
    except Problem as refusal:
        if refusal.kind not in _KINDS:
            raise
        problem = refusal
    except IntegrityError as error:
        problem = _of_constraint(error)
        if problem is None:
            raise
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="review.refused",
        subject=subject,
        detail={"act": act, "code": problem.kind.code},
    )
    return problem


def _of_constraint(error: IntegrityError) -> Problem | None:
    """What the database's own guards refuse, where a race has passed the checks before them."""
    cause = getattr(error.orig, "__cause__", None)
    if not isinstance(cause, IntegrityConstraintViolationError):
        return None
    kind = CONSTRAINT_ERRORS.get(getattr(cause, "constraint_name", None) or "")
    return Problem(kind) if kind in _KINDS else None
