"""Plans, their meetings, and the released versions of an event's timetable; none of them ever changes."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of
from shared.models.matchmaking.participants import pair_keys

CAUSES = ("solve", "cancellation")


class MatchPlan(Base):
    """One computed timetable: all that it was computed from (`inputs`), and how good it is proven to be.

    `total` and `bound` are sums of thousandths; both None for a plan that a cancellation made, which takes the rest as
    it was. `based_on` is the plan that a cancellation changed.
    """

    __tablename__ = "match_plan"
    __table_args__ = (
        UniqueConstraint("event_id", "sequence"),
        UniqueConstraint("event_id", "id", name="uq_match_plan_of_event"),
        ForeignKeyConstraint(
            ["event_id", "based_on"], ["match_plan.event_id", "match_plan.id"], name="fk_match_plan_based_on"
        ),
        CheckConstraint(one_of("cause", *CAUSES), name="cause"),
        CheckConstraint("(cause = 'cancellation') = (based_on IS NOT NULL)", name="based"),
        CheckConstraint("(cause = 'solve') = (total IS NOT NULL AND bound IS NOT NULL)", name="proven"),
        CheckConstraint("0 <= total AND total <= bound", name="bounded"),
        CheckConstraint("sequence >= 1", name="counted"),
    )

    id: Mapped[Id]
    event_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("match_event.id"))
    sequence: Mapped[int]
    cause: Mapped[str]
    based_on: Mapped[uuid.UUID | None]
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB, deferred=True)
    inputs_digest: Mapped[str]
    total: Mapped[int | None]
    bound: Mapped[int | None]
    coverable: Mapped[int | None]
    computed_by: Mapped[str]
    computed_at: Mapped[CreatedAt]


class MatchMeeting(Base):
    """A meeting of a plan: nobody and no room twice in a slot, no pair twice, and only slots and rooms of the event."""

    __tablename__ = "match_meeting"
    __table_args__ = (
        UniqueConstraint("plan_id", "slot", "enterprise_id", name="uq_match_meeting_enterprise"),
        UniqueConstraint("plan_id", "slot", "partner_id", name="uq_match_meeting_partner"),
        UniqueConstraint("plan_id", "slot", "room", name="uq_match_meeting_room"),
        ForeignKeyConstraint(
            ["event_id", "plan_id"], ["match_plan.event_id", "match_plan.id"], name="fk_match_meeting_plan"
        ),
        ForeignKeyConstraint(
            ["event_id", "slot"], ["match_slot.event_id", "match_slot.slot"], name="fk_match_meeting_slot"
        ),
        ForeignKeyConstraint(
            ["event_id", "room"], ["match_room.event_id", "match_room.room"], name="fk_match_meeting_room"
        ),
        *pair_keys("match_meeting"),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    enterprise_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event_id: Mapped[uuid.UUID]
    slot: Mapped[int]
    room: Mapped[int]
    points: Mapped[int]
    enterprise_side: Mapped[str] = mapped_column(Computed("'enterprise'", persisted=True))
    partner_side: Mapped[str] = mapped_column(Computed("'partner'", persisted=True))


class MatchRelease(Base):
    """A version of an event's timetable, counted from 1: the plan that holds from then on."""

    __tablename__ = "match_release"
    __table_args__ = (
        UniqueConstraint("plan_id"),
        ForeignKeyConstraint(
            ["event_id", "plan_id"], ["match_plan.event_id", "match_plan.id"], name="fk_match_release_plan"
        ),
        CheckConstraint("version >= 1", name="counted"),
    )

    event_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[uuid.UUID]
    released_by: Mapped[str]
    released_at: Mapped[CreatedAt]
