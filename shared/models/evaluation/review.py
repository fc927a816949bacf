"""What people added to judgement: findings and signed deviations."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class Finding(Base):
    """A reviewer's answer to one part that could not be judged from facts; the first answer stands."""

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("assessment_id", "part"),)

    id: Mapped[Id]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    part: Mapped[str]
    met: Mapped[bool]
    reason: Mapped[str]
    found_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class Deviation(Base):
    """An 原则上 part that is not met, excused with a reason; it counts once a second person has signed."""

    __tablename__ = "deviation"
    __table_args__ = (
        UniqueConstraint("assessment_id", "part"),
        CheckConstraint("signed_by <> proposed_by", name="second_person"),
        CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name="signature_whole"),
    )

    id: Mapped[Id]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    part: Mapped[str]
    reason: Mapped[str]
    proposed_by: Mapped[str]
    signed_by: Mapped[str | None]
    signed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
