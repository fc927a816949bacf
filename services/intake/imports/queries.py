"""Reads of workbook imports, within the actor's reach."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.imports.schemas import ImportOut, RejectedRowOut, RejectedRowPage
from shared.errors import NOT_FOUND, Problem
from shared.models.intake import Cycle, RejectedRow, WorkbookImport
from shared.security.actor import Actor


async def import_within_reach(session: AsyncSession, actor: Actor, import_id: uuid.UUID) -> ImportOut:
    """One import; Problem `not_found` where it does not exist or belongs to another city."""
    statement = (
        select(WorkbookImport, Cycle.code)
        .join(Cycle, Cycle.id == WorkbookImport.cycle_id)
        .where(WorkbookImport.id == import_id)
    )
    if actor.city_code is not None:
        statement = statement.where(WorkbookImport.city_code == actor.city_code)
    row = (await session.execute(statement)).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    found: WorkbookImport = row.WorkbookImport
    return ImportOut(
        id=found.id,
        cycle=row.code,
        file_name=found.file_name,
        status=found.status,
        rows_read=found.rows_read,
        rows_accepted=found.rows_accepted,
        rows_rejected=found.rows_rejected,
        problem=found.problem,
        warnings=(found.warnings or {}).get("items"),
        created_at=found.created_at,
        finished_at=found.finished_at,
    )


async def rejected_rows(
    session: AsyncSession, actor: Actor, import_id: uuid.UUID, *, after: int, limit: int
) -> RejectedRowPage:
    """Rejected rows in the order of the workbook."""
    await import_within_reach(session, actor, import_id)
    statement = (
        select(RejectedRow)
        .where(RejectedRow.import_id == import_id, RejectedRow.position > after)
        .order_by(RejectedRow.position)
        .limit(limit + 1)
    )
    rows = (await session.execute(statement)).scalars().all()
    items = [
        RejectedRowOut(sheet=row.sheet, row=row.row, uscc=row.uscc, violations=row.violations["items"])
        for row in rows[:limit]
    ]
    return RejectedRowPage(items=items, next_cursor=rows[limit - 1].position if len(rows) > limit else None)
