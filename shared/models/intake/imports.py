"""Files of applications as they came, and what came of each row."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

IMPORT_STATUSES = ("received", "processed", "refused")


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
