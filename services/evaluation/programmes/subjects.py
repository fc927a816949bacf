"""Everybody whom a list could name, with the facts that its rule is judged by."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.assessment.facts import facts_frame
from services.evaluation.facts.queries import claims_of
from services.evaluation.facts.standing import Claim, standing
from services.evaluation.programmes.patents import pledgeable
from services.evaluation.programmes.qualifications import SINGLE_CHAMPION, held
from services.evaluation.rulebooks.catalogue import FactValue, catalogue
from shared.models.evaluation import Assessment, ExitNotice
from shared.models.reads import (
    Consent,
    EnterpriseOnRecord,
    ListedMember,
    PatentOnRecord,
    codes_of,
    enterprises_on_record,
    listed_members,
    live_consents,
    patents_on_record,
    present_codes,
    snapshot_forms,
    with_open_incidents,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """An enterprise by its present code. `facts` as they are known on the day; `consents` by purpose."""

    enterprise: EnterpriseOnRecord
    member: ListedMember | None
    facts: Mapping[str, FactValue]
    consents: Mapping[str, Consent]
    pledgeable_patents: int | None
    industry_class: str | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the newest judged application of an enterprise says: its facts as of the day, its id, and its form."""

    application_id: uuid.UUID
    values: Mapping[str, Any]
    form: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _State:
    members: Mapping[str, ListedMember]
    leaving: Collection[uuid.UUID]
    alleged: Collection[str]
    consents: Mapping[str, Mapping[str, Consent]]
    patents: Mapping[str, list[PatentOnRecord]]


async def subjects(session: AsyncSession, pool_code: str, on: date, *, uscc: str | None = None) -> list[Subject]:
    """All who were judged once or are members, by present code; only one of them where `uscc`, its present code."""
    judged = await _judged(session, on, uscc)
    state = await _state(session, pool_code, on, uscc)
    codes = judged.keys() | state.members.keys() if uscc is None else {uscc}
    found = await enterprises_on_record(session, codes)
    claims = await claims_of(session, [one.uscc for one in found.values()])
    return [_subject(found[code], judged.get(code), claims.get(code, ()), state, on) for code in sorted(found)]


async def _judged(session: AsyncSession, on: date, uscc: str | None) -> dict[str, _Judged]:
    newest = (
        select(Assessment.uscc, Assessment.application_id, Assessment.snapshot_id)
        .where(Assessment.current)
        .ext(distinct_on(Assessment.uscc))
        .order_by(Assessment.uscc, Assessment.snapshot_id.desc())
    )
    if uscc is not None:
        codes = codes_of([uscc]).subquery()
        newest = newest.where(Assessment.uscc.in_(select(codes.c.code)))
    # Ids are ordered by time: of an enterprise that was judged under several codes the newest stays.
    rows = sorted((await session.execute(newest)).all(), key=lambda row: row.snapshot_id)
    present = await present_codes(session, {row.uscc for row in rows})
    forms = await snapshot_forms(session, [row.snapshot_id for row in rows])
    # A qualification that has run out since it was judged is none: the form is read as of the day.
    frame = facts_frame([json.dumps(forms[row.snapshot_id], ensure_ascii=False) for row in rows], on)
    return {
        present[row.uscc]: _Judged(row.application_id, values, forms[row.snapshot_id])
        for row, values in zip(rows, frame.iter_rows(named=True), strict=True)
    }


async def _state(session: AsyncSession, pool_code: str, on: date, uscc: str | None) -> _State:
    told = or_(ExitNotice.decision.is_(None), ExitNotice.decision == "end")
    leaving = select(ExitNotice.membership_id).where(ExitNotice.pool_code == pool_code, told)
    return _State(
        members={one.uscc: one for one in await listed_members(session, pool_code)},
        leaving=set((await session.execute(leaving)).scalars()),
        alleged=await with_open_incidents(session),
        consents=await _consents(session, uscc),
        patents=await patents_on_record(session, on, uscc),
    )


async def _consents(session: AsyncSession, uscc: str | None) -> dict[str, dict[str, Consent]]:
    found: dict[str, dict[str, Consent]] = {}
    for (code, purpose), one in (await live_consents(session, uscc)).items():
        found.setdefault(code, {})[purpose] = one
    return found


def _subject(
    enterprise: EnterpriseOnRecord, judged: _Judged | None, claims: Sequence[Claim], state: _State, on: date
) -> Subject:
    facts = _known(judged, claims, on)
    member, form = state.members.get(enterprise.uscc), None if judged is None else judged.form
    valid = facts["valid_patents"]
    patent, count = pledgeable(state.patents.get(enterprise.uscc, ()), None if valid is None else int(valid), on)
    return Subject(
        enterprise=enterprise,
        member=member,
        facts={
            **facts,
            "in_pool": member is not None,
            "exit_pending": member is not None and member.membership_id in state.leaving,
            "open_incident": enterprise.uscc in state.alleged,
            "pledgeable_patent": patent,
            "single_champion": held(form, SINGLE_CHAMPION, on),
            "key_industrial_enterprise": None,
            "city": enterprise.city_code,
        },
        consents=state.consents.get(enterprise.uscc, {}),
        pledgeable_patents=count,
        industry_class=None if form is None else form.get("industry_class"),
    )


def _known(judged: _Judged | None, claims: Sequence[Claim], on: date) -> dict[str, FactValue]:
    """Each catalogued fact as it stands on a day: what registers and cities state over what the form says."""
    known: dict[str, FactValue] = {}
    for fact in catalogue().values():
        told = [] if judged is None else [Claim(fact.name, "self_reported", judged.values.get(fact.name))]
        stated = [one for one in claims if one.fact == fact.name]
        stands = standing(fact, [*told, *stated], on, None if judged is None else judged.application_id)
        known[fact.name] = None if stands is None else stands.claim.value
    return known
