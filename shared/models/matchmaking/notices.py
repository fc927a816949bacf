"""What participants are told when a released timetable changes for them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class MatchNotice(Base):
    """What one version changed for one participant, told once; `seen_at` is when it, or somebody for it, took notice."""

    __tablename__ = "match_notice"
    __table_args__ = (
        UniqueConstraint("participant_id", "version"),
        ForeignKeyConstraint(
            ["event_id", "version"], ["match_release.event_id", "match_release.version"], name="fk_match_notice_release"
        ),
        CheckConstraint("jsonb_array_length(changes) > 0", name="something"),
        CheckConstraint("num_nonnulls(seen_at, seen_by) IN (0, 2)", name="seen_signed"),
        Index("ix_match_notice_release", "event_id", "version", "id"),
    )

    id: Mapped[Id]
    event_id: Mapped[uuid.UUID]
    participant_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("match_participant.id"))
    version: Mapped[int]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    told_at: Mapped[CreatedAt]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None]
