"""Members of whom sources say different things on a day: by what is known then, not by what was judged at admission."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.known_facts import FormsWord, forms_values
from services.evaluation.facts.queries import claims_of
from services.evaluation.facts.standing import Claim, standing
from services.evaluation.rulebooks.catalogue import catalogue
from shared.models.evaluation import Assessment
from shared.models.reads import codes_of


async def in_conflict(session: AsyncSession, usccs: Sequence[str], on: date) -> set[str]:
    """Present codes of those of whom some claim that stands on a day has another one against it."""
    claims = await claims_of(session, usccs)
    forms = await _forms(session, list(claims))
    return {uscc for uscc, stated in claims.items() if _differ(stated, forms.get(uscc, FormsWord()), on)}


def _differ(stated: Sequence[Claim], form: FormsWord, on: date) -> bool:
    for name in {one.fact for one in stated} & catalogue().keys():
        fact = catalogue()[name]
        claims = [*form.claims(fact), *(one for one in stated if one.fact == name)]
        stands = standing(fact, claims, on, form.application_id)
        if stands is not None and stands.against:
            return True
    return False


async def _forms(session: AsyncSession, usccs: Sequence[str]) -> dict[str, FormsWord]:
    """The form of the newest judged application of each, by present code."""
    codes = codes_of(usccs).subquery()
    statement = (
        select(codes.c.uscc, Assessment.application_id, Assessment.receipt)
        .join(codes, codes.c.code == Assessment.uscc)
        .where(Assessment.current)
        .order_by(Assessment.snapshot_id)
    )
    return {row.uscc: _word(row.application_id, json.loads(row.receipt)) for row in await session.execute(statement)}


def _word(application_id: uuid.UUID, receipt: Mapping[str, Any]) -> FormsWord:
    submitted_on = receipt["subject"].get("submitted_on")
    on = date.fromisoformat(submitted_on) if submitted_on else None
    return FormsWord(application_id, on, forms_values(receipt))
