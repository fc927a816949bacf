"""Jobs: sweep the store of evidence, once a day."""

from __future__ import annotations

from datetime import timedelta

from services.intake.attachments.storage import open_store
from services.intake.attachments.sweep import sweep
from shared.queue import Outing


async def sweep_attachments(outing: Outing) -> None:
    """Handle `attachments_sweep_due`. Run twice, or beside an operator's, it finds less to do or leaves it to them."""
    grace = timedelta(seconds=outing.settings.attachments_grace_seconds)
    await sweep(outing.database, open_store(outing.settings), grace)
