"""Tell of a finding: its audit entry, and the event of a contradiction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, outbox
from shared.events import SpotCheckContradicted
from shared.models.evaluation import SpotCheck, SpotCheckFact, SpotCheckFinding
from shared.models.reads import EnterpriseOnRecord
from shared.security.actor import Actor


async def tell_finding(
    session: AsyncSession,
    actor: Actor,
    draw: SpotCheck,
    enterprise: EnterpriseOnRecord,
    finding: SpotCheckFinding,
    facts: Sequence[SpotCheckFact],
) -> None:
    """Audit a finding; where a fact was contradicted, intake is told, in the same transaction."""
    contradicted = [one.fact for one in facts if one.outcome == "contradicted"]
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="spot_check.find",
        subject=("spot_check_finding", finding.id),
        detail={
            "number": draw.number,
            "uscc": finding.uscc,
            "facts": {one.fact: one.outcome for one in facts},
            "digest": finding.digest,
        },
    )
    if contradicted:
        event = SpotCheckContradicted(
            finding_id=finding.id,
            number=draw.number,
            uscc=enterprise.uscc,
            checked_on=finding.checked_on,
            document=finding.document,
            summary=finding.summary,
            digest=finding.digest,
            facts=contradicted,
            found_by=actor.subject,
            role=actor.role,
            city_code=actor.city_code,
        )
        await outbox.publish(session, event)
