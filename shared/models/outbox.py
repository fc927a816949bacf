"""Events waiting for their consumer (one row per event and consumer) and remembered answers to retried requests."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class OutboxEvent(Base):
    """`due_at` is when the relay may (again) send it; `processed_at` and `dead_at` end its life."""

    __tablename__ = "outbox_event"
    __table_args__ = (
        Index("ix_outbox_event_due", "due_at", postgresql_where=text("processed_at IS NULL AND dead_at IS NULL")),
        CheckConstraint("processed_at IS NULL OR dead_at IS NULL", name="one_end"),
    )

    id: Mapped[Id]
    event_id: Mapped[uuid.UUID]
    topic: Mapped[str]
    consumer: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[CreatedAt]
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sends: Mapped[int] = mapped_column(default=0, server_default="0")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]
    processed_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    request_id: Mapped[str | None]
    # Held by a worker that does this event's work outside a transaction, while it lives.
    lease: Mapped[uuid.UUID | None]
    leased_until: Mapped[datetime | None]


class ScheduleRun(Base):
    """That a schedule's event for one business date was published: once, whoever asks and however often."""

    __tablename__ = "schedule_run"

    name: Mapped[str] = mapped_column(primary_key=True)
    business_date: Mapped[date] = mapped_column(primary_key=True)
    created_at: Mapped[CreatedAt]


class IdempotencyRecord(Base):
    """The answer given to one actor's Idempotency-Key, kept so that a retry gets the same one."""

    __tablename__ = "idempotency_record"

    actor: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str]
    status: Mapped[int]
    response: Mapped[str]
    created_at: Mapped[CreatedAt]
