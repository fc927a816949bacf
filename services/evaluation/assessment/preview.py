"""How a form would be judged, by the same engine as the real judgement; nothing is stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.errors import NOT_OWN_ENTERPRISE
from services.evaluation.assessment.facts import facts_frame
from services.evaluation.assessment.form import PreviewIn
from services.evaluation.assessment.form_fields import open_fields
from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.assessment.registry import rulebook_of
from services.evaluation.rulebooks.arms import Arm, Hint, arms
from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from services.evaluation.rulebooks.explain import PartExplanation, explain
from services.evaluation.rulebooks.judge import criterion_verdicts, judge
from services.evaluation.rulebooks.rulebook import Criterion, Part, Rulebook
from shared import calendar
from shared.db import Database
from shared.errors import Problem, Violation
from shared.judgement import (
    ArmOut,
    AsOf,
    HintOut,
    JudgedCriterion,
    JudgedPart,
    Judgement,
    MissingFact,
    StepOut,
    Verdict,
)
from shared.models.reads import PinnedCycle
from shared.security.actor import Actor

_VERDICT: Mapping[bool | None, Verdict] = {True: "met", False: "not_met", None: "unknown"}


async def preview(database: Database, actor: Actor, code: str, preview_in: PreviewIn, as_of: AsOf) -> Judgement:
    """The form judged by the cycle's rulebook, on the cycle's assessment date or as of today.

    Problem `cycle_not_found`; `not_own_enterprise` where an enterprise asks about another one.
    """
    uscc = preview_in.form.uscc
    if actor.uscc is not None and uscc is not None and uscc.upper() != actor.uscc:
        kind = NOT_OWN_ENTERPRISE
        raise Problem(kind, violations=[Violation(kind.code, kind.title_zh, kind.title_en, pointer="/form/uscc")])
    async with database.sessions() as session:
        cycle, rulebook = await _pinned(session, code)
    judged_on = cycle.assessed_on if as_of == "assessment_date" else calendar.business_date(calendar.now())
    form = preview_in.payload()
    overall, criteria = await asyncio.to_thread(judged_form, rulebook, form, judged_on)
    return Judgement(
        cycle=code,
        rulebook_id=rulebook.id,
        rulebook_digest=rulebook.digest,
        as_of=as_of,
        judged_on=judged_on,
        overall=overall,
        criteria=criteria,
    )


async def _pinned(session: AsyncSession, code: str) -> tuple[PinnedCycle, Rulebook]:
    cycle = await cycle_or_refuse(session, code)
    return cycle, await rulebook_of(session, cycle.rulebook_digest)


def judged_form(rulebook: Rulebook, form: Mapping[str, Any], judged_on: date) -> tuple[Verdict, list[JudgedCriterion]]:
    """The verdict on the whole and each criterion with reasons, gaps and distances. `form` is a snapshot's content."""
    rulebook = rulebook.on(judged_on)
    frame = facts_frame([orjson.dumps(form).decode()], judged_on)
    parts = judge(rulebook, frame)
    verdicts = criterion_verdicts(rulebook, parts).row(0, named=True)
    facts: dict[str, FactValue] = frame.row(0, named=True)
    explained = explain(rulebook, facts, parts.row(0, named=True))
    by_part = {
        one.part_id: _part(part, one, facts, form, judged_on)
        for part, one in zip(rulebook.parts, explained, strict=True)
    }
    criteria = [_criterion(one, verdicts[str(one.number)], by_part) for one in rulebook.criteria]
    return cast("Verdict", verdicts["overall"]), criteria


def _criterion(criterion: Criterion, met: bool | None, parts: Mapping[str, JudgedPart]) -> JudgedCriterion:
    return JudgedCriterion(
        number=criterion.number,
        clause=criterion.clause,
        title=criterion.title,
        text=criterion.text,
        verdict=_VERDICT[met],
        parts=[parts[part.id] for part in criterion.parts],
    )


def _part(
    part: Part, explained: PartExplanation, facts: Mapping[str, FactValue], form: Mapping[str, Any], judged_on: date
) -> JudgedPart:
    ways = [] if part.condition is None else arms(part.condition, facts)
    return JudgedPart(
        part=part.id,
        title=part.title,
        kind=part.kind,
        computed=cast("Verdict", explained.verdict),
        reason_code=explained.reason_code,
        reason_zh=explained.reason,
        missing=[_missing(name, form, judged_on) for name in explained.missing],
        arms=[_arm(way) for way in ways],
        advice_zh=_advice(way.text for way in ways),
    )


def _advice(texts: Iterable[str]) -> str:
    return "；或".join(dict.fromkeys(filter(None, texts)))


def _missing(fact: str, form: Mapping[str, Any], judged_on: date) -> MissingFact:
    return MissingFact(fact=fact, title=catalogue()[fact].title, fields=open_fields(fact, form, judged_on))


def _arm(arm: Arm) -> ArmOut:
    steps = [StepOut(verdict=_lacking(step.value), hints=[_hint(hint) for hint in step.hints]) for step in arm.steps]
    return ArmOut(verdict=_lacking(arm.value), steps=steps, text_zh=arm.text)


def _lacking(value: bool | None) -> Any:
    return _VERDICT[value]


def _hint(hint: Hint) -> HintOut:
    return HintOut(
        kind=hint.kind,
        fact=hint.fact,
        title=hint.title,
        needed=hint.needed,
        now=hint.now,
        gap=hint.gap,
        unit=hint.unit,
        of=hint.of,
        options=list(hint.options),
        text_zh=hint.text,
    )
