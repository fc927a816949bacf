"""Reads of assessments, with findings, deviations and reasons."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.access import REVIEWER, in_conflict, refuse_unseen
from services.evaluation.assessment.errors import CYCLE_NOT_FOUND
from services.evaluation.assessment.provenance import conflicts_shown, facts_shown
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.assessment.schemas import (
    AssessmentOut,
    AssessmentPage,
    AssessmentSummary,
    CriterionOut,
    DeviationOut,
    FindingOut,
    PartOut,
    VerdictCounts,
)
from services.evaluation.rulebooks.explain import PartExplanation, explain
from services.evaluation.rulebooks.rulebook import Criterion
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Assessment, CriterionResult, Deviation, Finding
from shared.models.reads import PinnedCycle, enterprise_names, pinned_cycle
from shared.security.actor import Actor

# In one order for all, or two events about the same applications could wait for each other.
_JUDGING = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('judging of application ' || id, 0)) "
    "FROM (SELECT unnest(CAST(:ids AS text[])) AS id ORDER BY 1) AS sorted"
)


async def hold_judging(session: AsyncSession, application_ids: Collection[uuid.UUID]) -> None:
    """Nobody else judges these applications until this transaction ends. To be held before snapshots are read.

    An application may be recommended again before the first event about it was handled: then two are, at once.
    """
    await session.execute(_JUDGING, {"ids": [str(id_) for id_ in application_ids]})


async def cycle_or_refuse(session: AsyncSession, code: str) -> PinnedCycle:
    cycle = await pinned_cycle(session, code=code)
    if cycle is None:
        raise Problem(CYCLE_NOT_FOUND)
    return cycle


async def assessment_page(
    session: AsyncSession,
    actor: Actor,
    *,
    cycle_id: uuid.UUID,
    overall: str | None,
    after: uuid.UUID | None,
    limit: int,
) -> AssessmentPage:
    """Current assessments of a cycle in order of id; to a reviewer not those with a conflict of interest."""
    statement = (
        select(Assessment)
        .where(Assessment.cycle_id == cycle_id, Assessment.current)
        .order_by(Assessment.id)
        .limit(limit + 1)
    )
    if actor.role == REVIEWER:
        statement = statement.where(~in_conflict(actor.subject))
    if overall is not None:
        statement = statement.where(Assessment.overall == overall)
    if after is not None:
        statement = statement.where(Assessment.id > after)
    rows = (await session.execute(statement)).scalars().all()
    items = [AssessmentSummary.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return AssessmentPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)


async def verdict_counts(session: AsyncSession, cycle_id: uuid.UUID) -> VerdictCounts:
    statement = (
        select(Assessment.overall, func.count())
        .where(Assessment.cycle_id == cycle_id, Assessment.current)
        .group_by(Assessment.overall)
    )
    counts: dict[str, int] = dict((await session.execute(statement)).all())
    return VerdictCounts(
        judged=sum(counts.values()),
        met=counts.get("met", 0),
        deviation=counts.get("deviation", 0),
        not_met=counts.get("not_met", 0),
        unknown=counts.get("unknown", 0),
    )


async def assessment_in_full(session: AsyncSession, actor: Actor, assessment_id: uuid.UUID) -> AssessmentOut:
    """One assessment with every criterion's text, verdict, parts and reasons.

    Problem `not_found`, and for a reviewer who has not declared, or is barred, the refusals of `refuse_unseen`.
    """
    found = (await session.execute(select(Assessment).where(Assessment.id == assessment_id))).scalar_one_or_none()
    if found is None:
        raise Problem(NOT_FOUND)
    await refuse_unseen(session, actor, found.application_id)
    rulebook = (await rulebook_of(session, found.rulebook_digest)).on(found.assessed_on)
    receipt: dict[str, Any] = json.loads(found.receipt)
    explanations = {one.part_id: one for one in explain(rulebook, receipt["facts"], receipt["parts"])}
    verdicts = dict(
        (
            await session.execute(
                select(CriterionResult.number, CriterionResult.verdict).where(
                    CriterionResult.assessment_id == assessment_id
                )
            )
        ).all()
    )
    findings = await _findings(session, assessment_id)
    deviations = await _deviations(session, assessment_id)
    return AssessmentOut(
        **AssessmentSummary.model_validate(found, from_attributes=True).model_dump(),
        enterprise_name=(await enterprise_names(session, [found.uscc])).get(found.uscc, ""),
        rulebook_digest=found.rulebook_digest,
        receipt_digest=found.receipt_digest,
        receipt=receipt,
        facts=facts_shown(receipt),
        conflicts=conflicts_shown(receipt, rulebook),
        criteria=[
            _criterion(criterion, verdicts[criterion.number], explanations, findings, deviations)
            for criterion in rulebook.criteria
        ],
    )


def _criterion(
    criterion: Criterion,
    verdict: str,
    explanations: dict[str, PartExplanation],
    findings: dict[str, FindingOut],
    deviations: dict[str, DeviationOut],
) -> CriterionOut:
    parts = [
        PartOut(
            part=part.id,
            title=part.title,
            kind=part.kind,
            computed=explanations[part.id].verdict,
            reason_code=explanations[part.id].reason_code,
            reason_zh=explanations[part.id].reason,
            finding=findings.get(part.id),
            deviation=deviations.get(part.id),
        )
        for part in criterion.parts
    ]
    return CriterionOut(
        number=criterion.number,
        clause=criterion.clause,
        title=criterion.title,
        text=criterion.text,
        verdict=verdict,
        parts=parts,
    )


async def _findings(session: AsyncSession, assessment_id: uuid.UUID) -> dict[str, FindingOut]:
    rows = await session.execute(select(Finding).where(Finding.assessment_id == assessment_id))
    return {
        row.part: FindingOut(
            met=row.met,
            reason=row.reason,
            found_by=row.found_by,
            found_at=row.created_at,
            evidence=[uuid.UUID(one["attachment_id"]) for one in row.evidence],
            carried_from=row.carried_from,
        )
        for row in rows.scalars()
    }


async def _deviations(session: AsyncSession, assessment_id: uuid.UUID) -> dict[str, DeviationOut]:
    rows = await session.execute(select(Deviation).where(Deviation.assessment_id == assessment_id))
    return {row.part: DeviationOut.model_validate(row, from_attributes=True) for row in rows.scalars()}
