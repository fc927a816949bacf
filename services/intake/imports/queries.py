"""Reads of imports, within the actor's reach."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, TypeVarTuple

from sqlalchemy import Row, Select, case, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.intake.imports.errors import IMPORT_NOT_FINISHED, NO_WORKBOOK_TO_MARK
from services.intake.imports.schemas import (
    ImportOut,
    ImportPage,
    ImportProblem,
    ImportRowOut,
    ImportRowPage,
    RejectedRowOut,
    RejectedRowPage,
    ViolationShown,
)
from services.intake.imports.workbook_reader import RejectedRowReading
from shared.errors import NOT_FOUND, Problem, Violation
from shared.models.intake import ApplicationImport, Cycle, ImportProgress, ImportRow
from shared.security.actor import Actor

Columns = TypeVarTuple("Columns")


def _within_reach(statement: Select[*Columns], actor: Actor) -> Select[*Columns]:
    if actor.city_code is not None:
        statement = statement.where(ApplicationImport.city_code == actor.city_code)
    return statement


def _count(name: str) -> Any:
    """The final count of an import that has ended, else that of its running job."""
    final, running = getattr(ApplicationImport, name), getattr(ImportProgress, name)
    return case((ApplicationImport.status == "received", running), else_=final).label(name)


COUNTS = [_count(name) for name in ("rows_total", "rows_read", "rows_accepted", "rows_rejected")]


def _imports(actor: Actor) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = (
        select(ApplicationImport, Cycle.code, *COUNTS)
        .join(Cycle, Cycle.id == ApplicationImport.cycle_id)
        # An import from before there was progress has none.
        .outerjoin(ImportProgress, ImportProgress.import_id == ApplicationImport.id)
    )
    return _within_reach(statement, actor)


def _shown(row: Row[Any]) -> ImportOut:
    found: ApplicationImport = row.ApplicationImport
    return ImportOut(
        id=found.id,
        cycle=row.code,
        format=found.format,
        file_name=found.file_name,
        mode=found.mode,
        max_error_share=found.max_error_share,
        validate_only=found.validate_only,
        status=found.status,
        rows_total=row.rows_total,
        rows_read=row.rows_read,
        rows_accepted=row.rows_accepted,
        rows_rejected=row.rows_rejected,
        problem=None if found.problem is None else ImportProblem.model_validate(found.problem),
        warnings=None if found.warnings is None else _violations(found.warnings),
        created_at=found.created_at,
        finished_at=found.finished_at,
    )


def _violations(stored: dict[str, Any]) -> list[ViolationShown]:
    return [ViolationShown.model_validate(item) for item in stored["items"]]


async def import_within_reach(session: AsyncSession, actor: Actor, import_id: uuid.UUID) -> ImportOut:
    """One import; Problem `not_found` where it does not exist or belongs to another city."""
    row = (await session.execute(_imports(actor).where(ApplicationImport.id == import_id))).one_or_none()
    if row is None:
        raise Problem(NOT_FOUND)
    return _shown(row)


async def finished_import(session: AsyncSession, actor: Actor, import_id: uuid.UUID) -> ImportOut:
    """As `import_within_reach`, once every row has its result; Problem `import_not_finished` before."""
    found = await import_within_reach(session, actor, import_id)
    if found.status == "received":
        raise Problem(IMPORT_NOT_FINISHED)
    return found


def listed_imports(actor: Actor, *, cycle: str | None = None) -> Select[*tuple[Any, ...]]:
    """Imports within reach, each with its cycle's code and its counts as they are now."""
    statement = _imports(actor)
    return statement if cycle is None else statement.where(Cycle.code == cycle)


def listed_rows(import_id: uuid.UUID, *, outcome: str | None = None) -> Select[ImportRow]:
    """Rows of an import whose reach has been checked, in the order of the file."""
    statement = select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.position)
    return statement if outcome is None else statement.where(ImportRow.outcome == outcome)


async def import_page(
    session: AsyncSession, actor: Actor, *, cycle: str | None, before: uuid.UUID | None, limit: int
) -> ImportPage:
    """Imports, newest first, and the cursor of the next page."""
    statement = listed_imports(actor, cycle=cycle).order_by(ApplicationImport.id.desc()).limit(limit + 1)
    if before is not None:
        statement = statement.where(ApplicationImport.id < before)
    rows = (await session.execute(statement)).all()
    items = [_shown(row) for row in rows[:limit]]
    return ImportPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def rows_after(
    session: AsyncSession, import_id: uuid.UUID, *, outcome: str | None, after: int, limit: int
) -> Sequence[ImportRow]:
    """Up to `limit` rows of an import whose reach has been checked, in the order of the file."""
    statement = listed_rows(import_id, outcome=outcome).where(ImportRow.position > after).limit(limit)
    return (await session.execute(statement)).scalars().all()


def shown_row(row: ImportRow) -> ImportRowOut:
    """A row as HTTP shows it: by line, or by sheet and row."""
    return ImportRowOut(
        position=row.position,
        line=row.row if row.sheet is None else None,
        sheet=row.sheet,
        row=None if row.sheet is None else row.row,
        uscc=row.uscc,
        outcome=row.outcome,
        application_id=row.application_id,
        violations=None if row.violations is None else _violations(row.violations),
    )


async def row_page(
    session: AsyncSession, actor: Actor, import_id: uuid.UUID, *, outcome: str | None, after: int, limit: int
) -> ImportRowPage:
    """Rows and what came of them, in the order of the file."""
    await import_within_reach(session, actor, import_id)
    rows = await rows_after(session, import_id, outcome=outcome, after=after, limit=limit + 1)
    items = [shown_row(row) for row in rows[:limit]]
    return ImportRowPage(items=items, next_cursor=rows[limit - 1].position if len(rows) > limit else None)


async def rejected_rows(
    session: AsyncSession, actor: Actor, import_id: uuid.UUID, *, after: int, limit: int
) -> RejectedRowPage:
    """Rejected rows in the order of the file."""
    await import_within_reach(session, actor, import_id)
    rows = await rows_after(session, import_id, outcome="rejected", after=after, limit=limit + 1)
    items = [
        RejectedRowOut(sheet=row.sheet, row=row.row, uscc=row.uscc, violations=_violations(row.violations or {}))
        for row in rows[:limit]
    ]
    return RejectedRowPage(items=items, next_cursor=rows[limit - 1].position if len(rows) > limit else None)


async def workbook_to_mark(
    session: AsyncSession, actor: Actor, import_id: uuid.UUID
) -> tuple[str, bytes, list[RejectedRowReading]]:
    """Name and bytes of an uploaded workbook, and its rows that are not taken in: good ones without a violation.

    Problem `import_not_finished`, or `no_workbook_to_mark` for lines and for a workbook that was not read to its end.
    """
    found = await finished_import(session, actor, import_id)
    if (
        found.format != "workbook"
        or found.rows_read is None
        or found.rows_read != (found.rows_total or found.rows_read)
    ):
        raise Problem(NO_WORKBOOK_TO_MARK)
    statement = select(ApplicationImport).where(ApplicationImport.id == import_id)
    upload = (await session.execute(statement.options(undefer(ApplicationImport.content)))).scalar_one()
    waiting = select(ImportRow).where(ImportRow.import_id == import_id).order_by(ImportRow.position)
    if found.status == "processed" and not found.validate_only:
        waiting = waiting.where(ImportRow.outcome == "rejected")
    rows = (await session.execute(waiting)).scalars()
    readings = [
        RejectedRowReading(
            row.sheet or "", row.row, row.uscc, [Violation(**item) for item in (row.violations or {}).get("items", ())]
        )
        for row in rows
    ]
    return upload.file_name or "", upload.content or b"", readings
