"""Call an event: its kind, month, chain, slots and rooms."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from services.finance.matchmaking.errors import KIND_UNKNOWN, OUTSIDE_CITY, SLOT_OUTSIDE
from services.finance.matchmaking.event_queries import event_out, known_chain
from services.finance.matchmaking.schemas import EventIn, EventOut, SlotIn
from services.finance.matchmaking.standing import check_rule
from services.finance.matchmaking.terms import match_terms
from shared import audit, calendar
from shared.errors import Problem, Violation
from shared.models.base import new_id
from shared.models.matchmaking import MatchEvent, MatchRoom, MatchSlot
from shared.security.actor import Actor


async def create_event(session: AsyncSession, actor: Actor, event_in: EventIn) -> EventOut:
    """The event with its slots in order of time.

    Problems `match_kind_unknown`, `match_chain_unknown`, `match_rule_unknown`, `match_outside_city`, `match_slot_outside`,
    `match_slots_overlap`, `match_room_taken`, `match_event_exists`.
    """
    if event_in.kind not in match_terms().kinds:
        raise Problem(KIND_UNKNOWN)
    if actor.city_code is not None and actor.city_code != event_in.city_code:
        raise Problem(OUTSIDE_CITY)
    _check_slots(event_in)
    event = MatchEvent(
        id=new_id(),
        kind=event_in.kind,
        title=event_in.title,
        month=event_in.month,
        chain=known_chain(event_in.chain),
        city_code=event_in.city_code,
        venue=event_in.venue,
        who=check_rule(event_in.who or match_terms().kinds[event_in.kind].who),
        created_by=actor.subject,
    )
    session.add(event)
    await session.flush()
    slots = sorted(event_in.slots, key=lambda one: (one.starts_at, one.ends_at))
    during = [Range(one.starts_at, one.ends_at) for one in slots]
    await session.execute(
        insert(MatchSlot), [{"event_id": event.id, "slot": at, "during": one} for at, one in enumerate(during)]
    )
    whole = Range(slots[0].starts_at, max(one.ends_at for one in slots))
    rooms = [
        {"event_id": event.id, "room": at, "venue": event.venue, "during": whole} | one.model_dump()
        for at, one in enumerate(event_in.rooms)
    ]
    await session.execute(insert(MatchRoom), rooms)
    detail = {"kind": event.kind, "slots": len(slots), "rooms": len(rooms)}
    await audit.record(
        session,
        service="finance",
        actor=actor,
        action="match_event.create",
        subject=("match_event", event.id),
        detail=detail,
    )
    return await event_out(session, event)


def _check_slots(event_in: EventIn) -> None:
    kind = SLOT_OUTSIDE
    wrong = [
        Violation(kind.code, kind.title_zh, kind.title_en, pointer=f"/slots/{at}")
        for at, slot in enumerate(event_in.slots)
        if not _is_possible(slot, event_in)
    ]
    if wrong:
        raise Problem(kind, violations=wrong)


def _is_possible(slot: SlotIn, event_in: EventIn) -> bool:
    now, day = calendar.now(), calendar.business_date(slot.starts_at)
    latest = now + timedelta(days=match_terms().days_ahead)
    return now < slot.starts_at < slot.ends_at <= latest and day.replace(day=1) == event_in.month
