"""Enter findings: a reviewer settles parts that the facts leave unknown."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.review.errors import PART_SETTLED, PART_UNKNOWN
from services.evaluation.review.schemas import FindingIn, FindingsIn, ReviewState
from services.evaluation.review.standing import Standing, lock_standing, store_conclusion
from shared import audit
from shared.errors import ErrorKind, Problem, Violation
from shared.models.evaluation import Finding
from shared.security.actor import Actor


async def enter_findings(
    session: AsyncSession, actor: Actor, assessment_id: uuid.UUID, findings_in: FindingsIn
) -> ReviewState:
    """All findings or none. Entering the very same finding again changes nothing (a retry)."""
    standing = await lock_standing(session, assessment_id)
    own = await _own_findings(session, actor, assessment_id)
    for index, finding in enumerate(findings_in.findings):
        if own.get(finding.part) == (finding.met, finding.reason):
            continue
        _refuse_unsuitable(standing, finding, index)
        session.add(
            Finding(
                assessment_id=assessment_id,
                part=finding.part,
                met=finding.met,
                reason=finding.reason,
                found_by=actor.subject,
            )
        )
        standing.findings[finding.part] = finding.met
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="assessment.findings",
        subject=("assessment", assessment_id),
        detail=findings_in.model_dump(),
    )
    return await store_conclusion(session, standing)


async def _own_findings(session: AsyncSession, actor: Actor, assessment_id: uuid.UUID) -> dict[str, tuple[bool, str]]:
    statement = select(Finding).where(Finding.assessment_id == assessment_id, Finding.found_by == actor.subject)
    return {row.part: (row.met, row.reason) for row in (await session.execute(statement)).scalars()}


def _refuse_unsuitable(standing: Standing, finding: FindingIn, index: int) -> None:
    if standing.part(finding.part) is None:
        raise _refusal(PART_UNKNOWN, index)
    if standing.settled(finding.part) is not None:
        raise _refusal(PART_SETTLED, index)


def _refusal(kind: ErrorKind, index: int) -> Problem:
    return Problem(
        kind, violations=[Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"/findings/{index}/part")]
    )
