"""Evidence: files by content, and what they prove."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

ATTACHMENT_PURPOSES = ("application", "report", "incident")
ATTACHMENT_AUDIENCES = ("all", "officers")
ATTACHMENT_TYPES = (
    "application/pdf",
    "image/jpeg",
    "image/png",
    "application/ofd",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
MOST_FILE_NAME = 200
_DIGEST = "digest ~ '^[0-9a-f]{64}$'"


class StoredContent(Base):
    """One content in the store, by SHA-256, however many attachments share it.

    Until `needed_until` an upload may be about to link it. While `removing_since` is set it is being deleted, and no
    upload may count on it; afterwards `removed_at` says that it is gone.
    """

    __tablename__ = "stored_content"
    __table_args__ = (
        CheckConstraint(_DIGEST, name="digest_format"),
        CheckConstraint("removing_since IS NULL OR removed_at IS NULL", name="one_state"),
        Index(None, "needed_until", postgresql_where=text("removed_at IS NULL")),
    )

    digest: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[CreatedAt]
    needed_until: Mapped[datetime]
    removing_since: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class Attachment(Base):
    """A file that proves something about an application or an enterprise. Never changed; removal is written beside it.

    An attachment belongs to an application or, for reports and incidents, to an enterprise. `audience` 'officers'
    hides it from the enterprise. `held_at` is set once another record rests on it: then it cannot be removed.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        CheckConstraint(one_of("purpose", *ATTACHMENT_PURPOSES), name="purpose"),
        CheckConstraint(one_of("audience", *ATTACHMENT_AUDIENCES), name="audience"),
        CheckConstraint(one_of("media_type", *ATTACHMENT_TYPES), name="media_type"),
        CheckConstraint("num_nonnulls(application_id, enterprise_id) = 1", name="one_owner"),
        CheckConstraint("(purpose = 'application') = (application_id IS NOT NULL)", name="purpose_fits_owner"),
        CheckConstraint("criterion BETWEEN 1 AND 10", name="criterion_number"),
        CheckConstraint("criterion IS NULL OR application_id IS NOT NULL", name="criterion_of_application"),
        CheckConstraint("role <> 'enterprise' OR audience = 'all'", name="enterprise_sees_its_own"),
        CheckConstraint("size > 0", name="not_empty"),
        CheckConstraint(_DIGEST, name="digest_format"),
        CheckConstraint(f"char_length(title) BETWEEN 1 AND {MOST_FILE_NAME}", name="title_length"),
        CheckConstraint(f"char_length(file_name) BETWEEN 1 AND {MOST_FILE_NAME}", name="file_name_length"),
        CheckConstraint("(removed_by IS NULL) = (removed_at IS NULL)", name="removal_whole"),
        CheckConstraint("removed_at >= created_at", name="removed_later"),
        CheckConstraint("held_at IS NULL OR removed_at IS NULL", name="in_use_is_kept"),
        # The natural key of a retried upload.
        Index(
            "uq_attachment_live",
            "application_id",
            "enterprise_id",
            "purpose",
            "criterion",
            "audience",
            "digest",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index(None, "application_id", "id"),
        Index(None, "enterprise_id", "id"),
        Index(None, "digest"),
    )

    id: Mapped[Id]
    application_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("application.id"))
    enterprise_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enterprise.id"))
    purpose: Mapped[str]
    criterion: Mapped[int | None] = mapped_column(SmallInteger)
    audience: Mapped[str]
    title: Mapped[str]
    file_name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(ForeignKey("stored_content.digest"))
    uploaded_by: Mapped[str]
    role: Mapped[str]
    created_at: Mapped[CreatedAt]
    held_at: Mapped[datetime | None]
    removed_by: Mapped[str | None]
    removed_at: Mapped[datetime | None]
