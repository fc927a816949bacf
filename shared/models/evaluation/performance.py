"""Annual performance: what cities reported of themselves, and the frozen figures of a year; both never changed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from shared.models.base import Base, Id

_WHOSE = ("year", "city_code")


class PerformanceReport(Base):
    """A city's own figures of a year (`figures`: whole numbers by indicator, 分 for money, null unknown).

    A correction `supersedes` the row before it, with a reason; a trigger refuses rows of a year that is frozen.
    """

    __tablename__ = "performance_report"
    __table_args__ = (
        UniqueConstraint("id", *_WHOSE, name="uq_performance_report_whose"),
        UniqueConstraint("supersedes"),
        Index("uq_performance_report_first", *_WHOSE, unique=True, postgresql_where=text("supersedes IS NULL")),
        ForeignKeyConstraint(
            ["supersedes", *_WHOSE],
            ["performance_report.id", *(f"performance_report.{name}" for name in _WHOSE)],
            name="fk_performance_report_supersedes_the_same",
        ),
        CheckConstraint("(supersedes IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        CheckConstraint("supersedes <> id", name="supersedes_another"),
        CheckConstraint("jsonb_typeof(figures) = 'object' AND figures <> '{}'::jsonb", name="figures_given"),
        CheckConstraint(
            'NOT jsonb_path_exists(figures, \'$.* ? (@ < 0 || @.type() != "number" && @.type() != "null")\')',
            name="figures_not_negative",
        ),
        CheckConstraint("year BETWEEN 2000 AND 2999", name="year_in_range"),
    )

    id: Mapped[Id]
    year: Mapped[int]
    city_code: Mapped[str]
    figures: Mapped[dict[str, Any]]
    supersedes: Mapped[uuid.UUID | None]
    reason: Mapped[str | None]
    reported_by: Mapped[str]
    # By the business clock, as `frozen_at`.
    reported_at: Mapped[datetime]


class PerformanceFreeze(Base):
    """The figures and scores of a year as they were when it was frozen; `digest` is of `content` (RFC 8785)."""

    __tablename__ = "performance_freeze"
    __table_args__ = (
        UniqueConstraint("year"),
        CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest_format"),
        CheckConstraint("(frozen_at AT TIME ZONE 'Asia/Shanghai')::date > make_date(year, 12, 31)", name="year_over"),
    )

    id: Mapped[Id]
    year: Mapped[int]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str]
    frozen_by: Mapped[str]
    frozen_at: Mapped[datetime]
