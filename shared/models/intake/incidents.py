"""Incidents that may end a membership (退出机制), every step of each, and notices that never count."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, UniqueConstraint, column, func, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

INCIDENT_KINDS = (
    "safety_accident",
    "serious_dishonesty",
    "tax_evasion",
    "data_falsification",
    "abnormal_patent_filings",
    "other_violation",
)
INCIDENT_STATUSES = ("alleged", "confirmed", "dismissed", "cured")
INCIDENT_ACTS = ("allege", "confirm", "dismiss", "cure")
NOTICE_KINDS = ("abnormal_operations",)


def _attachment_of(document: str) -> Computed:
    # The database reads the reference out of the document, so that the two never differ.
    return Computed(f"({document} ->> 'attachment_id'::text)::uuid", persisted=True)


class Incident(Base):
    """One incident of one enterprise. Only while `confirmed` does it count; who alleged does not confirm."""

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint(one_of("kind", *INCIDENT_KINDS), name="kind"),
        CheckConstraint(one_of("status", *INCIDENT_STATUSES), name="status"),
        CheckConstraint("person_of(confirmed_by) <> person_of(alleged_by)", name="second_person"),
        CheckConstraint(
            "(status IN ('confirmed', 'cured')) = (confirmed_by IS NOT NULL)", name="confirmed_by_somebody"
        ),
        CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmation_whole"),
        CheckConstraint("(status = 'cured') = (cured_on IS NOT NULL)", name="cured_has_date"),
        CheckConstraint("(cured_on IS NULL) = (cured_at IS NULL)", name="cure_whole"),
        CheckConstraint("occurred_on <= reported_on", name="occurred_before_report"),
        CheckConstraint("occurred_on <= cured_on", name="occurred_before_cure"),
        Index(
            "uq_incident_one_open",
            "enterprise_id",
            "kind",
            "occurred_on",
            unique=True,
            postgresql_where=text("status IN ('alleged', 'confirmed')"),
        ),
        Index(None, "enterprise_id"),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    kind: Mapped[str]
    occurred_on: Mapped[date]
    reported_on: Mapped[date]
    status: Mapped[str]
    alleged_by: Mapped[str]
    confirmed_by: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    cured_on: Mapped[date | None]
    cured_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class IncidentStep(Base):
    """Who did what to an incident, when, why and on which document: append-only. The first step alleges."""

    __tablename__ = "incident_step"
    __table_args__ = (
        UniqueConstraint("incident_id", "number"),
        CheckConstraint(one_of("act", *INCIDENT_ACTS), name="act"),
        CheckConstraint("(act = 'allege') = (number = 1)", name="first_alleges"),
        CheckConstraint("act = 'dismiss' OR document IS NOT NULL", name="has_document"),
    )

    id: Mapped[Id]
    incident_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("incident.id"))
    number: Mapped[int]
    act: Mapped[str]
    reason: Mapped[str]
    document: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    attachment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("attachment.id"), _attachment_of("document"))
    by: Mapped[str]
    at: Mapped[CreatedAt]


class BusinessNotice(Base):
    """A listing such as 经营异常名录: a notice shown beside incidents, never one of them and never counted."""

    __tablename__ = "business_notice"
    __table_args__ = (
        CheckConstraint(one_of("kind", *NOTICE_KINDS), name="kind"),
        CheckConstraint("listed_on <= removed_on", name="listed_before_removal"),
        CheckConstraint("(removed_on IS NULL) = (removal_source IS NULL)", name="removal_has_source"),
        ExcludeConstraint(
            ("enterprise_id", "="),
            ("kind", "="),
            (func.daterange(column("listed_on"), column("removed_on"), "[]"), "&&"),
            name="ex_business_notice_no_overlap",
        ),
    )

    id: Mapped[Id]
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    kind: Mapped[str]
    listed_on: Mapped[date]
    source: Mapped[dict[str, Any]]
    source_attachment_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("attachment.id"), _attachment_of("source")
    )
    recorded_by: Mapped[str]
    removed_on: Mapped[date | None]
    removal_source: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    removal_attachment_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("attachment.id"), _attachment_of("removal_source")
    )
    created_at: Mapped[CreatedAt]
