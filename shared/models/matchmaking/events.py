"""Events with their slots and rooms."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id

_BOUNDED = "NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)"


class MatchEvent(Base):
    """One event; `month` is the first day of the month that it counts for, `chain` the industry chain's code, `who`
    the rule of which enterprises may take part."""

    __tablename__ = "match_event"
    __table_args__ = (
        UniqueConstraint("kind", "month", "city_code", "title"),
        CheckConstraint("extract(day FROM month) = 1", name="first_of_month"),
        Index(None, "city_code", "id"),
        Index(None, "month"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    title: Mapped[str]
    month: Mapped[date]
    chain: Mapped[str]
    city_code: Mapped[str]
    venue: Mapped[str]
    who: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class MatchSlot(Base):
    """A time in which everybody can have one meeting; slots of an event never overlap."""

    __tablename__ = "match_slot"
    __table_args__ = (
        ExcludeConstraint(("event_id", "="), ("during", "&&"), name="match_slot_once", using="gist"),
        CheckConstraint(_BOUNDED, name="bounded"),
        CheckConstraint("slot >= 0", name="counted"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("match_event.id"), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)


class MatchRoom(Base):
    """A room, or a meeting online, that an event has to itself from its first slot to its last."""

    __tablename__ = "match_room"
    __table_args__ = (
        ExcludeConstraint(("venue", "="), ("name", "="), ("during", "&&"), name="match_room_once", using="gist"),
        CheckConstraint(_BOUNDED, name="bounded"),
        CheckConstraint("room >= 0", name="counted"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("match_event.id"), primary_key=True)
    room: Mapped[int] = mapped_column(primary_key=True)
    venue: Mapped[str]
    name: Mapped[str]
    online: Mapped[bool]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
