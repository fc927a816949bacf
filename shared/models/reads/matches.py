"""What came of events and pushes of patents, for the ledger of support."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import cast

from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import calendar
from shared.models.matchmaking import (
    RESULTS_WITH_DAY,
    MatchEvent,
    MatchOutcome,
    MatchParticipant,
    MatchSlot,
    PatentPush,
)
from shared.reference.divisions import divisions
from shared.reference.province import province

_INVESTMENT = "equity_financings"


@dataclass(frozen=True, slots=True)
class Matched:
    """Support that matchmaking gave: `part` is what the province's kinds of support are taken from.

    `city_code` is that of the event, or the enterprise's at a push. Money in 分; None is not known.
    """

    part: str
    uscc: str
    city_code: str
    happened_on: date
    provider: str
    subject: str
    amount_fen: int | None


def attended_as(participant_id: uuid.UUID) -> str:
    """What an enterprise's presence at an event is called in the ledger."""
    return f"attended/{participant_id}"


def agreed_as(enterprise_id: uuid.UUID, partner_id: uuid.UUID) -> str:
    """What came of a pair is called in the ledger."""
    return f"agreed/{enterprise_id}/{partner_id}"


def pushed_as(push_id: uuid.UUID) -> str:
    """What a push of patents is called in the ledger."""
    return f"pushed/{push_id}"


async def matched_support(session: AsyncSession, name: str) -> Matched | None:
    """What `name` stands for now; None where nothing of the kind took place, or no longer holds."""
    what, *ids = name.split("/")
    if what == "attended":
        return await _attended(session, uuid.UUID(ids[0]))
    if what == "agreed":
        return await _agreed(session, uuid.UUID(ids[0]), uuid.UUID(ids[1]))
    return await _pushed(session, uuid.UUID(ids[0]))


async def enterprise_of_match(session: AsyncSession, name: str) -> str:
    """The code of the enterprise that `name` is about, which is there."""
    what, first, *_ = name.split("/")
    if what == "pushed":
        return (await session.execute(select(PatentPush.uscc).where(PatentPush.id == uuid.UUID(first)))).scalar_one()
    statement = select(MatchParticipant.uscc).where(MatchParticipant.id == uuid.UUID(first))
    return cast("str", (await session.execute(statement)).scalar_one())


async def _attended(session: AsyncSession, participant_id: uuid.UUID) -> Matched | None:
    """An enterprise that had a meeting came, once an event, however many it had."""
    later = aliased(MatchOutcome)
    replaced = select(later.id).where(
        later.event_id == MatchOutcome.event_id,
        later.enterprise_id == MatchOutcome.enterprise_id,
        later.partner_id == MatchOutcome.partner_id,
        later.after_days == 0,
        later.id > MatchOutcome.id,
    )
    statement = (
        select(MatchEvent.kind, MatchEvent.title, MatchEvent.city_code, MatchParticipant.uscc, MatchSlot.during)
        .join(MatchEvent, MatchEvent.id == MatchParticipant.event_id)
        .join(MatchSlot, and_(MatchSlot.event_id == MatchEvent.id, MatchSlot.slot == 0))
        .where(
            MatchParticipant.id == participant_id,
            select(MatchOutcome.id)
            .where(
                MatchOutcome.enterprise_id == participant_id,
                MatchOutcome.event_id == MatchEvent.id,
                MatchOutcome.after_days == 0,
                MatchOutcome.held,
                ~replaced.exists(),
            )
            .exists(),
        )
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return None
    host = divisions()[found.city_code].name
    day = _day(found.during)
    return Matched(f"events.{found.kind}", cast("str", found.uscc), found.city_code, day, host, found.title, None)


async def _agreed(session: AsyncSession, enterprise_id: uuid.UUID, partner_id: uuid.UUID) -> Matched | None:
    """The newest word on the latest stage says what holds of a pair."""
    enterprise, partner = aliased(MatchParticipant), aliased(MatchParticipant)
    statement = (
        select(
            MatchOutcome.result,
            MatchOutcome.happened_on,
            MatchOutcome.amount_fen,
            enterprise.uscc,
            partner.name,
            MatchEvent.kind,
            MatchEvent.title,
            MatchEvent.city_code,
        )
        .join(enterprise, enterprise.id == MatchOutcome.enterprise_id)
        .join(partner, partner.id == MatchOutcome.partner_id)
        .join(MatchEvent, MatchEvent.id == MatchOutcome.event_id)
        .where(MatchOutcome.enterprise_id == enterprise_id, MatchOutcome.partner_id == partner_id)
        .order_by(MatchOutcome.after_days.desc(), MatchOutcome.id.desc())
        .limit(1)
    )
    found = (await session.execute(statement)).one_or_none()
    if found is None or found.result not in RESULTS_WITH_DAY or found.happened_on is None:
        return None
    part = f"contracts.{found.kind}" if found.result == "contract" else _INVESTMENT
    return Matched(
        part, cast("str", found.uscc), found.city_code, found.happened_on, found.name, found.title, found.amount_fen
    )


async def _pushed(session: AsyncSession, push_id: uuid.UUID) -> Matched:
    columns = (PatentPush.uscc, PatentPush.city_code, PatentPush.by_city, PatentPush.pushed_on, PatentPush.found)
    found = (await session.execute(select(*columns).where(PatentPush.id == push_id))).one()
    host = province().name if found.by_city is None else divisions()[found.by_city].name
    subject = f"精准推送专利{found.found}件"
    return Matched("patent_pushes", found.uscc, found.city_code, found.pushed_on, host, subject, None)


def _day(during: Range[object]) -> date:
    return calendar.business_date(during.lower)  # pyright: ignore[reportArgumentType] (bounded by a CHECK)
