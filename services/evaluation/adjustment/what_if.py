"""What if: the same computation by other numbers, cap or day, beside the one as it is; nothing is written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.evaluation.adjustment.computation import Adjustment, Asked, compute
from services.evaluation.adjustment.errors import DAY_TO_COME, RULES_NUMBER
from services.evaluation.adjustment.plan_schemas import (
    CityCreditsOut,
    DifferenceOut,
    SideOut,
    WhatIfIn,
    WhatIfOut,
)
from services.evaluation.adjustment.plans import rules_or_refuse
from services.evaluation.adjustment.rules import Rules
from services.evaluation.assessment.queries import cycle_or_refuse
from services.evaluation.rulebooks.errors import RulebookError
from services.evaluation.selection.errors import POOL_NOT_FOUND
from shared import calendar
from shared.errors import Problem
from shared.models.evaluation import Pool


async def what_if(session: AsyncSession, given: WhatIfIn) -> WhatIfOut:
    """As it is: today's pool by the rules in force. Changed: the day, moment, numbers and cap that were given."""
    now = calendar.now()
    today = calendar.business_date(now)
    on, known_at = given.on or today, given.known_at or now
    if on > today or known_at > now:
        raise Problem(DAY_TO_COME)
    pool = await _pool(session, given.pool)
    cycle = None if given.cycle is None else await cycle_or_refuse(session, given.cycle)
    rules = rules_or_refuse(today)
    # What is to be spent is part of the question: as it is, all that there are may be.
    as_is = await compute(session, pool, Asked(rules, today, now, cycle))
    past = on < today or given.known_at is not None
    asked = Asked(_changed(rules_or_refuse(on), given), on, known_at, cycle, given.spend, past)
    changed = await compute(session, _with_cap(pool, given.cap), asked)
    return WhatIfOut(
        as_is=_side(as_is, now), changed=_side(changed, known_at), differences=_differences(as_is, changed)
    )


def _changed(rules: Rules, given: WhatIfIn) -> Rules:
    if not given.numbers:
        return rules
    try:
        return rules.changed(**given.numbers)
    except RulebookError as error:
        raise Problem(RULES_NUMBER, detail_en=error.message, detail_zh=error.message) from None


async def _pool(session: AsyncSession, code: str) -> Pool:
    pool = (await session.execute(select(Pool).where(Pool.code == code))).scalar_one_or_none()
    if pool is None:
        raise Problem(POOL_NOT_FOUND)
    return pool


def _with_cap(pool: Pool, cap: int | None) -> Pool:
    """A pool beside the stored one, which no session knows."""
    return Pool(
        code=pool.code,
        title=pool.title,
        cap=pool.cap if cap is None else cap,
        cap_basis=pool.cap_basis,
        live=pool.live,
        kept=pool.kept,
    )


def _side(one: Adjustment, known_at: datetime) -> SideOut:
    return SideOut(
        on=one.asked.on,
        known_at=known_at,
        rules_digest=one.asked.rules.digest,
        summary=one.summary,
        credits=[CityCreditsOut.model_validate(city, from_attributes=True) for city in one.credits],
    )


def _differences(as_is: Adjustment, changed: Adjustment) -> list[DifferenceOut]:
    before, after = _actions(as_is), _actions(changed)
    return [
        DifferenceOut(
            uscc=uscc,
            city_code=(after.get(uscc) or before[uscc])[1],
            as_is=before[uscc][0] if uscc in before else None,
            changed=after[uscc][0] if uscc in after else None,
        )
        for uscc in sorted({*before, *after})
        if before.get(uscc) != after.get(uscc)
    ]


def _actions(one: Adjustment) -> dict[str, tuple[str, str]]:
    members = {line.member.uscc: (line.action.action, line.member.city_code) for line in one.members}
    return members | {line.candidate.uscc: (line.action, line.candidate.city_code) for line in one.candidates}
