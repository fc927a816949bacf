"""Jobs: allege what spot checks found."""

from __future__ import annotations

from services.intake.incidents.from_findings import allege_contradiction
from shared.events import SpotCheckContradicted
from shared.queue import Work


async def allege_contradicted_facts(work: Work) -> None:
    """Handle `spot_check_contradicted`."""
    await allege_contradiction(work.session, SpotCheckContradicted.model_validate(work.payload))
