"""Reads of editions that were not published."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.lists.programmes import readable_programme
from services.finance.lists.schemas import RefusalOut, RefusalPage
from shared.models.finance import RefusedPublication
from shared.security.actor import Actor


async def refusal_by_id(session: AsyncSession, refusal_id: uuid.UUID) -> RefusalOut:
    """One of them, which is there."""
    statement = select(RefusedPublication).where(RefusedPublication.id == refusal_id)
    return RefusalOut.model_validate((await session.execute(statement)).scalar_one(), from_attributes=True)


async def refusal_page(
    session: AsyncSession, actor: Actor, code: str, *, before: uuid.UUID | None, limit: int
) -> RefusalPage:
    """Newest first; Problem `list_not_found`."""
    programme = await readable_programme(session, actor, code)
    statement = (
        select(RefusedPublication)
        .where(RefusedPublication.programme_code == programme.code)
        .order_by(RefusedPublication.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        statement = statement.where(RefusedPublication.id < before)
    rows = (await session.execute(statement)).scalars().all()
    items = [RefusalOut.model_validate(one, from_attributes=True) for one in rows[:limit]]
    return RefusalPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)
