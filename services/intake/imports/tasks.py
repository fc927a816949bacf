"""Jobs: run the import of an uploaded file, and end its record in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from services.intake.imports.file_rows import RowGate
from services.intake.imports.import_records import Progress, shown
from services.intake.imports.import_run import Conclusion, ImportRun
from services.intake.imports.import_sources import LineSource, Source, WorkbookSource
from shared import audit
from shared.errors import UNAVAILABLE, Problem
from shared.models.intake import ApplicationImport
from shared.queue import Work
from shared.security.actor import Actor
from shared.security.tokens import actor_of_role
from shared.web.problems import document


async def import_workbook(work: Work) -> None:
    """Handle `workbook_uploaded`."""
    await _import(work, lambda upload, actor: WorkbookSource(upload.content or b"", actor))


async def import_lines(work: Work) -> None:
    """Handle `lines_uploaded`."""
    most = work.settings.max_body_bytes
    await _import(work, lambda upload, actor: LineSource(work.session, upload, actor, most))


async def _import(work: Work, source_of: Callable[[ApplicationImport, Actor], Source]) -> None:
    """Results of rows, applications and the verdict on the file: all in the transaction of the event, or nothing."""
    import_id = uuid.UUID(work.payload["import_id"])
    statement = (
        select(ApplicationImport).where(ApplicationImport.id == import_id).options(undefer(ApplicationImport.content))
    )
    upload = (await work.session.execute(statement)).scalar_one()
    if upload.status != "received":
        return
    actor = _uploader(upload)
    source = source_of(upload, actor)
    gate = RowGate(upload.max_error_share, work.settings.import_error_share_after)
    run = ImportRun(work.session, upload, actor, source, gate, Progress(work.database, import_id))
    try:
        await run.open()
    except Problem as problem:
        if problem.kind is UNAVAILABLE:
            raise
        upload.status, upload.problem = "refused", document(problem)
    else:
        _conclude(upload, await run.run())
    upload.rows_total = source.rows_total
    upload.warnings = {"items": shown(source.warnings)} if source.warnings else None
    upload.finished_at = func.clock_timestamp()
    detail = {"status": upload.status, "accepted": upload.rows_accepted, "rejected": upload.rows_rejected}
    subject = ("application_import", import_id)
    await audit.record(
        work.session, service="intake", actor=actor, action="import.finish", subject=subject, detail=detail
    )


def _uploader(upload: ApplicationImport) -> Actor:
    """Rows are submitted as the officer who uploaded."""
    role = "city_officer" if upload.city_code else "province_officer"
    return actor_of_role(upload.uploaded_by, role, city_code=upload.city_code)


def _conclude(upload: ApplicationImport, conclusion: Conclusion) -> None:
    upload.status = conclusion.status
    upload.problem = document(conclusion.problem) if conclusion.problem else None
    upload.rows_read = conclusion.rows_read
    upload.rows_accepted, upload.rows_rejected = conclusion.rows_accepted, conclusion.rows_rejected
