"""Jobs: tell participants what a released timetable changes for them."""

from __future__ import annotations

import uuid

from services.finance.matchmaking.telling import tell_participants
from shared.queue import Work


async def tell_affected(work: Work) -> None:
    """Handle `timetable_released`: a notice to each participant whom the version affects; once, however often told."""
    await tell_participants(work.session, uuid.UUID(work.payload["match_event_id"]), work.payload["version"])
