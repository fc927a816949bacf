"""What an event came to: who came, what was held, what was intended, agreed and invested."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.event_queries import chain_name, newest_release
from services.finance.matchmaking.money import yuan_of
from services.finance.matchmaking.record_schemas import MoneyOut, SummaryOut
from shared.models.matchmaking import MatchEvent, MatchMeeting, MatchOutcome, MatchParticipant

_MONEY = {"intended": ("term_sheet",), "agreed": ("contract",), "invested": ("invested", "equity_option")}


async def summary_of(session: AsyncSession, event: MatchEvent) -> SummaryOut:
    """Counts of the version in force, and of each pair what was said last of its latest stage."""
    sides = await _present(session, event.id)
    release = await newest_release(session, event.id)
    planned = 0
    if release is not None:
        counted = select(func.count()).where(MatchMeeting.plan_id == release.plan_id)
        planned = (await session.execute(counted)).scalar_one()
    statement = select(MatchOutcome).where(MatchOutcome.event_id == event.id)
    words = list((await session.execute(statement.order_by(MatchOutcome.after_days, MatchOutcome.id))).scalars())
    on_the_day = {_pair(one): one for one in words if one.after_days == 0}
    latest = [one for one in {_pair(one): one for one in words}.values() if one.result is not None]
    held = sum(one.held for one in on_the_day.values())
    return SummaryOut(
        event_id=event.id,
        month=event.month,
        chain_name=chain_name(event.chain),
        enterprises=sides["enterprise"],
        partners=sides["partner"],
        meetings=planned,
        held=held,
        not_held=len(on_the_day) - held,
        untold=planned - len(on_the_day),
        results=dict(Counter(one.result for one in latest if one.result is not None)),
        **{name: _money(one for one in latest if one.result in results) for name, results in _MONEY.items()},
    )


async def _present(session: AsyncSession, event_id: uuid.UUID) -> Counter[str]:
    statement = (
        select(MatchParticipant.side, func.count())
        .where(MatchParticipant.event_id == event_id, MatchParticipant.cancelled_at.is_(None))
        .group_by(MatchParticipant.side)
    )
    return Counter({row[0]: row[1] for row in await session.execute(statement)})


def _pair(one: MatchOutcome) -> tuple[uuid.UUID, uuid.UUID]:
    return one.enterprise_id, one.partner_id


def _money(words: Iterable[MatchOutcome]) -> MoneyOut:
    """The sum of what is known, null where there are pairs and none tells its amount."""
    amounts = [one.amount_fen for one in words]
    known = [fen for fen in amounts if fen is not None]
    total = sum(known) if known or not amounts else None
    return MoneyOut(pairs=len(amounts), amount_cny=yuan_of(total), amount_unknown=len(amounts) - len(known))
