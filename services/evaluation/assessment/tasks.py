"""Job: judge the applications that a city has recommended."""

from __future__ import annotations

import uuid

from services.evaluation.assessment.assess import assess
from services.evaluation.assessment.queries import hold_judging
from shared import outbox
from shared.events import ApplicationsTaken
from shared.models.reads import recommended_snapshots
from shared.queue import Work


async def assess_applications(work: Work) -> None:
    """Handle `applications_recommended`; says what was taken in, judged now or before, in the same transaction."""
    ids = [uuid.UUID(id_) for id_ in work.payload["application_ids"]]
    await hold_judging(work.session, ids)
    taken = await recommended_snapshots(work.session, ids)
    await assess(work.session, taken)
    if taken:
        await outbox.publish(work.session, ApplicationsTaken(snapshot_ids=[one.snapshot_id for one in taken]))
