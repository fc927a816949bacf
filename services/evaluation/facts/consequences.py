"""What becomes of a statement just made: which applications are judged again by it, and why others are not."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.facts.schemas import Consequence
from services.evaluation.facts.standing import WHY_ZH, Claim, standing, why
from services.evaluation.rulebooks.catalogue import Fact
from shared.models.evaluation import Assessment, SelectionPlan
from shared.models.reads import codes_of

_SELECTED_ZH = "不再评判：本批次入库名单已确定"
_NOT_JUDGED_ZH = "该企业尚无已评判的申报；此后评判时，以当时采信的陈述为准"


@dataclass(frozen=True, slots=True)
class JudgedApplication:
    """An application with a judgement, the day that it is judged on, and whether its cycle's selection is committed."""

    application_id: uuid.UUID
    on: date
    is_selected: bool


async def judged_applications(session: AsyncSession, usccs: Collection[str]) -> dict[str, list[JudgedApplication]]:
    """By present code, the newest last; enterprises without any are left out."""
    codes = codes_of(usccs).subquery()
    committed = select(SelectionPlan.cycle_id).where(SelectionPlan.status == "committed")
    statement = (
        select(codes.c.uscc, Assessment.application_id, Assessment.assessed_on, Assessment.cycle_id.in_(committed))
        .join(codes, codes.c.code == Assessment.uscc)
        .where(Assessment.current)
        .order_by(Assessment.assessed_on, Assessment.application_id)
    )
    found: dict[str, list[JudgedApplication]] = defaultdict(list)
    for uscc, application_id, on, is_selected in await session.execute(statement):
        found[uscc].append(JudgedApplication(application_id, on, is_selected))
    return found


def consequences(
    fact: Fact, claim: Claim, claims: Sequence[Claim], judged: Sequence[JudgedApplication]
) -> list[Consequence]:
    """For each judged application what the claim does there, `claims` being all statements of the fact.

    What the form says is left out: it never outranks a register or a city.
    """
    return [_consequence(fact, claim, claims, one) for one in judged]


def _consequence(fact: Fact, claim: Claim, claims: Sequence[Claim], judged: JudgedApplication) -> Consequence:
    stands = standing(fact, claims, judged.on, judged.application_id)
    reason = why(fact, claim, stands, judged.on, judged.application_id)
    counts = reason == "stands" and not judged.is_selected
    return Consequence(
        application_id=judged.application_id,
        on=judged.on,
        counts=counts,
        why=reason,
        why_zh=_SELECTED_ZH if judged.is_selected and reason == "stands" else WHY_ZH[reason],
    )


def told(found: Sequence[Consequence]) -> str:
    """One sentence for the person who stated it."""
    if not found:
        return _NOT_JUDGED_ZH
    again = sum(one.counts for one in found)
    if again == len(found):
        return f"将据此重新评判{again}件申报"
    reasons: Mapping[str, None] = dict.fromkeys(one.why_zh for one in found if not one.counts)
    begun = f"将据此重新评判{again}件申报；其余" if again else "本陈述已记录，但不影响现有评判——"
    return begun + "；".join(reasons)
