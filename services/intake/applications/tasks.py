"""Job: pass on the applications that evaluation has taken in."""

from __future__ import annotations

import uuid

from services.intake.applications.passing_on import pass_on
from shared.queue import Work


async def pass_on_applications(work: Work) -> None:
    """Handle `applications_taken`."""
    await pass_on(work.session, [uuid.UUID(id_) for id_ in work.payload["snapshot_ids"]])
