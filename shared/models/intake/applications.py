"""Applications, their drafts, the snapshots of what they say, and which sections a city has confirmed."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

APPLICATION_STATUSES = (
    "draft",
    "submitted",
    "returned",
    "recommended",
    "not_recommended",
    "passed_on",
    "withdrawn",
)
APPLICATION_SECTIONS = (
    "enterprise",
    "finance",
    "people",
    "qualifications",
    "products",
    "patents",
    "collaborations",
    "trademark_nos",
    "ip_management",
    "declarations",
)


class Application(Base):
    """One enterprise's application to one cycle; what it says is in its snapshots.

    `revision` is the newest snapshot's, 0 while it was never submitted. A trigger keeps `status` to its transitions.
    """

    __tablename__ = "application"
    __table_args__ = (
        UniqueConstraint("cycle_id", "enterprise_id", name="uq_application_one_per_cycle"),
        CheckConstraint(one_of("status", *APPLICATION_STATUSES), name="status"),
        CheckConstraint("(status = 'returned') = (return_reasons IS NOT NULL)", name="return_has_reason"),
        CheckConstraint("(status = 'returned') = (reopened_sections IS NOT NULL)", name="return_reopens"),
        CheckConstraint("(status = 'returned') = (correct_until IS NOT NULL)", name="return_has_term"),
        CheckConstraint("cardinality(reopened_sections) >= 1", name="reopens_something"),
        CheckConstraint("status <> 'not_recommended' OR status_reason IS NOT NULL", name="decline_has_reason"),
        CheckConstraint("status <> 'draft' OR revision = 0", name="draft_unsubmitted"),
        CheckConstraint("revision > 0 OR (revision = 0 AND status IN ('draft', 'withdrawn'))", name="revision_counts"),
        CheckConstraint("(revision = 0) = (submitted_at IS NULL)", name="submitted_once_revised"),
        Index(None, "cycle_id", "city_code", "id"),
        Index(None, "enterprise_id"),
    )

    id: Mapped[Id]
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"))
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    city_code: Mapped[str]
    status: Mapped[str]
    status_reason: Mapped[str | None]
    revision: Mapped[int] = mapped_column(default=1)
    return_reasons: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    reopened_sections: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    correct_until: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None] = mapped_column(server_default=func.now())
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


class ApplicationDraft(Base):
    """What is being filled in, as it was typed; each save raises `version`. Submission removes it."""

    __tablename__ = "application_draft"
    __table_args__ = (
        CheckConstraint("version >= 1", name="version_counts"),
        CheckConstraint("jsonb_typeof(content) = 'object'", name="content_object"),
    )

    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    content: Mapped[dict[str, Any]]
    version: Mapped[int]
    saved_by: Mapped[str]
    saved_at: Mapped[CreatedAt]


class ApplicationSnapshot(Base):
    """What an enterprise submitted, as submitted: immutable (a trigger refuses UPDATE and DELETE)."""

    __tablename__ = "application_snapshot"
    __table_args__ = (UniqueConstraint("application_id", "revision"),)

    id: Mapped[Id]
    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"))
    revision: Mapped[int]
    payload: Mapped[dict[str, Any]]
    digest: Mapped[str]
    submitted_by: Mapped[str]
    channel: Mapped[str]
    created_at: Mapped[CreatedAt]


class SectionConfirmation(Base):
    """A section that a recommendation confirmed, and the revision in which; a return removes the sections it names."""

    __tablename__ = "section_confirmation"
    __table_args__ = (
        CheckConstraint(one_of("section", *APPLICATION_SECTIONS), name="section"),
        CheckConstraint("revision >= 1", name="revision_submitted"),
    )

    application_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application.id"), primary_key=True)
    section: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]
    confirmed_by: Mapped[str]
    confirmed_at: Mapped[CreatedAt]
