"""Enter findings: the assigned reviewer settles parts that the facts leave unknown."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.review.errors import EVIDENCE_UNKNOWN, PART_SETTLED, PART_UNKNOWN
from services.evaluation.review.schemas import FindingIn, FindingsIn, ReviewState
from services.evaluation.review.standing import Standing, lock_standing, refuse_without_standing, store_conclusion
from shared import audit, calendar
from shared.errors import ErrorKind, Problem, Violation
from shared.models.evaluation import Finding
from shared.models.reads import attachment_digests
from shared.security.actor import Actor

# met, reason, evidence
_Answer = tuple[bool, str, list[str]]


async def enter_findings(
    session: AsyncSession, actor: Actor, assessment_id: uuid.UUID, findings_in: FindingsIn
) -> ReviewState:
    """All findings or none. Entering the very same finding again changes nothing (a retry)."""
    standing = await lock_standing(session, assessment_id)
    await refuse_without_standing(session, actor, assessment_id)
    own = await _own_findings(session, actor, assessment_id)
    digests = await _digests(session, standing, findings_in)
    entered: list[FindingIn] = []
    for index, finding in enumerate(findings_in.findings):
        evidence = list(dict.fromkeys(map(str, finding.evidence)))
        if own.get(finding.part) == (finding.met, finding.reason, evidence):
            continue
        _refuse_unsuitable(standing, finding, index, digests)
        session.add(
            Finding(
                assessment_id=assessment_id,
                part=finding.part,
                met=finding.met,
                reason=finding.reason,
                found_by=actor.subject,
                evidence=[{"attachment_id": id_, "digest": digests[id_]} for id_ in evidence],
            )
        )
        standing.findings[finding.part] = finding.met
        entered.append(finding)
    if entered:
        await _record(session, actor, assessment_id, entered)
    return await store_conclusion(session, standing)


async def _record(session: AsyncSession, actor: Actor, assessment_id: uuid.UUID, entered: list[FindingIn]) -> None:
    await audit.record(
        session,
        service="evaluation",
        actor=actor,
        action="assessment.findings",
        subject=("assessment", assessment_id),
        detail={"findings": [finding.model_dump(mode="json") for finding in entered]},
    )


async def _own_findings(session: AsyncSession, actor: Actor, assessment_id: uuid.UUID) -> dict[str, _Answer]:
    statement = select(Finding).where(
        Finding.assessment_id == assessment_id, func.person_of(Finding.found_by) == func.person_of(actor.subject)
    )
    return {
        row.part: (row.met, row.reason, [one["attachment_id"] for one in row.evidence])
        for row in (await session.execute(statement)).scalars()
    }


async def _digests(session: AsyncSession, standing: Standing, findings_in: FindingsIn) -> dict[str, Any]:
    """The application's files by id, looked up where a finding names any."""
    if not any(finding.evidence for finding in findings_in.findings):
        return {}
    files = await attachment_digests(session, standing.assessment.application_id, calendar.now())
    return {str(one.attachment_id): one.digest for one in files}


def _refuse_unsuitable(standing: Standing, finding: FindingIn, index: int, digests: dict[str, Any]) -> None:
    if standing.part(finding.part) is None:
        raise _refusal(PART_UNKNOWN, f"/findings/{index}/part")
    if standing.settled(finding.part) is not None:
        raise _refusal(PART_SETTLED, f"/findings/{index}/part")
    for place, attachment_id in enumerate(finding.evidence):
        if str(attachment_id) not in digests:
            raise _refusal(EVIDENCE_UNKNOWN, f"/findings/{index}/evidence/{place}")


def _refusal(kind: ErrorKind, pointer: str) -> Problem:
    return Problem(kind, violations=[Violation(kind.code, kind.title_zh, kind.title_en, pointer=pointer)])
