"""Take a workbook in: store it as it came and leave the reading to the worker."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.cycles.service import cycle_taking_applications
from services.intake.imports.schemas import ImportOut
from shared import audit, outbox
from shared.events import WorkbookUploaded
from shared.models.intake import WorkbookImport
from shared.security.actor import Actor


async def receive_workbook(
    session: AsyncSession, actor: Actor, *, cycle_code: str, file_name: str, content: bytes
) -> ImportOut:
    """Store the bytes for the cycle (its window must be open) and publish `workbook_uploaded`."""
    cycle = await cycle_taking_applications(session, cycle_code)
    received = WorkbookImport(
        cycle_id=cycle.id,
        city_code=actor.city_code,
        file_name=file_name,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        uploaded_by=actor.subject,
        status="received",
    )
    session.add(received)
    await session.flush()
    await audit.record(
        session,
        service="intake",
        actor=actor,
        action="import.upload",
        subject=("workbook_import", received.id),
        detail={"file_name": file_name, "digest": received.digest, "bytes": len(content)},
    )
    await outbox.publish(session, WorkbookUploaded(import_id=received.id))
    return ImportOut(
        id=received.id,
        cycle=cycle.code,
        file_name=file_name,
        status="received",
        rows_read=None,
        rows_accepted=None,
        rows_rejected=None,
        problem=None,
        warnings=None,
        created_at=received.created_at,
        finished_at=None,
    )
