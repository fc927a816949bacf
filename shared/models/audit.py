"""The audit trail: one row per act, written in the transaction of the act, never changed."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "subject_type", "subject_id"),)

    id: Mapped[Id]
    # Given as the row is written: acts on one subject, behind its lock, are in this order, whatever the clocks say.
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    at: Mapped[CreatedAt]
    service: Mapped[str]
    actor: Mapped[str]
    role: Mapped[str]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[uuid.UUID]
    request_id: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
