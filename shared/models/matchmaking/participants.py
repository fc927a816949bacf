"""Who takes part in an event, what each side asks for, and conflicts of interest."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

SIDES = ("enterprise", "partner")


def pair_keys(table: str) -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """An enterprise and a partner of the same event."""
    return tuple(  # pyright: ignore[reportReturnType] (two sides)
        ForeignKeyConstraint(
            ["event_id", f"{side}_side", f"{side}_id"],
            ["match_participant.event_id", "match_participant.side", "match_participant.id"],
            name=f"fk_{table}_{side}",
        )
        for side in SIDES
    )


class MatchParticipant(Base):
    """One enterprise or partner at one event; `profile` are the typed facts that affinity compares, unknown left out.

    `name_key` is the name without spaces and width: nobody comes twice. Contact details are shown to the other side of
    a meeting once both have consented.
    """

    __tablename__ = "match_participant"
    __table_args__ = (
        UniqueConstraint("event_id", "side", "id", name="uq_match_participant_of_event"),
        UniqueConstraint("event_id", "name_key", name="uq_match_participant_name"),
        UniqueConstraint("event_id", "uscc", name="uq_match_participant_uscc"),
        CheckConstraint(one_of("side", *SIDES), name="side"),
        CheckConstraint("(side = 'enterprise') = (kind = 'enterprise')", name="kind_of_side"),
        CheckConstraint("side <> 'enterprise' OR uscc IS NOT NULL", name="enterprise_named"),
        CheckConstraint("capacity BETWEEN 0 AND 100", name="capacity"),
        CheckConstraint("num_nonnulls(consented_at, consented_by) IN (0, 2)", name="consent_signed"),
        CheckConstraint("num_nonnulls(cancelled_at, cancelled_by, cancel_reason) IN (0, 3)", name="cancel_signed"),
        CheckConstraint("num_nonnulls(checked_in_at, checked_in_by) IN (0, 2)", name="check_in_signed"),
        Index("ix_match_participant_uscc", "uscc"),
    )

    id: Mapped[Id]
    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("match_event.id"))
    side: Mapped[str]
    kind: Mapped[str]
    uscc: Mapped[str | None]
    name: Mapped[str]
    name_key: Mapped[str]
    capacity: Mapped[int]
    profile: Mapped[dict[str, Any]]
    contact: Mapped[str | None]
    registered_by: Mapped[str]
    registered_at: Mapped[CreatedAt]
    consented_at: Mapped[datetime | None]
    consented_by: Mapped[str | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    checked_in_at: Mapped[datetime | None]
    checked_in_by: Mapped[str | None]


class MatchPreference(Base):
    """What one side of a pair asks for: a meeting, none, or (`neutral`) neither any more."""

    __tablename__ = "match_preference"
    __table_args__ = (
        *pair_keys("match_preference"),
        CheckConstraint(one_of("by_side", *SIDES), name="by_side"),
        CheckConstraint("word IN ('wish', 'ban', 'neutral')", name="word"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    enterprise_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    by_side: Mapped[str] = mapped_column(primary_key=True)
    word: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]
    enterprise_side: Mapped[str] = mapped_column(Computed("'enterprise'", persisted=True))
    partner_side: Mapped[str] = mapped_column(Computed("'partner'", persisted=True))


class MatchConflict(Base):
    """A conflict of interest between the two of a pair, for this event; never changed."""

    __tablename__ = "match_conflict"
    __table_args__ = (*pair_keys("match_conflict"), CheckConstraint("ground <> ''", name="grounded"))

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    enterprise_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    ground: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]
    enterprise_side: Mapped[str] = mapped_column(Computed("'enterprise'", persisted=True))
    partner_side: Mapped[str] = mapped_column(Computed("'partner'", persisted=True))
