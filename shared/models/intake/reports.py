"""What pool members report (监测评价), the snapshots of what they said, and major problems reported upward."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

REPORT_STATUSES = ("draft", "submitted", "returned", "accepted")
MAJOR_PROBLEM_STATUSES = ("reported", "acknowledged", "settled")
SEVERITIES = ("notable", "major", "critical")


class ReportingPeriod(Base):
    """A span of days that members of a pool report on, and the window in which they may begin to."""

    __tablename__ = "reporting_period"
    __table_args__ = (
        CheckConstraint("covers_from <= covers_to", name="covers_days"),
        CheckConstraint("opens_at < closes_at", name="window"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    pool_code: Mapped[str]
    covers_from: Mapped[date]
    covers_to: Mapped[date]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    opened_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class ProgressReport(Base):
    """One enterprise's report on one period. `draft` is what it is writing; what it said is in the snapshots.

    `version` counts changes of the row and is its ETag; `revision` counts snapshots. A trigger keeps `status` to
    the transitions of services/intake/reports/transitions.py.
    """

    __tablename__ = "progress_report"
    __table_args__ = (
        UniqueConstraint("period_id", "enterprise_id", name="uq_progress_report_one_per_period"),
        CheckConstraint(one_of("status", *REPORT_STATUSES), name="status"),
        CheckConstraint("(status IN ('draft', 'returned')) = (draft IS NOT NULL)", name="draft_while_editable"),
        CheckConstraint("(status = 'draft') = (revision = 0)", name="submitted_has_snapshot"),
        CheckConstraint("(status = 'returned') = (return_reasons IS NOT NULL)", name="return_has_reason"),
        CheckConstraint("(status IN ('returned', 'accepted')) = (decided_by IS NOT NULL)", name="decision_has_officer"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decision_whole"),
        Index(None, "enterprise_id"),
    )

    id: Mapped[Id]
    period_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reporting_period.id"))
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    return_reasons: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    submitted_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class ProgressReportSnapshot(Base):
    """What an enterprise submitted, as submitted: immutable. `city_code` is where it was registered then."""

    __tablename__ = "progress_report_snapshot"
    __table_args__ = (UniqueConstraint("report_id", "revision"),)

    id: Mapped[Id]
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("progress_report.id"))
    revision: Mapped[int]
    city_code: Mapped[str]
    payload: Mapped[dict[str, Any]]
    digest: Mapped[str]
    submitted_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class MajorProblem(Base):
    """A major problem (重大问题) that a city reports upward; the province acknowledges it and answers."""

    __tablename__ = "major_problem"
    __table_args__ = (
        CheckConstraint(one_of("status", *MAJOR_PROBLEM_STATUSES), name="status"),
        CheckConstraint(one_of("severity", *SEVERITIES), name="severity"),
        CheckConstraint("(status = 'reported') = (acknowledged_by IS NULL)", name="acknowledged_has_officer"),
        CheckConstraint("(acknowledged_by IS NULL) = (acknowledged_at IS NULL)", name="acknowledgement_whole"),
        CheckConstraint("(status = 'settled') = (answer IS NOT NULL)", name="settled_has_answer"),
        CheckConstraint("(answer IS NULL) = (settled_by IS NULL)", name="answer_has_officer"),
        CheckConstraint("(answer IS NULL) = (settled_at IS NULL)", name="answer_has_time"),
        Index(None, "city_code", "id"),
        Index("ix_major_problem_unsettled", "id", postgresql_where=text("status <> 'settled'")),
    )

    id: Mapped[Id]
    city_code: Mapped[str]
    enterprise_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enterprise.id"))
    severity: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    reported_by: Mapped[str]
    reported_at: Mapped[CreatedAt]
    acknowledged_by: Mapped[str | None]
    acknowledged_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
