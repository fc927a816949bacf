"""Tables owned by intake: cycles, enterprises, applications with their snapshots, workbook imports."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

APPLICATION_STATUSES = ("submitted", "returned", "recommended")
IMPORT_STATUSES = ("received", "processed", "refused")


class Cycle(Base):
    """One call for applications (申报批次), pinned to one rulebook by digest."""

    __tablename__ = "cycle"
    __table_args__ = (CheckConstraint("opens_at < closes_at", name="window"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    rulebook_id: Mapped[str]
    rulebook_digest: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    assessed_on: Mapped[date]
    created_at: Mapped[CreatedAt]


class CycleQuota(Base):
    """The most enterprises that a city may have admitted in a cycle; a city without a row is limited by the pool's cap alone."""

    __tablename__ = "cycle_quota"
    __table_args__ = (CheckConstraint("maximum >= 0", name="not_negative"),)

    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"), primary_key=True)
    city_code: Mapped[str] = mapped_column(primary_key=True)
    maximum: Mapped[int]


class Enterprise(Base):
    __tablename__ = "enterprise"
    __table_args__ = (CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc_format"),)

    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    division_code: Mapped[str]
    city_code: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class Application(Base):
    """One enterprise's application to one cycle; what it says is in its snapshots."""

    __tablename__ = "application"
    __table_args__ = (
        UniqueConstraint("cycle_id", "enterprise_id", name="uq_application_one_per_cycle"),
        CheckConstraint(one_of("status", *APPLICATION_STATUSES), name="status"),
        CheckConstraint("(status = 'returned') = (return_reasons IS NOT NULL)", name="return_has_reason"),
        Index(None, "cycle_id", "city_code", "id"),
    )

    id: Mapped[Id]
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"))
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    city_code: Mapped[str]
    status: Mapped[str]
    revision: Mapped[int] = mapped_column(default=1)
    return_reasons: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    submitted_at: Mapped[CreatedAt]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]


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


class WorkbookImport(Base):
    """A workbook as uploaded, and what came of it. `rows_read` counts rows of the enterprise sheet."""

    __tablename__ = "workbook_import"
    __table_args__ = (
        CheckConstraint(one_of("status", *IMPORT_STATUSES), name="status"),
        CheckConstraint(
            "status <> 'processed' OR rows_read = rows_accepted + rows_rejected", name="every_row_accounted_for"
        ),
    )

    id: Mapped[Id]
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"))
    city_code: Mapped[str | None]
    file_name: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    digest: Mapped[str]
    uploaded_by: Mapped[str]
    status: Mapped[str]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    warnings: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rows_read: Mapped[int | None]
    rows_accepted: Mapped[int | None]
    rows_rejected: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class RejectedRow(Base):
    """One row of a workbook that was not accepted, with every reason at its cell."""

    __tablename__ = "rejected_row"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("workbook_import.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sheet: Mapped[str]
    row: Mapped[int]
    uscc: Mapped[str | None]
    violations: Mapped[dict[str, Any]]
