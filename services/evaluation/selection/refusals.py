"""Refused acts on plans leave a trace, as those on notices do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.notices import refusals
from shared.db import Database
from shared.security.actor import Actor


def refusals_audited(
    database: Database,
    session: AsyncSession,
    actor: Actor,
    action: str,
    plan_id: uuid.UUID = refusals.NOTHING_YET,
    *,
    detail: Mapping[str, Any] | None = None,
) -> AbstractAsyncContextManager[None]:
    """Record who was refused what of a plan; the nil UUID stands for one that did not come to be."""
    subject = ("selection_plan", plan_id)
    return refusals.refusals_audited(database, session, actor, action, subject, detail=detail)
