"""What people added to judgement: who reviews what, declarations, findings and signed deviations."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

REVIEW_STATUSES = ("open", "moot", "done")
REVIEW_ITEM_KINDS = ("unknown_fact", "judgement", "deviation", "conflict")


class Reviewer(Base):
    """Somebody who may review. `person` is `person_of(subject)`: one person however a token writes the name."""

    __tablename__ = "reviewer"
    __table_args__ = (
        CheckConstraint("person = person_of(subject) AND person <> ''", name="one_person"),
        CheckConstraint("load_limit >= 0", name="load_limit"),
    )

    person: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    home_city_code: Mapped[str]
    load_limit: Mapped[int]
    active: Mapped[bool]
    registered_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class Review(Base):
    """What needs a person in one application, always about its current assessment.

    `moot`: the facts or a finding already decide that it is not met, whatever else a person finds. Triggers keep an
    assignee out of the home city and out of declared conflicts.
    """

    __tablename__ = "review"
    __table_args__ = (
        UniqueConstraint("application_id"),
        UniqueConstraint("assessment_id"),
        CheckConstraint(one_of("status", *REVIEW_STATUSES), name="status"),
        CheckConstraint("(assignee IS NULL) = (assigned_at IS NULL)", name="assignment_whole"),
        Index(None, "cycle_id", "status", "id"),
        Index(None, "assignee", "status", "id"),
        Index(None, "uscc"),
    )

    id: Mapped[Id]
    application_id: Mapped[uuid.UUID]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    cycle_id: Mapped[uuid.UUID]
    city_code: Mapped[str]
    uscc: Mapped[str]
    recommended_by: Mapped[str | None]
    status: Mapped[str]
    assignee: Mapped[str | None] = mapped_column(ForeignKey("reviewer.person"))
    assigned_at: Mapped[datetime | None]
    overtaken_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class ReviewItem(Base):
    """One thing in a review that needs a person; `changes` say why it was opened again ({fact, before, after})."""

    __tablename__ = "review_item"
    __table_args__ = (
        CheckConstraint(one_of("kind", *REVIEW_ITEM_KINDS), name="kind"),
        CheckConstraint(
            "(resolved_by IS NULL) = (resolution IS NULL) AND (resolved_by IS NULL) = (resolved_at IS NULL)",
            name="resolution_whole",
        ),
    )

    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("review.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    open: Mapped[bool]
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    resolved_by: Mapped[str | None]
    resolution: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class ReviewAssignment(Base):
    """One move of a review from one person to another: immutable history."""

    __tablename__ = "review_assignment"
    __table_args__ = (
        CheckConstraint(one_of("act", "assign", "reassign", "delegate", "conflict", "own_city"), name="act"),
        CheckConstraint("act = 'assign' OR reason IS NOT NULL", name="reason"),
        CheckConstraint("from_reviewer IS DISTINCT FROM to_reviewer", name="moves_something"),
        Index(None, "review_id", "id"),
    )

    id: Mapped[Id]
    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("review.id"))
    act: Mapped[str]
    from_reviewer: Mapped[str | None]
    to_reviewer: Mapped[str | None]
    reason: Mapped[str | None]
    acted_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class ReviewDeclaration(Base):
    """What a reviewer declared before seeing anything; a conflict, declared then or later, bars for good."""

    __tablename__ = "review_declaration"
    __table_args__ = (
        UniqueConstraint("review_id", "reviewer", "conflict"),
        CheckConstraint("conflict = (reason IS NOT NULL)", name="conflict_has_reason"),
        Index(None, "reviewer", "conflict"),
    )

    id: Mapped[Id]
    review_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("review.id"))
    reviewer: Mapped[str] = mapped_column(ForeignKey("reviewer.person"))
    conflict: Mapped[bool]
    reason: Mapped[str | None]
    created_at: Mapped[CreatedAt]


class Finding(Base):
    """A reviewer's answer to one part that could not be judged from facts; the first answer stands.

    `evidence` are the files it rests on ({attachment_id, digest}); `reviewer_city` is kept by a trigger.
    """

    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("assessment_id", "part"),)

    id: Mapped[Id]
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    part: Mapped[str]
    met: Mapped[bool]
    reason: Mapped[str]
    found_by: Mapped[str]
    created_at: Mapped[CreatedAt]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    reviewer_city: Mapped[str | None]
    carried_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("finding.id"))


class Deviation(Base):
    """An 原则上 part that is not met, excused with a reason; it counts once a second person has signed.

    A trigger keeps the cities of both, and lets nobody sign beside a finding of their own on the same criterion.
    """

    __tablename__ = "deviation"
    __table_args__ = (
        UniqueConstraint("assessment_id", "part"),
        CheckConstraint("person_of(signed_by) <> person_of(proposed_by)", name="second_person"),
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
    reviewer_city: Mapped[str | None]
    signer_city: Mapped[str | None]
    carried_from: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("deviation.id"))
