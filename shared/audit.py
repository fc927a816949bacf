"""Write one audit entry in the transaction of the act that it records."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.audit import AuditEntry
from shared.security.actor import Actor

SYSTEM = Actor("system", "system", frozenset())


async def record(
    session: AsyncSession,
    *,
    service: str,
    actor: Actor,
    action: str,
    subject: tuple[str, uuid.UUID],
    detail: dict[str, Any] | None = None,
) -> None:
    """Record who did what to which subject (type, id); the request id comes from the logging context."""
    await record_each(session, service=service, actor=actor, action=action, acts=[(subject, detail or {})])


async def record_each(
    session: AsyncSession,
    *,
    service: str,
    actor: Actor,
    action: str,
    acts: Sequence[tuple[tuple[str, uuid.UUID], dict[str, Any]]],
) -> None:
    """`record` for one act on several subjects: (subject, detail) each."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    rows = [
        {
            "service": service,
            "actor": actor.subject,
            "role": actor.role,
            "action": action,
            "subject_type": subject[0],
            "subject_id": subject[1],
            "request_id": request_id,
            "detail": detail,
        }
        for subject, detail in acts
    ]
    if rows:
        await session.execute(insert(AuditEntry), rows)
