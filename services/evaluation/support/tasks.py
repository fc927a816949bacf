"""Jobs: take support from progress reports, from what banks report, and from what comes of events."""

from __future__ import annotations

import uuid

from services.evaluation.support.take_match import take_match
from services.evaluation.support.take_outcome import take_outcome
from services.evaluation.support.take_report import take_report
from shared.queue import Work


async def take_report_support(work: Work) -> None:
    """Handle `progress_report_decided`: the ledger follows what the report is now, whatever it was when it was told."""
    await take_report(work.session, uuid.UUID(work.payload["report_id"]))


async def take_credit_outcome(work: Work) -> None:
    """Handle `credit_outcome_recorded`: the ledger follows what the bank says now."""
    await take_outcome(work.session, uuid.UUID(work.payload["outcome_id"]))


async def take_matched_support(work: Work) -> None:
    """Handle `match_recorded`: the ledger follows what came of an event, or of a push, as it is now."""
    for name in work.payload["names"]:
        await take_match(work.session, name)
