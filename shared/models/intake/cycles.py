"""Calls for applications and their quotas."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class Cycle(Base):
    """One call for applications (申报批次), pinned to one rulebook by digest."""

    __tablename__ = "cycle"
    __table_args__ = (CheckConstraint("opens_at < closes_at", name="window"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    rulebook_id: Mapped[str]
    rulebook_digest: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    assessed_on: Mapped[date]
    created_at: Mapped[CreatedAt]


class CycleQuota(Base):
    """The most enterprises that a city may have admitted in a cycle; a city without a row is limited by the pool's cap alone."""

    __tablename__ = "cycle_quota"
    __table_args__ = (CheckConstraint("maximum >= 0", name="not_negative"),)

    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"), primary_key=True)
    city_code: Mapped[str] = mapped_column(primary_key=True)
    maximum: Mapped[int]
