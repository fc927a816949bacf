"""Where an assessment stands: its computed parts, findings and signed deviations, brought to a conclusion."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.review.errors import ASSESSMENT_SUPERSEDED
from services.evaluation.review.schemas import ReviewState
from services.evaluation.rulebooks.judge import Conclusion, conclude
from services.evaluation.rulebooks.rulebook import Part, Rulebook
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Assessment, CriterionResult, Deviation, Finding


@dataclass(slots=True)
class Standing:
    assessment: Assessment
    rulebook: Rulebook
    computed: dict[str, bool | None]
    findings: dict[str, bool]
    signed: set[str]

    def part(self, part_id: str) -> Part | None:
        return next((part for part in self.rulebook.parts if part.id == part_id), None)

    def settled(self, part_id: str) -> bool | None:
        """The part's value by facts, else by finding, else None."""
        return self.findings.get(part_id, self.computed[part_id])


async def lock_standing(session: AsyncSession, assessment_id: uuid.UUID) -> Standing:
    """The current assessment, locked so that acts on it follow one another."""
    statement = select(Assessment).where(Assessment.id == assessment_id).with_for_update()
    assessment = (await session.execute(statement)).scalar_one_or_none()
    if assessment is None:
        raise Problem(NOT_FOUND)
    if not assessment.current:
        raise Problem(ASSESSMENT_SUPERSEDED)
    findings = await session.execute(select(Finding).where(Finding.assessment_id == assessment_id))
    signed = await session.execute(
        select(Deviation.part).where(Deviation.assessment_id == assessment_id, Deviation.signed_by.is_not(None))
    )
    return Standing(
        assessment=assessment,
        rulebook=await rulebook_of(session, assessment.rulebook_digest),
        computed=json.loads(assessment.receipt)["parts"],
        findings={finding.part: finding.met for finding in findings.scalars()},
        signed=set(signed.scalars()),
    )


async def store_conclusion(session: AsyncSession, standing: Standing) -> ReviewState:
    """Conclude anew and store the verdicts of each criterion and of the whole."""
    conclusion: Conclusion = conclude(standing.computed, standing.rulebook, standing.findings, standing.signed)
    standing.assessment.overall = conclusion.overall
    for number, verdict in conclusion.criteria.items():
        statement = update(CriterionResult).where(
            CriterionResult.assessment_id == standing.assessment.id, CriterionResult.number == number
        )
        await session.execute(statement.values(verdict=verdict))
    return ReviewState(overall=conclusion.overall, criteria=dict(conclusion.criteria))
