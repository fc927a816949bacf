"""What judged and was judged: rulebooks used, assessments, their criteria."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

VERDICTS = ("met", "not_met", "unknown", "deviation")


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
    """The judgement of one snapshot under one rulebook on one set of facts; one of an application is `current`.

    `inputs_digest` is that of the facts and of what others than the form say of them; `conflicts` counts the facts on
    which sources disagree; `reopening` the appeals that had the same judgement reviewed again from the beginning.
    """

    __tablename__ = "assessment"
    __table_args__ = (
        UniqueConstraint(
            "snapshot_id", "rulebook_digest", "inputs_digest", "reopening", name="uq_assessment_judgement"
        ),
        CheckConstraint(one_of("overall", *VERDICTS), name="overall"),
        Index("uq_assessment_current", "application_id", unique=True, postgresql_where=text("current")),
        Index(None, "cycle_id", "overall", "id"),
        Index("ix_assessment_in_conflict", "cycle_id", "id", postgresql_where=text("current AND conflicts > 0")),
        CheckConstraint("conflicts >= 0", name="conflicts_counted"),
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
    inputs_digest: Mapped[str]
    conflicts: Mapped[int] = mapped_column(SmallInteger)
    current: Mapped[bool] = mapped_column(Boolean)
    reopening: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[CreatedAt]


class CriterionResult(Base):
    """One criterion of one assessment, after findings and signed deviations. `number` is the annex's."""

    __tablename__ = "criterion_result"
    __table_args__ = (CheckConstraint(one_of("verdict", *VERDICTS), name="verdict"),)

    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str]
