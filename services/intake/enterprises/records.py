"""Find the record that a code stands for, and hold it: all changes of one enterprise wait for each other here."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.enterprises.errors import USCC_SUPERSEDED
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Enterprise, EnterpriseCode

# An import holds each of its enterprises until its file is through: an officer is asked to come back, not kept waiting.
_PATIENCE = text("SET LOCAL lock_timeout = '5s'")


async def hold(session: AsyncSession, *usccs: str) -> list[Enterprise]:
    """The living records with these present codes, locked, in the order asked for.

    Problem `uscc_superseded` (its detail is the present code) or `not_found`.
    """
    await session.execute(_PATIENCE)
    # By code, as imports submit: whoever holds several enterprises takes them in one order.
    statement = select(Enterprise).where(Enterprise.uscc.in_(usccs)).order_by(Enterprise.uscc).with_for_update()
    rows = (await session.execute(statement.execution_options(populate_existing=True))).scalars()
    living = {row.uscc: row for row in rows if row.merged_into is None}
    for uscc in usccs:
        if uscc not in living:
            raise await _not_present(session, uscc)
    return [living[uscc] for uscc in usccs]


async def hold_by_id(session: AsyncSession, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Enterprise]:
    """These records, living or not, locked."""
    await session.execute(_PATIENCE)
    statement = select(Enterprise).where(Enterprise.id.in_(ids)).order_by(Enterprise.uscc).with_for_update()
    rows = (await session.execute(statement.execution_options(populate_existing=True))).scalars()
    return {row.id: row for row in rows}


async def codes_of(session: AsyncSession, enterprise_id: uuid.UUID) -> list[EnterpriseCode]:
    """Every code that stands for the record now, in order of code."""
    statement = select(EnterpriseCode).where(EnterpriseCode.enterprise_id == enterprise_id)
    return list((await session.execute(statement.order_by(EnterpriseCode.code))).scalars())


async def _not_present(session: AsyncSession, uscc: str) -> Problem:
    statement = (
        select(Enterprise.uscc)
        .join(EnterpriseCode, EnterpriseCode.enterprise_id == Enterprise.id)
        .where(EnterpriseCode.code == uscc)
    )
    present = (await session.execute(statement)).scalar_one_or_none()
    if present is None:
        return Problem(NOT_FOUND)
    return Problem(USCC_SUPERSEDED, detail_en=present, detail_zh=present)
