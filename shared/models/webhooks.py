"""Tables owned by finance: where banks want to be told, what was to be told, and each attempt to."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

MESSAGE_STATUSES = ("pending", "delivered", "exhausted")


class WebhookEndpoint(Base):
    """An address of a client. Both secrets sign until `earlier_until`, so that a change of secret loses no message."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("secret LIKE 'whsec\\_%'", name="secret_format"),
        CheckConstraint("(earlier_secret IS NULL) = (earlier_until IS NULL)", name="earlier_secret_ends"),
        CheckConstraint("url ~ '^https?://'", name="url_scheme"),
        Index("uq_webhook_endpoint_live", "client_id", "url", unique=True, postgresql_where=text("removed_at IS NULL")),
    )

    id: Mapped[Id]
    client_id: Mapped[str]
    url: Mapped[str]
    secret: Mapped[str]
    earlier_secret: Mapped[str | None]
    earlier_until: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
    removed_at: Mapped[datetime | None]


class WebhookMessage(Base):
    """One message to one address, the same bytes at every attempt; an edition is told to an address once.

    `attempts` counts since it was last (re)played; who failed as often as the settings try is `exhausted` and waits for
    a replay.
    """

    __tablename__ = "webhook_message"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "programme_code", "serial", name="uq_webhook_message_edition_once"),
        ForeignKeyConstraint(
            ["programme_code", "serial"],
            ["edition.programme_code", "edition.serial"],
            name="fk_webhook_message_edition",
        ),
        CheckConstraint("(programme_code IS NULL) = (serial IS NULL)", name="edition_whole"),
        CheckConstraint(one_of("status", *MESSAGE_STATUSES), name="status"),
        CheckConstraint("(status = 'pending') = (settled_at IS NULL)", name="settled"),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        Index("ix_webhook_message_due", "due_at", postgresql_where=text("status = 'pending'")),
    )

    id: Mapped[Id]
    endpoint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook_endpoint.id"))
    type: Mapped[str]
    programme_code: Mapped[str | None]
    serial: Mapped[int | None]
    payload: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    claim: Mapped[uuid.UUID | None]
    due_at: Mapped[CreatedAt]
    created_at: Mapped[CreatedAt]
    settled_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One attempt and what came of it; never changed. `status_code` is theirs, `error` ours where none came."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (
        CheckConstraint("milliseconds >= 0", name="milliseconds_counted"),
        CheckConstraint("status_code IS NOT NULL OR error IS NOT NULL", name="outcome_told"),
        Index(None, "message_id", "id"),
    )

    id: Mapped[Id]
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("webhook_message.id"))
    at: Mapped[CreatedAt]
    status_code: Mapped[int | None]
    error: Mapped[str | None]
    milliseconds: Mapped[int]
