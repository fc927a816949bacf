"""Files of applications as they came, and what came of each row."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

IMPORT_FORMATS = ("workbook", "ndjson")
IMPORT_STATUSES = ("received", "processed", "stopped", "refused")
IMPORT_MODES = ("accept_good", "all_or_nothing")
ROW_OUTCOMES = ("accepted", "rejected", "held_back")


class ApplicationImport(Base):
    """A file of applications as uploaded, and what came of it; a workbook's bytes are here, lines in ImportChunk.

    `rows_read` counts lines, or rows of the enterprise sheet. A stopped import was read but took nothing in; a
    refused one could not be read at all.
    """

    __tablename__ = "application_import"
    __table_args__ = (
        CheckConstraint(one_of("format", *IMPORT_FORMATS), name="format"),
        CheckConstraint(one_of("status", *IMPORT_STATUSES), name="status"),
        CheckConstraint(one_of("mode", *IMPORT_MODES), name="mode"),
        CheckConstraint("max_error_share BETWEEN 0 AND 1", name="max_error_share"),
        CheckConstraint(
            "(format = 'workbook') = (content IS NOT NULL) AND (format = 'workbook') = (file_name IS NOT NULL)",
            name="workbook_has_content",
        ),
        CheckConstraint(
            "status <> 'processed' OR rows_read = rows_accepted + rows_rejected", name="every_row_accounted_for"
        ),
        CheckConstraint(
            "status <> 'stopped' OR (rows_accepted = 0 AND problem IS NOT NULL)", name="stopped_takes_none"
        ),
        Index(None, "city_code", "id"),
    )

    id: Mapped[Id]
    cycle_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("cycle.id"))
    city_code: Mapped[str | None]
    format: Mapped[str]
    file_name: Mapped[str | None]
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    digest: Mapped[str]
    uploaded_by: Mapped[str]
    mode: Mapped[str]
    max_error_share: Mapped[float]
    validate_only: Mapped[bool]
    status: Mapped[str]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    warnings: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rows_total: Mapped[int | None]
    rows_read: Mapped[int | None]
    rows_accepted: Mapped[int | None]
    rows_rejected: Mapped[int | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class ImportChunk(Base):
    """About 1 MiB of whole lines of an NDJSON file, in order: immutable. `first_line` counts from 1."""

    __tablename__ = "import_chunk"
    __table_args__ = (CheckConstraint("number >= 0 AND first_line >= 1", name="counted"),)

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application_import.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    first_line: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportProgress(Base):
    """How far the running job is: written in transactions of its own, so that it is seen before the job commits."""

    __tablename__ = "import_progress"

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application_import.id"), primary_key=True)
    rows_total: Mapped[int | None]
    rows_read: Mapped[int]
    rows_accepted: Mapped[int]
    rows_rejected: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ImportRow(Base):
    """What came of one row: immutable. A line has its number as position and row, and no sheet.

    `held_back` is a good row of a file that was stopped or had to be taken whole or not at all.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        CheckConstraint(one_of("outcome", *ROW_OUTCOMES), name="outcome"),
        CheckConstraint("(outcome = 'rejected') = (violations IS NOT NULL)", name="rejected_for_a_reason"),
        CheckConstraint("application_id IS NULL OR outcome = 'accepted'", name="application_of_accepted"),
        Index(None, "import_id", "outcome", "position"),
    )

    import_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("application_import.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sheet: Mapped[str | None]
    row: Mapped[int]
    uscc: Mapped[str | None]
    outcome: Mapped[str]
    application_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("application.id"))
    violations: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
