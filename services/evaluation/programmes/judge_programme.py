"""Judge everybody on record by the rule of one list, for good, and tell finance."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.programmes.rules import ProgrammeRule
from services.evaluation.programmes.subjects import Subject, subjects
from services.evaluation.rulebooks.conditions import evaluate
from services.evaluation.rulebooks.grounds import grounds
from shared import audit, calendar, outbox
from shared.canonical import canonical_text, sha256_hex
from shared.events import ProgrammeJudged
from shared.models.base import new_id
from shared.models.evaluation import ProgrammeJudgement, ProgrammeJudgementEntry
from shared.reference.programmes import FIELDS
from shared.reference.province import province
from shared.security.actor import Actor

_JUDGING = text("SELECT pg_advisory_xact_lock(hashtextextended('judging of list ' || :code, 0))")
_OF_FACTS = ("size_class", "valid_patents", "valid_invention_patents", "industrialised_patents")


@dataclass(frozen=True, slots=True)
class Judged:
    """One enterprise with the verdict of the rule; `missing` are the facts that leave it open."""

    subject: Subject
    value: bool | None
    missing: tuple[str, ...]


async def judge_programme(
    session: AsyncSession,
    actor: Actor,
    rule: ProgrammeRule,
    cause_event_id: uuid.UUID,
    everybody: Sequence[Subject] | None = None,
) -> ProgrammeJudgement:
    """The judgement of today. The same cause judges once, whatever has changed since.

    `everybody` is for who judges several lists at a time: their facts need to be gathered once.
    """
    code = rule.data.code
    await session.execute(_JUDGING, {"code": code})
    statement = select(ProgrammeJudgement).where(
        ProgrammeJudgement.programme_code == code, ProgrammeJudgement.cause_event_id == cause_event_id
    )
    earlier = (await session.execute(statement)).scalar_one_or_none()
    if earlier is not None:
        return earlier
    on = calendar.business_date(calendar.now())
    if everybody is None:
        everybody = await subjects(session, province().pool_code, on)
    judged = [verdict(rule, one) for one in everybody]
    entries = [_entry(rule, one, on) for one in judged if one.value is not False]
    judgement = _judgement(rule, actor, on, judged, entries, cause_event_id)
    session.add(judgement)
    await session.flush()
    if entries:
        rows = [{"judgement_id": judgement.id, **one} for one in entries]
        await session.execute(insert(ProgrammeJudgementEntry), rows)
    detail = {name: getattr(judgement, name) for name in ("programme_code", "met", "unknown", "not_met", "digest")}
    subject = ("programme_judgement", judgement.id)
    await audit.record(
        session, service="evaluation", actor=actor, action="programme.judge", subject=subject, detail=detail
    )
    await outbox.publish(session, ProgrammeJudged(judgement_id=judgement.id, programme_code=code))
    return judgement


def verdict(rule: ProgrammeRule, subject: Subject) -> Judged:
    """Three-valued: what is unknown meets nothing, and is told as missing."""
    facts = {**subject.facts, "consent": rule.data.consent is None or rule.data.consent in subject.consents}
    value = evaluate(rule.condition, facts)
    why = grounds(rule.condition, facts)
    return Judged(subject, value, (*why.missing, *why.zero_denominators) if value is None else ())


def _entry(rule: ProgrammeRule, one: Judged, on: date) -> dict[str, Any]:
    subject = one.subject
    consent = None if rule.data.consent is None else subject.consents.get(rule.data.consent)
    shown = {
        "uscc": subject.enterprise.uscc,
        "name": subject.enterprise.name,
        "city_code": subject.enterprise.city_code,
        "judged_on": on.isoformat(),
        "consent_on": None if consent is None else consent.given_on.isoformat(),
        "industry_class": subject.industry_class,
        "pledgeable_patents": subject.pledgeable_patents,
        **{name: subject.facts[name] for name in _OF_FACTS},
    }
    # Cells are text in every format; what is not known is an empty one.
    fields = {name: "" if shown.get(name) is None else str(shown[name]) for name in FIELDS if name in shown}
    return {
        "uscc": subject.enterprise.uscc,
        "city_code": subject.enterprise.city_code,
        "verdict": "met" if one.value else "unknown",
        "missing": list(one.missing),
        "fields": fields,
        "membership_id": None if subject.member is None else subject.member.membership_id,
        "consent_id": None if consent is None else consent.id,
    }


def _judgement(
    rule: ProgrammeRule,
    actor: Actor,
    on: date,
    judged: Sequence[Judged],
    entries: Sequence[dict[str, Any]],
    cause_event_id: uuid.UUID,
) -> ProgrammeJudgement:
    values = [one.value for one in judged]
    listed = [one["fields"] for one in entries if one["verdict"] == "met"]
    return ProgrammeJudgement(
        id=new_id(),
        programme_code=rule.data.code,
        judged_on=on,
        rule=rule.data.rule,
        consent=rule.data.consent,
        met=values.count(True),
        unknown=values.count(None),
        not_met=values.count(False),
        digest=sha256_hex(canonical_text(listed)),
        judged_by=actor.subject,
        judged_at=calendar.now(),
        cause_event_id=cause_event_id,
    )
