"""Where an assessment stands: its computed parts, findings and signed deviations, brought to a conclusion."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Uuid, any_, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.review.errors import ASSESSMENT_SUPERSEDED, STANDING
from services.evaluation.review.items import Judged, conflicting_facts
from services.evaluation.review.progress import store_items
from services.evaluation.review.schemas import ReviewState
from services.evaluation.rulebooks.judge import Conclusion, conclude
from services.evaluation.rulebooks.rulebook import Part, Rulebook
from shared.errors import NOT_FOUND, Problem
from shared.models.evaluation import Assessment, CriterionResult, Deviation, Finding, Review
from shared.security.actor import Actor


@dataclass(slots=True)
class Standing:
    assessment: Assessment
    rulebook: Rulebook
    computed: dict[str, bool | None]
    findings: dict[str, bool]
    signed: set[str]
    conflicting: frozenset[str]

    def part(self, part_id: str) -> Part | None:
        return next((part for part in self.rulebook.parts if part.id == part_id), None)

    def settled(self, part_id: str) -> bool | None:
        """The part's value by facts, else by finding, else None."""
        return self.judged.settled(part_id)

    @property
    def judged(self) -> Judged:
        return Judged(self.rulebook, self.computed, self.findings, self.signed, self.conflicting)


async def lock_standing(session: AsyncSession, assessment_id: uuid.UUID) -> Standing:
    """The current assessment, locked so that acts on it follow one another."""
    statement = select(Assessment).where(Assessment.id == assessment_id).with_for_update()
    assessment = (await session.execute(statement)).scalar_one_or_none()
    if assessment is None:
        raise Problem(NOT_FOUND)
    if not assessment.current:
        raise await _superseded(session, assessment)
    return await standing_of(session, assessment)


async def standing_of(session: AsyncSession, assessment: Assessment) -> Standing:
    """An assessment with what people have added to it so far."""
    (standing,) = await standings_of(session, [assessment])
    return standing


async def standings_of(session: AsyncSession, assessments: Sequence[Assessment]) -> list[Standing]:
    """The same of many, in their order; as many statements as for one."""
    ids = any_(cast([one.id for one in assessments], ARRAY(Uuid)))
    findings: dict[uuid.UUID, dict[str, bool]] = defaultdict(dict)
    found = select(Finding.assessment_id, Finding.part, Finding.met).where(Finding.assessment_id == ids)
    for assessment_id, part, met in await session.execute(found):
        findings[assessment_id][part] = met
    signed: dict[uuid.UUID, set[str]] = defaultdict(set)
    by_two = select(Deviation.assessment_id, Deviation.part).where(
        Deviation.assessment_id == ids, Deviation.signed_by.is_not(None)
    )
    for assessment_id, part in await session.execute(by_two):
        signed[assessment_id].add(part)
    digests = {one.rulebook_digest for one in assessments}
    rulebooks = {digest: await rulebook_of(session, digest) for digest in digests}
    return [_standing(one, rulebooks[one.rulebook_digest], findings[one.id], signed[one.id]) for one in assessments]


def _standing(assessment: Assessment, rulebook: Rulebook, findings: dict[str, bool], signed: set[str]) -> Standing:
    receipt = json.loads(assessment.receipt)
    return Standing(
        assessment=assessment,
        rulebook=rulebook,
        computed=receipt["parts"],
        findings=findings,
        signed=signed,
        conflicting=conflicting_facts(receipt),
    )


async def _superseded(session: AsyncSession, overtaken: Assessment) -> Problem:
    """The refusal, naming the assessment that has taken the place of an overtaken one."""
    statement = select(Assessment.id).where(Assessment.application_id == overtaken.application_id, Assessment.current)
    newer = (await session.execute(statement)).scalar_one_or_none()
    return Problem(ASSESSMENT_SUPERSEDED, detail_en=f"The newer assessment is {newer}", detail_zh=f"新的评判为 {newer}")


async def refuse_without_standing(
    session: AsyncSession, actor: Actor, assessment_id: uuid.UUID, *, assigned: bool = True
) -> None:
    """Raise unless this person, by whatever name and role, may act now: assigned (if asked), declared, not barred."""
    statement = select(func.standing_bar(func.person_of(actor.subject), assessment_id, assigned))
    bar = (await session.execute(statement)).scalar_one()
    if bar is not None:
        raise Problem(STANDING[bar])


async def store_conclusion(session: AsyncSession, standing: Standing) -> ReviewState:
    """Conclude anew and store the verdicts of each criterion and of the whole, and what still needs a person."""
    conclusion: Conclusion = conclude(standing.computed, standing.rulebook, standing.findings, standing.signed)
    standing.assessment.overall = conclusion.overall
    for number, verdict in conclusion.criteria.items():
        statement = update(CriterionResult).where(
            CriterionResult.assessment_id == standing.assessment.id, CriterionResult.number == number
        )
        await session.execute(statement.values(verdict=verdict))
    found = await session.execute(select(Review).where(Review.assessment_id == standing.assessment.id))
    review = found.scalar_one_or_none()
    if review is not None:
        await store_items(session, review, standing.judged)
    return ReviewState(overall=conclusion.overall, criteria=dict(conclusion.criteria))
