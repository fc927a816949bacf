"""Applications and the snapshots of what they say."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

APPLICATION_STATUSES = ("submitted", "returned", "recommended")


class Application(Base):
    """One enterprise's application to one cycle; what it says is in its snapshots."""

    __tablename__ = "application"
    __table_args__ = (
        UniqueConstraint("cycle_id", "enterprise_id", name="uq_application_one_per_cycle"),
        CheckConstraint(one_of("status", *APPLICATION_STATUSES), name="status"),
        CheckConstraint("(status = 'returned') = (return_reasons IS NOT NULL)", name="return_has_reason"),
        Index(None, "cycle_id", "city_code", "id"),
        Index(None, "enterprise_id"),
    )

    id: Mapped[Id]
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"))
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    city_code: Mapped[str]
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)
    return_reasons: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    submitted_at: Mapped[CreatedAt]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class ApplicationSnapshot(Base):
    """What an enterprise submitted, as submitted: immutable (a trigger refuses UPDATE and DELETE)."""

    __tablename__ = "application_snapshot"
    __table_args__ = (UniqueConstraint("application_id", "revision"),)

    id: Mapped[Id]
    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"))
    revision: Mapped[int]
    payload: Mapped[dict[str, Any]]
    digest: Mapped[str]
    submitted_by: Mapped[str]
    channel: Mapped[str]
    created_at: Mapped[CreatedAt]
