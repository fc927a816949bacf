"""Enterprises, one record per 统一社会信用代码, with every version, code and change that they ever had."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

CODE_SCHEMES = ("uscc", "registration_no", "organisation_code")
CODE_KINDS = ("current", "former", "merged")
CHANGE_KINDS = ("rename", "relocation", "code_change", "merge")


class Enterprise(Base):
    """What holds now. `merged_into` is set on a record that another one has absorbed: it is living no more."""

    __tablename__ = "enterprise"
    __table_args__ = (
        CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc_format"),
        CheckConstraint("merged_into <> id", name="merged_into_another"),
        Index(None, "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
    )

    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    division_code: Mapped[str]
    city_code: Mapped[str]
    merged_into: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enterprise.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]


class EnterpriseVersion(Base):
    """What a living record said during a period; a trigger on `enterprise` writes it, and nobody else can."""

    __tablename__ = "enterprise_version"
    __table_args__ = (
        ExcludeConstraint(
            ("enterprise_id", "="), ("during", "&&"), using="gist", name="ex_enterprise_version_no_overlap"
        ),
        CheckConstraint("NOT isempty(during)", name="not_empty"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    uscc: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    division_code: Mapped[str]
    city_code: Mapped[str]


class EnterpriseChange(Base):
    """One act on a record, with what it altered before and after; only its undoing is ever added to it.

    For a merge `enterprise_id` is the record absorbed and `into_id` the one that stays.
    """

    __tablename__ = "enterprise_change"
    __table_args__ = (
        CheckConstraint(one_of("kind", *CHANGE_KINDS), name="kind"),
        CheckConstraint("(kind = 'merge') = (into_id IS NOT NULL)", name="merge_has_into"),
        CheckConstraint("into_id <> enterprise_id", name="into_another"),
        CheckConstraint("reason <> ''", name="reasoned"),
        CheckConstraint("document_digest ~ '^[0-9a-f]{64}$'", name="document_digest"),
        CheckConstraint("num_nulls(undone_by, undone_at, undo_reason) IN (0, 3)", name="undo_whole"),
        CheckConstraint("undone_at > made_at", name="undone_later"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"), index=True)
    into_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enterprise.id"), index=True)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    effective_on: Mapped[date]
    reason: Mapped[str]
    document: Mapped[str | None]
    document_digest: Mapped[str | None]
    made_by: Mapped[str]
    # The clock, not the transaction's start: changes of one record wait for each other, and are ordered by it.
    made_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    undone_by: Mapped[str | None]
    undone_at: Mapped[datetime | None]
    undo_reason: Mapped[str | None]


class EnterpriseCode(Base):
    """Every code that an enterprise is or was known by, and the living record that it stands for now.

    `since` is when the code came to be of its kind; `change_id` names the change that made it so.
    """

    __tablename__ = "enterprise_code"
    __table_args__ = (
        CheckConstraint(one_of("scheme", *CODE_SCHEMES), name="scheme"),
        CheckConstraint(one_of("kind", *CODE_KINDS), name="kind"),
        CheckConstraint("kind <> 'current' OR scheme = 'uscc'", name="current_is_uscc"),
        CheckConstraint(
            "CASE scheme WHEN 'uscc' THEN code ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'"
            " WHEN 'registration_no' THEN code ~ '^[0-9]{15}$' ELSE code ~ '^[0-9A-Z]{8}[0-9X]$' END",
            name="code_format",
        ),
        Index(
            "uq_enterprise_code_one_current", "enterprise_id", unique=True, postgresql_where=text("kind = 'current'")
        ),
        Index(None, "enterprise_id"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str]
    enterprise_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("enterprise.id"))
    kind: Mapped[str]
    since: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    change_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("enterprise_change.id"))
