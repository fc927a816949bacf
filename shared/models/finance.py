"""Tables owned by finance: list programmes, their subscribers, immutable signed editions and who pulled them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class ListProgramme(Base):
    __tablename__ = "list_programme"

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    clause: Mapped[str]
    pool_code: Mapped[str]
    valid_days: Mapped[int]
    valid_days_basis: Mapped[str]


class ListSubscription(Base):
    """A bank's right to pull one programme."""

    __tablename__ = "list_subscription"

    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"), primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    granted_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class Edition(Base):
    """One numbered edition of a list: the exact bytes that were signed, never changed (a trigger refuses)."""

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("programme_code", "cause_event_id"),
        CheckConstraint("serial >= 1", name="serial_positive"),
        CheckConstraint("issued_at < expires_at", name="expires_later"),
    )

    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"), primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    entry_count: Mapped[int]
    digest: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    signature: Mapped[str]
    cause_event_id: Mapped[uuid.UUID]


class EditionPull(Base):
    """Which client fetched which edition, and when."""

    __tablename__ = "edition_pull"
    __table_args__ = (Index(None, "client_id", "at"),)

    id: Mapped[Id]
    programme_code: Mapped[str]
    serial: Mapped[int]
    client_id: Mapped[str]
    at: Mapped[CreatedAt]
