"""Refused acts leave a trace in a transaction of its own: theirs is undone."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.errors import CONFLICT, CONSTRAINT_ERRORS, Problem
from shared.security.actor import Actor

NOTHING_YET = uuid.UUID(int=0)


@asynccontextmanager
async def refusals_audited(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    action: str,
    subject: tuple[str, uuid.UUID],
    *,
    detail: Mapping[str, Any] | None = None,
) -> AsyncGenerator[None]:
    """Record who was refused what, by which stable code, as `<action>.refused`; the refusal goes on its way.

    The nil UUID stands for what did not come to be. What was handed in is not repeated: it may name who objects.
    """
    try:
        yield
    except (Problem, IntegrityError) as error:
        # The connection goes back first: whoever held one and waited for another could wait for ever.
        await session.rollback()
        async with request.app.state.database.sessions.begin() as own:
            await audit.record(
                own,
                service=request.app.state.service,
                actor=actor,
                action=f"{action}.refused",
                subject=subject,
                detail={"code": _code(error), **(detail or {})},
            )
        raise


def _code(error: Problem | IntegrityError) -> str:
    if isinstance(error, Problem):
        return error.kind.code
    name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    return CONSTRAINT_ERRORS.get(name or "", CONFLICT).code
