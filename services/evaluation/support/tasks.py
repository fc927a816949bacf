"""Jobs: take loans and equity from progress reports."""

from __future__ import annotations

import uuid

from services.evaluation.support.take_report import take_report
from shared.queue import Work


async def take_report_support(work: Work) -> None:
    """Handle `progress_report_decided`: the ledger follows what the report is now, whatever it was when it was told."""
    await take_report(work.session, uuid.UUID(work.payload["report_id"]))
