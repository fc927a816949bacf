"""Selection plans: who would be admitted, and why."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

PLAN_STATUSES = ("frozen", "approved", "under_notice", "committed")


class SelectionPlan(Base):
    """Who would be admitted: computed, frozen with a digest of its inputs, approved by another, committed."""

    __tablename__ = "selection_plan"
    __table_args__ = (
        CheckConstraint(one_of("status", *PLAN_STATUSES), name="status"),
        CheckConstraint("approved_by <> proposed_by", name="second_person"),
        CheckConstraint("status = 'frozen' OR approved_by IS NOT NULL", name="approved_before_commit"),
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
    proposed_by: Mapped[str]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    committed_by: Mapped[str | None]
    committed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class SelectionPlanEntry(Base):
    """One candidate's place in a plan; `reason` says why it is in or out."""

    __tablename__ = "selection_plan_entry"
    __table_args__ = (
        UniqueConstraint("plan_id", "rank"),
        CheckConstraint(one_of("reason", "admitted", "city_quota", "pool_cap", "already_member"), name="reason"),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("selection_plan.id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)
    rank: Mapped[int]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    city_code: Mapped[str]
    admitted: Mapped[bool]
    reason: Mapped[str]
    indicators: Mapped[dict[str, Any]]


class AdmissionQuota(Base):
    """How many of a city's places in a cycle are used; CHECK keeps the quota whatever the code does."""

    __tablename__ = "admission_quota"
    __table_args__ = (CheckConstraint("used >= 0 AND used <= maximum", name="within_quota"),)

    cycle_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    city_code: Mapped[str] = mapped_column(primary_key=True)
    maximum: Mapped[int]
    used: Mapped[int]
