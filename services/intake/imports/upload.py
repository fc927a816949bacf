"""Take a file in: store it as it came and leave the reading to the worker."""

from __future__ import annotations

import asyncio
import hashlib

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.cycles.service import cycle_taking_applications
from services.intake.imports.line_spool import SpooledLines
from services.intake.imports.schemas import ImportOut, ImportWishes
from shared import audit, outbox
from shared.events import LinesUploaded, WorkbookUploaded
from shared.models.intake import ApplicationImport, Cycle, ImportChunk, ImportProgress
from shared.security.actor import Actor
from shared.settings import Settings


async def receive_workbook(
    session: AsyncSession,
    actor: Actor,
    settings: Settings,
    *,
    cycle_code: str,
    wishes: ImportWishes,
    file_name: str,
    content: bytes,
) -> ImportOut:
    """Store the bytes for the cycle (its window must be open) and publish `workbook_uploaded`."""
    cycle = await cycle_taking_applications(session, cycle_code)
    received = _record(actor, settings, cycle, wishes)
    received.format, received.file_name, received.content = "workbook", file_name, content
    received.digest = hashlib.sha256(content).hexdigest()
    await _receive(session, actor, received, {"file_name": file_name, "bytes": len(content)})
    await outbox.publish(session, WorkbookUploaded(import_id=received.id))
    return _shown(received, cycle)


async def receive_lines(
    session: AsyncSession,
    actor: Actor,
    settings: Settings,
    *,
    cycle_code: str,
    wishes: ImportWishes,
    lines: SpooledLines,
) -> ImportOut:
    """Store the lines, a chunk at a time, for the cycle (its window must be open) and publish `lines_uploaded`."""
    cycle = await cycle_taking_applications(session, cycle_code)
    received = _record(actor, settings, cycle, wishes)
    received.format, received.digest, received.rows_total = "ndjson", lines.digest, lines.rows
    await _receive(session, actor, received, {"bytes": lines.size, "lines": lines.rows})
    for number, chunk in enumerate(lines.chunks):
        row = {"import_id": received.id, "number": number, "first_line": chunk.first_line}
        await session.execute(insert(ImportChunk), [row | {"content": await asyncio.to_thread(lines.read, chunk)}])
    await outbox.publish(session, LinesUploaded(import_id=received.id))
    return _shown(received, cycle)


def _record(actor: Actor, settings: Settings, cycle: Cycle, wishes: ImportWishes) -> ApplicationImport:
    share = settings.import_max_error_share if wishes.max_error_share is None else wishes.max_error_share
    return ApplicationImport(
        cycle_id=cycle.id,
        city_code=actor.city_code,
        uploaded_by=actor.subject,
        mode=wishes.mode,
        max_error_share=share,
        validate_only=wishes.validate_only,
        status="received",
    )


async def _receive(
    session: AsyncSession, actor: Actor, received: ApplicationImport, size: dict[str, str | int]
) -> None:
    session.add(received)
    await session.flush()
    session.add(
        ImportProgress(
            import_id=received.id, rows_total=received.rows_total, rows_read=0, rows_accepted=0, rows_rejected=0
        )
    )
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="import.upload",
        subject=("application_import", received.id),
        detail=size | {"digest": received.digest, "mode": received.mode, "validate_only": received.validate_only},
    )


def _shown(received: ApplicationImport, cycle: Cycle) -> ImportOut:
    return ImportOut(
        id=received.id,
        cycle=cycle.code,
        format=received.format,
        file_name=received.file_name,
        mode=received.mode,
        max_error_share=received.max_error_share,
        validate_only=received.validate_only,
        status=received.status,
        rows_total=received.rows_total,
        rows_read=0,
        rows_accepted=0,
        rows_rejected=0,
        problem=None,
        warnings=None,
        created_at=received.created_at,
        finished_at=None,
    )
