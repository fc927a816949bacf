"""Job: judge the applications that a city has recommended."""

from __future__ import annotations

import uuid

from services.evaluation.assessment.assess import assess
from shared.models.reads import recommended_snapshots
from shared.queue import Work


async def assess_applications(work: Work) -> None:
    """Handle `applications_recommended`."""
    ids = [uuid.UUID(id_) for id_ in work.payload["application_ids"]]
    await assess(work.session, await recommended_snapshots(work.session, ids))
