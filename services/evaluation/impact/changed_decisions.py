"""One past decision under two rulebooks: the criteria and parts that differ, with reasons in Chinese."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.evaluation.impact.comparison import carried_parts, part_names
from services.evaluation.impact.schemas import ChangedDecision, CriterionChange, PartChange, PartVerdict
from services.evaluation.rulebooks.catalogue import FactValue
from services.evaluation.rulebooks.explain import PartExplanation, explain
from services.evaluation.rulebooks.judge import conclude
from services.evaluation.rulebooks.rulebook import Criterion, Rulebook, Verdict

_CONTRADICTED = "所存结论与所存数据不符，请先重放该回执"


@dataclass(frozen=True, slots=True)
class Decision:
    """A stored decision: who, and its receipt with findings and signed deviations as JSON texts."""

    id: uuid.UUID
    application_id: uuid.UUID
    uscc: str
    city_code: str
    rulebook_digest: str
    assessed_on: date
    receipt: str
    findings: str | None
    deviations: str | None


@dataclass(frozen=True, slots=True)
class _Side:
    """A decision under one rulebook: its parts with findings filled in, what is excused, and what that amounts to."""

    rulebook: Rulebook
    settled: Mapping[str, bool | None]
    excused: frozenset[str]
    verdicts: Mapping[str, Verdict]
    criteria: Mapping[str, Verdict]
    overall: Verdict


def changed_decision(
    decision: Decision, before: Rulebook, after: Rulebook, judged: Mapping[str, bool | None]
) -> ChangedDecision:
    """`judged` are the parts by `after`, before any finding. Both rulebooks as of the day of assessment."""
    content: Any = json.loads(decision.receipt)
    facts: Mapping[str, FactValue] = content["facts"]
    stored: Mapping[str, bool | None] = content["parts"]
    findings: dict[str, bool] = json.loads(decision.findings or "{}")
    deviations = frozenset[str](json.loads(decision.deviations or "{}"))
    carried = carried_parts(before, after)
    old = _side(before, {part.id: stored.get(part.id) for part in before.parts}, findings, deviations)
    new = _side(
        after,
        judged,
        {id_: findings[was] for id_, was in carried.items() if was in findings},
        frozenset(id_ for id_, was in carried.items() if was in deviations),
    )
    return ChangedDecision(
        assessment_id=decision.id,
        application_id=decision.application_id,
        uscc=decision.uscc,
        city_code=decision.city_code,
        rulebook_digest=decision.rulebook_digest,
        before=old.overall,
        after=new.overall,
        criteria=_criterion_changes(old, new),
        parts=_part_changes(old, new, facts),
    )


def _side(
    rulebook: Rulebook, parts: Mapping[str, bool | None], findings: Mapping[str, bool], deviations: frozenset[str]
) -> _Side:
    """What `conclude` says; findings and deviations that do not apply are left out, not refused."""
    applied = {id_: met for id_, met in findings.items() if parts[id_] is None}
    settled = {**parts, **applied}
    in_principle = {part.id for part in rulebook.parts if part.kind == "in_principle"}
    excused = frozenset(id_ for id_ in deviations & in_principle if settled[id_] is False)
    conclusion = conclude(parts, rulebook, applied, excused)
    verdicts: dict[str, Verdict] = {
        id_: "deviation" if id_ in excused else "unknown" if met is None else "met" if met else "not_met"
        for id_, met in settled.items()
    }
    criteria: dict[str, Verdict] = {one.key: conclusion.criteria[one.number] for one in rulebook.criteria}
    return _Side(rulebook, settled, excused, verdicts, criteria, conclusion.overall)


def _criterion_changes(old: _Side, new: _Side) -> list[CriterionChange]:
    return [
        CriterionChange(key=one.key, title=one.title, before=old.criteria[one.key], after=new.criteria[one.key])
        for one in new.rulebook.criteria
        if old.criteria.get(one.key, new.criteria[one.key]) != new.criteria[one.key]
    ]


def _part_changes(old: _Side, new: _Side, facts: Mapping[str, FactValue]) -> list[PartChange]:
    """In the order of the new rulebook; parts that only the old one has come last."""
    before, after = part_names(old.rulebook), part_names(new.rulebook)
    names = [
        name
        for name in dict.fromkeys([*after, *before])
        if _verdict(old, before.get(name)) != _verdict(new, after.get(name))
    ]
    told_before = _told(old, {before[name] for name in names if name in before}, facts)
    told_after = _told(new, {after[name] for name in names if name in after}, facts)
    changes = ((told_before.get(before.get(name, "")), told_after.get(after.get(name, ""))) for name in names)
    return [_change(was, now) for was, now in changes]


def _verdict(side: _Side, part_id: str | None) -> Verdict | None:
    return None if part_id is None else side.verdicts[part_id]


_Told = tuple[str, str, PartVerdict]


def _change(was: _Told | None, now: _Told | None) -> PartChange:
    clause, title, _ = now or was or ("", "", None)
    return PartChange(clause=clause, title=title, before=was and was[2], after=now and now[2])


def _told(side: _Side, ids: set[str], facts: Mapping[str, FactValue]) -> dict[str, _Told]:
    """Clause, title and explained verdict of some parts: only they are explained, of many a decision has."""
    narrowed = replace(side.rulebook, criteria=tuple(filter(None, (_only(one, ids) for one in side.rulebook.criteria))))
    try:
        explained = explain(narrowed, facts, side.settled, deviations=side.excused)
    except ValueError:
        return {
            part.id: (criterion.clause, part.title, _contradicted(part.id, side.verdicts[part.id]))
            for criterion in narrowed.criteria
            for part in criterion.parts
        }
    return {one.part_id: (one.clause, one.title, _explained(one)) for one in explained}


def _only(criterion: Criterion, ids: set[str]) -> Criterion | None:
    parts = tuple(part for part in criterion.parts if part.id in ids)
    return replace(criterion, parts=parts) if parts else None


def _explained(one: PartExplanation) -> PartVerdict:
    return PartVerdict(part=one.part_id, verdict=one.verdict, reason_code=one.reason_code, reason_zh=one.reason)


def _contradicted(part_id: str, verdict: Verdict) -> PartVerdict:
    return PartVerdict(part=part_id, verdict=verdict, reason_code="contradicted", reason_zh=_CONTRADICTED)
