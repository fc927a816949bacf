"""Selection plans: who would be admitted, and why."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

PLAN_STATUSES = ("frozen", "approved", "under_notice", "committed")
ENTRY_REASONS = ("admitted", "city_quota", "pool_cap", "already_member", "reserved", "minimum", "objection")
SEATS = ("reserved", "minimum", "shared")


class SelectionPlan(Base):
    """Who would be admitted: computed, frozen with a digest of its inputs, approved by another, committed.

    `valid_until` is the last business day of its commit; `allocation` the terms it was computed under and what one
    more place would change.
    """

    __tablename__ = "selection_plan"
    __table_args__ = (
        CheckConstraint(one_of("status", *PLAN_STATUSES), name="status"),
        CheckConstraint("person_of(approved_by) <> person_of(proposed_by)", name="second_person"),
        CheckConstraint(
            "committed_at IS NULL OR (committed_at AT TIME ZONE 'Asia/Shanghai')::date <= valid_until",
            name="committed_while_valid",
        ),
        CheckConstraint("status = 'frozen' OR approved_by IS NOT NULL", name="approved_before_commit"),
        Index(None, "cycle_id", "id"),
        Index(
            "uq_selection_plan_committed_per_cycle",
            "cycle_id",
            unique=True,
            postgresql_where=text("status = 'committed'"),
        ),
    )

    id: Mapped[Id]
    cycle_id: Mapped[uuid.UUID]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    status: Mapped[str]
    inputs_digest: Mapped[str]
    summary: Mapped[dict[str, Any]]
    allocation: Mapped[dict[str, Any] | None]
    valid_until: Mapped[date]
    proposed_by: Mapped[str]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    committed_by: Mapped[str | None]
    committed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class SelectionPlanEntry(Base):
    """One candidate's place in a plan; `reason` says why it is in or out, `seat` by which kind of place it is in.

    `condition` is that of a reserved place. `score` explains the points, NULL under a rulebook without scoring.
    """

    __tablename__ = "selection_plan_entry"
    __table_args__ = (
        UniqueConstraint("plan_id", "rank"),
        CheckConstraint(one_of("reason", *ENTRY_REASONS), name="reason"),
        CheckConstraint(one_of("seat", *SEATS), name="seat"),
        CheckConstraint("admitted = (reason = 'admitted') AND admitted = (seat IS NOT NULL)", name="seat_if_admitted"),
        CheckConstraint(
            "(condition IS NOT NULL) = (seat IS NOT NULL AND seat = 'reserved')", name="condition_if_reserved"
        ),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("selection_plan.id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    city_code: Mapped[str]
    admitted: Mapped[bool]
    reason: Mapped[str]
    seat: Mapped[str | None]
    condition: Mapped[str | None]
    score: Mapped[dict[str, Any] | None]
    indicators: Mapped[dict[str, Any]]


class AdmissionQuota(Base):
    """How many of a city's places in a cycle are used. A trigger on memberships counts; CHECK keeps the quota."""

    __tablename__ = "admission_quota"
    __table_args__ = (CheckConstraint("used >= 0 AND used <= maximum", name="within_quota"),)

    cycle_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    city_code: Mapped[str] = mapped_column(primary_key=True)
    maximum: Mapped[int]
    used: Mapped[int]
