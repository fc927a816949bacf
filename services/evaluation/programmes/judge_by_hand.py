"""An officer has everybody judged by the rule of a list, beside its cadence."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.programmes.errors import NOT_JUDGED
from services.evaluation.programmes.judge_programme import judge_programme
from services.evaluation.programmes.queries import judgement_shown, rule_of
from services.evaluation.programmes.schemas import JudgementOut
from shared.errors import Problem
from shared.models.base import new_id
from shared.security.actor import Actor


async def judge_by_hand(session: AsyncSession, actor: Actor, code: str) -> JudgementOut:
    """The judgement. Problems `programme_not_found`, `programme_not_judged`."""
    rule = rule_of(code)
    if rule.data.origin == "pool":
        raise Problem(NOT_JUDGED)
    return judgement_shown(await judge_programme(session, actor, rule, new_id()))
