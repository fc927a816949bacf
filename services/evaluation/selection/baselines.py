"""Freeze at admission what a graduation will be compared with (出库标准, 二(六)12(1)): the figures as judged."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.evaluation import Assessment, MembershipBaseline


async def freeze_baselines(session: AsyncSession, admitted: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """By membership id the assessment that it was admitted on; a figure that was unknown then stays unknown."""
    statement = select(Assessment.id, Assessment.receipt, Assessment.receipt_digest).where(
        Assessment.id.in_(admitted.values())
    )
    judged = {row.id: row for row in await session.execute(statement)}
    session.add_all(
        MembershipBaseline(
            membership_id=membership_id,
            assessment_id=assessment_id,
            receipt_digest=judged[assessment_id].receipt_digest,
            **_figures(judged[assessment_id].receipt),
        )
        for membership_id, assessment_id in admitted.items()
    )
    await session.flush()


def _figures(receipt: str) -> dict[str, int | None]:
    facts = json.loads(receipt)["facts"]
    return {"industrialised": facts.get("industrialised_patents"), "valid": facts.get("valid_patents")}
