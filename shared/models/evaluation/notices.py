"""Public notice: objections, appeals, and what they hold up."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Id, one_of

OBJECTION_STATUSES = ("open", "upheld", "dismissed")
APPEAL_STATUSES = ("open", "accepted", "rejected")
KEPT_PLACE_OUTCOMES = ("admitted", "struck")
_EVIDENCED = "document IS NOT NULL OR jsonb_array_length(evidence) > 0"
_DECISION = "(status = 'open') = (num_nonnulls(decided_by, decided_at, decision_reason) = 0)"
_DECISION_WHOLE = "num_nonnulls(decided_by, decided_at, decision_reason) IN (0, 3)"


class PublicNotice(Base):
    """One publication of one plan's names; only its early end is ever added, and only where no length is asked for.

    `number` is year and sequence. `digest` covers what the public reads. The last days are inclusive.
    """

    __tablename__ = "public_notice"
    __table_args__ = (
        UniqueConstraint("year", "sequence"),
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("starts_on <= ends_on AND starts_on <= appeals_until", name="window"),
        CheckConstraint("working_days >= 0 AND (working_days > 0) = (starts_on < ends_on)", name="length"),
        CheckConstraint("basis <> ''", name="has_basis"),
        CheckConstraint("num_nonnulls(ended_by, ended_at) IN (0, 2)", name="end_whole"),
        CheckConstraint("ended_at IS NULL OR working_days = 0", name="runs_its_length"),
        Index(None, "cycle_id", "id"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    year: Mapped[int]
    sequence: Mapped[int]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("selection_plan.id"), unique=True)
    cycle_id: Mapped[uuid.UUID]
    title: Mapped[str]
    working_days: Mapped[int]
    basis: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    appeals_until: Mapped[date]
    digest: Mapped[str]
    published_by: Mapped[str]
    published_at: Mapped[datetime]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]


class PublicNoticeEntry(Base):
    """One enterprise on a notice, named as it was named then; immutable."""

    __tablename__ = "public_notice_entry"
    __table_args__ = (UniqueConstraint("notice_id", "uscc"),)

    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("public_notice.id"), primary_key=True)
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"), primary_key=True)
    uscc: Mapped[str]
    name: Mapped[str]
    city_code: Mapped[str]
    city_name: Mapped[str]


class Objection(Base):
    """An objection to one entry. Triggers keep it within the window and its decision with a third person."""

    __tablename__ = "objection"
    __table_args__ = (
        ForeignKeyConstraint(
            ["notice_id", "assessment_id"],
            ["public_notice_entry.notice_id", "public_notice_entry.assessment_id"],
            name="fk_objection_public_notice_entry",
        ),
        CheckConstraint(one_of("status", *OBJECTION_STATUSES), name="status"),
        CheckConstraint("grounds <> ''", name="has_grounds"),
        CheckConstraint(_EVIDENCED, name="has_evidence"),
        CheckConstraint(_DECISION, name="decided"),
        CheckConstraint(_DECISION_WHOLE, name="decision_whole"),
        CheckConstraint("person_of(decided_by) <> person_of(recorded_by)", name="second_person"),
        Index(None, "notice_id", "assessment_id", "status"),
        Index(None, "assessment_id"),
    )

    id: Mapped[Id]
    notice_id: Mapped[uuid.UUID]
    assessment_id: Mapped[uuid.UUID]
    grounds: Mapped[str]
    document: Mapped[str | None]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    status: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


class Objector(Base):
    """Who objected, kept apart: read one at a time, by those who decide, and each reading is audited."""

    __tablename__ = "objector"

    objection_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("objection.id"), primary_key=True)
    name: Mapped[str]
    contact: Mapped[str]


class Appeal(Base):
    """An enterprise's appeal against the assessment that left it out; at most one is open per application."""

    __tablename__ = "appeal"
    __table_args__ = (
        CheckConstraint(one_of("status", *APPEAL_STATUSES), name="status"),
        CheckConstraint("grounds <> ''", name="has_grounds"),
        CheckConstraint(_EVIDENCED, name="has_evidence"),
        CheckConstraint(_DECISION, name="decided"),
        CheckConstraint(_DECISION_WHOLE, name="decision_whole"),
        CheckConstraint("person_of(decided_by) <> person_of(submitted_by)", name="second_person"),
        CheckConstraint("(status = 'accepted') = (reopened_as IS NOT NULL)", name="accepted_reopens"),
        Index("uq_appeal_open", "application_id", unique=True, postgresql_where=text("status = 'open'")),
        Index(None, "city_code", "id"),
        Index(None, "notice_id"),
    )

    id: Mapped[Id]
    application_id: Mapped[uuid.UUID]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    notice_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("public_notice.id"))
    uscc: Mapped[str]
    city_code: Mapped[str]
    grounds: Mapped[str]
    document: Mapped[str | None]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    status: Mapped[str]
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    reopened_as: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assessment.id"))


class KeptPlace(Base):
    """The place of an entry that an open objection kept out of a commit; until released the pool counts it as taken."""

    __tablename__ = "kept_place"
    __table_args__ = (
        CheckConstraint(one_of("outcome", *KEPT_PLACE_OUTCOMES), name="outcome"),
        CheckConstraint("(outcome IS NULL) = (released_at IS NULL)", name="release_whole"),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("selection_plan.id"), primary_key=True)
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"), primary_key=True)
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    kept_at: Mapped[datetime]
    outcome: Mapped[str | None]
    released_at: Mapped[datetime | None]
