"""Tables owned by evaluation: rulebooks used, assessments, review, selection plans and the pool."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

VERDICTS = ("met", "not_met", "unknown", "deviation")
PLAN_STATUSES = ("frozen", "approved", "committed")


class RulebookVersion(Base):
    """The text of a rulebook that judged something, kept so that every receipt can be replayed."""

    __tablename__ = "rulebook_version"

    digest: Mapped[str] = mapped_column(primary_key=True)
    rulebook_id: Mapped[str]
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    text: Mapped[str]
    created_at: Mapped[CreatedAt]


class Assessment(Base):
    """The judgement of one snapshot under one rulebook. The newest of an application is `current`."""

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint("snapshot_id", "rulebook_digest"),
        CheckConstraint(one_of("overall", *VERDICTS), name="overall"),
        Index("uq_assessment_current", "application_id", unique=True, postgresql_where=text("current")),
        Index(None, "cycle_id", "overall", "id"),
    )

    id: Mapped[Id]
    application_id: Mapped[uuid.UUID]
    snapshot_id: Mapped[uuid.UUID]
    cycle_id: Mapped[uuid.UUID]
    city_code: Mapped[str]
    uscc: Mapped[str]
    rulebook_digest: Mapped[str] = mapped_column(ForeignKey("rulebook_version.digest"))
    assessed_on: Mapped[date]
    overall: Mapped[str]
    receipt: Mapped[str]
    receipt_digest: Mapped[str]
    current: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[CreatedAt]


class CriterionResult(Base):
    """One criterion of one assessment, after findings and signed deviations. `number` is the annex's."""

    __tablename__ = "criterion_result"
    __table_args__ = (CheckConstraint(one_of("verdict", *VERDICTS), name="verdict"),)

    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str]


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


class Pool(Base):
    """A cultivation pool (培育库). A trigger keeps `live` equal to its open memberships; CHECK keeps the cap."""

    __tablename__ = "pool"
    __table_args__ = (CheckConstraint("live >= 0 AND live <= cap", name="within_cap"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    cap: Mapped[int]
    cap_basis: Mapped[str]
    live: Mapped[int] = mapped_column(default=0, server_default="0")


class SelectionPlan(Base):
    """Who would be admitted: computed, frozen with a digest of its inputs, approved by another, committed."""

    __tablename__ = "selection_plan"
    __table_args__ = (
        CheckConstraint(one_of("status", *PLAN_STATUSES), name="status"),
        CheckConstraint("approved_by <> proposed_by", name="second_person"),
        CheckConstraint(
            "status NOT IN ('approved', 'committed') OR approved_by IS NOT NULL", name="approved_before_commit"
        ),
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


class Membership(Base):
    """One stay of one enterprise in one pool; an open upper bound means that it is a member now."""

    __tablename__ = "membership"
    __table_args__ = (
        ExcludeConstraint(("pool_code", "="), ("uscc", "="), ("during", "&&"), name="ex_membership_no_overlap"),
        CheckConstraint("NOT isempty(during)", name="not_empty"),
        Index(None, "pool_code", postgresql_where=text("upper_inf(during)")),
    )

    id: Mapped[Id]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    uscc: Mapped[str]
    city_code: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("selection_plan.id"))
    created_at: Mapped[CreatedAt]
