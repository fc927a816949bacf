"""Calls for applications and their quotas."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of


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
    """The least and most admissions of a city in a cycle; a city without a row is limited by the pool's cap alone."""

    __tablename__ = "cycle_quota"
    __table_args__ = (
        CheckConstraint("maximum >= 0", name="not_negative"),
        CheckConstraint("minimum BETWEEN 0 AND maximum", name="minimum_within"),
    )

    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"), primary_key=True)
    city_code: Mapped[str] = mapped_column(primary_key=True)
    maximum: Mapped[int]
    minimum: Mapped[int] = mapped_column(default=0, server_default="0")


class CycleReserve(Base):
    """Places of a cycle kept for a condition of its rulebook, or (`condition` NULL) held back; given in `position`'s order."""

    __tablename__ = "cycle_reserve"
    __table_args__ = (
        UniqueConstraint("cycle_id", "condition", postgresql_nulls_not_distinct=True),
        CheckConstraint("places > 0", name="positive"),
        CheckConstraint(one_of("unused", "shared", "empty"), name="unused"),
        # What is held back from everybody and yet returned to everybody would be held back from nobody.
        CheckConstraint("condition IS NOT NULL OR unused = 'empty'", name="held_back_stays_empty"),
    )

    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    condition: Mapped[str | None]
    places: Mapped[int]
    unused: Mapped[str]
    basis: Mapped[str]
