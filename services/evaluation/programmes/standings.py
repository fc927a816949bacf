"""Which lists an enterprise is on, could be on, and what is missing (按需匹配支持政策)."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.programmes.judge_programme import verdict
from services.evaluation.programmes.queries import consent_needed, missing
from services.evaluation.programmes.rules import ProgrammeRule, programme_rules
from services.evaluation.programmes.schemas import ConsentStanding, StandingOut, StandingsOut
from services.evaluation.programmes.subjects import Subject, subjects
from services.evaluation.programmes.words import rule_in_words
from services.evaluation.rulebooks.conditions import evaluate
from services.evaluation.rulebooks.grounds import grounds
from shared import calendar
from shared.errors import NOT_FOUND, Problem
from shared.models.reads import codes_of, enterprises_on_record, lists_of
from shared.reference.province import province
from shared.security.actor import Actor


async def standings(session: AsyncSession, actor: Actor, code: str) -> StandingsOut:
    """Of the enterprise with this code, present or former; Problem `not_found` outside reach."""
    found = await enterprises_on_record(session, [code] if actor.uscc is None else [code, actor.uscc])
    enterprise = found.get(code)
    own = actor.uscc is None or found.get(actor.uscc) == enterprise
    if enterprise is None or not own or actor.city_code not in (None, enterprise.city_code):
        raise Problem(NOT_FOUND)
    today = calendar.business_date(calendar.now())
    (subject,) = await subjects(session, province().pool_code, today, uscc=enterprise.uscc)
    codes = [row.code for row in await session.execute(codes_of([enterprise.uscc]))]
    listed = await lists_of(session, codes)
    return StandingsOut(
        uscc=enterprise.uscc,
        name=enterprise.name,
        judged_on=today,
        items=[_standing(rule, subject, listed.get(code)) for code, rule in programme_rules().items()],
    )


def _standing(rule: ProgrammeRule, subject: Subject, since: int | None) -> StandingOut:
    judged = verdict(rule, subject)
    facts = {**subject.facts, "consent": rule.data.consent is None or rule.data.consent in subject.consents}
    decided = grounds(rule.condition, facts).deciding if judged.value is False else ()
    failed = {"met": "qualifies", "unknown": "open", "not_met": "unmet"}
    word = {True: "met", None: "unknown", False: "not_met"}[judged.value]
    return StandingOut.model_validate(
        {
            "programme": rule.data.code,
            "title": rule.data.title,
            "clause": rule.data.clause,
            "status": "listed" if since is not None else failed[word],
            "listed": since is not None,
            "since_serial": since,
            "verdict": word,
            "missing": missing(_open(rule, facts) if judged.value is False else judged.missing),
            "unmet": list(dict.fromkeys(rule_in_words(leaf) for leaf, holds in decided if not holds)),
            "consent": _consent(rule, subject),
        }
    )


def _open(rule: ProgrammeRule, facts: dict[str, bool | int | str | None]) -> list[str]:
    """What is not known beside what decides: someone who mends the one would still be asked for the other."""
    members = getattr(rule.condition, "members", (rule.condition,))
    opened = [one for one in members if evaluate(one, facts) is None]
    return list(dict.fromkeys(name for one in opened for name in grounds(one, facts).missing))


def _consent(rule: ProgrammeRule, subject: Subject) -> ConsentStanding | None:
    needed = consent_needed(rule)
    if needed is None:
        return None
    given = subject.consents.get(needed.purpose)
    return ConsentStanding(**needed.model_dump(), given_on=None if given is None else given.given_on)
