"""Pass on (报送评判) what evaluation has taken in."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.applications.movement import move
from shared.audit import SYSTEM
from shared.models.intake import Application, ApplicationSnapshot


async def pass_on(session: AsyncSession, snapshot_ids: list[uuid.UUID]) -> int:
    """Move those that are still recommended in the very revision that was taken in; returns how many.

    What was withdrawn, sent back or submitted anew since is left alone, as is what was passed on before.
    """
    statement = (
        select(Application)
        .join(ApplicationSnapshot, ApplicationSnapshot.application_id == Application.id)
        .where(
            ApplicationSnapshot.id.in_(snapshot_ids),
            ApplicationSnapshot.revision == Application.revision,
            Application.status == "recommended",
        )
        .order_by(Application.id)
        .with_for_update(of=Application)
    )
    applications = list((await session.execute(statement)).scalars())
    await move(session, SYSTEM, "pass_on", applications)
    return len(applications)
