"""Job: read an uploaded workbook and submit its good rows."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import structlog
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from services.intake.applications.submission import Submission, submit
from services.intake.imports.errors import WORKBOOK_UNREADABLE
from services.intake.imports.workbook_reader import ReadForm, RejectedRowReading, read_workbook
from shared.errors import Problem, Violation
from shared.models.intake import Cycle, RejectedRow, WorkbookImport
from shared.queue import Work
from shared.security.tokens import actor_of_role
from shared.web.problems import document, violation_out

logger = structlog.get_logger(__name__)
# A workbook of nothing but strays could name hundreds of thousands of rows; nobody reads beyond the first.
_MOST_SHOWN = 5_000


async def import_workbook(work: Work) -> None:
    """Handle `workbook_uploaded`: rows accepted, rejected rows and the verdict on the file in one transaction."""
    import_id = uuid.UUID(work.payload["import_id"])
    statement = select(WorkbookImport).where(WorkbookImport.id == import_id).options(undefer(WorkbookImport.content))
    upload = (await work.session.execute(statement)).scalar_one()
    if upload.status != "received":
        return
    upload.finished_at = func.clock_timestamp()
    try:
        reading = await asyncio.to_thread(read_workbook, upload.content)
    except Problem as problem:
        upload.status, upload.problem = "refused", document(problem)
        return
    except Exception:
        # Reading depends on nothing but the bytes: trying again would fail again, and the officer would wait.
        logger.exception("workbook_unreadable", import_id=str(import_id))
        upload.status, upload.problem = "refused", document(Problem(WORKBOOK_UNREADABLE))
        return
    upload.warnings = {"items": _shown(reading.warnings)}
    refused = await _submit_all(work.session, upload, reading.forms)
    rejected = sorted([*reading.rejections, *refused], key=lambda row: (row.sheet, row.row))
    await _store_rejections(work.session, upload.id, rejected)
    upload.status = "processed"
    upload.rows_read = reading.rows_read
    accepted = len(reading.forms) - len(refused)
    upload.rows_accepted, upload.rows_rejected = accepted, reading.rows_read - accepted


async def _submit_all(session: AsyncSession, upload: WorkbookImport, forms: list[ReadForm]) -> list[RejectedRowReading]:
    """Submit each form as the officer who uploaded; returns the rows that the use case refused."""
    role = "city_officer" if upload.city_code else "province_officer"
    actor = actor_of_role(upload.uploaded_by, role, city_code=upload.city_code)
    cycle = (await session.execute(select(Cycle.code).where(Cycle.id == upload.cycle_id))).scalar_one()
    connection = await session.connection()
    refused: list[RejectedRowReading] = []
    # In one order for all imports: two of them, or an officer's recommendation, never wait for each other.
    for read in sorted(forms, key=lambda read: read.form.uscc):
        try:
            async with connection.begin_nested():
                await submit(connection, actor, Submission(cycle, read.form, "workbook"))
        except Problem as problem:
            refused.append(_refusal(read, problem))
    return refused


def _refusal(read: ReadForm, problem: Problem) -> RejectedRowReading:
    kind = problem.kind
    violation = Violation(kind.code, kind.title_zh, kind.title_en, cell=read.key_cell)
    return RejectedRowReading(sheet=read.sheet, row=read.row, uscc=read.form.uscc, violations=[violation])


def _shown(violations: list[Violation]) -> list[dict[str, Any]]:
    return [violation_out(violation).model_dump(exclude_none=True) for violation in violations]


async def _store_rejections(session: AsyncSession, import_id: uuid.UUID, rejected: list[RejectedRowReading]) -> None:
    rows = [
        {
            "import_id": import_id,
            "position": position,
            "sheet": row.sheet,
            "row": row.row,
            "uscc": row.uscc,
            "violations": {"items": _shown(row.violations)},
        }
        for position, row in enumerate(rejected[:_MOST_SHOWN])
    ]
    if rows:
        await session.execute(insert(RejectedRow), rows)
