"""Jobs: remind members that stand without progress, once a day."""

from __future__ import annotations

from services.evaluation.adjustment import stall_radar
from shared.queue import Work


async def remind_stalled(work: Work) -> None:
    """Handle `stall_radar_due`: each stay is reminded once per stage and term, however often it is handled."""
    await stall_radar.remind_stalled(work.session)
