"""Tables owned by finance: list programmes, their subscribers, immutable signed editions, who pulled and took them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

CHANGES = ("added", "removed", "changed")
# What may stand behind a change: a committed plan, a change of the enterprise's record, a decision on paper; what the
# register itself says now; or an edition from before changes were recorded.
BASES = ("selection_plan", "adjustment_plan", "enterprise_change", "removal_decision", "register", "before_records")
FILE_FORMATS = ("json", "ndjson", "csv", "xlsx", "gzip")


class ListProgramme(Base):
    __tablename__ = "list_programme"

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    clause: Mapped[str]
    pool_code: Mapped[str]
    valid_days: Mapped[int]
    valid_days_basis: Mapped[str]


class ListSubscription(Base):
    """A bank's right to pull one programme."""

    __tablename__ = "list_subscription"

    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"), primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    granted_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class Edition(Base):
    """One numbered edition of a list: the exact bytes that were signed, never changed (a trigger refuses).

    `head` is what the bytes say beside the entries. The database itself keeps `digest` the SHA-256 of the bytes, the
    chain of digests without a gap, and the count equal to the previous one's with the changes (`EditionChange`).
    """

    __tablename__ = "edition"
    __table_args__ = (
        UniqueConstraint("programme_code", "cause_event_id"),
        UniqueConstraint("programme_code", "serial", "digest", name="uq_edition_link"),
        ForeignKeyConstraint(
            ["programme_code", "previous_serial", "previous_digest"],
            ["edition.programme_code", "edition.serial", "edition.digest"],
            name="fk_edition_previous",
        ),
        CheckConstraint("serial >= 1", name="serial_positive"),
        CheckConstraint("issued_at < expires_at", name="expires_later"),
        CheckConstraint("previous_serial = serial - 1 AND (serial = 1) = (previous_digest IS NULL)", name="linked"),
        CheckConstraint("digest = encode(sha256(body), 'hex')", name="digest_of_body"),
    )

    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"), primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    previous_serial: Mapped[int]
    previous_digest: Mapped[str | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    entry_count: Mapped[int]
    digest: Mapped[str]
    head: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    signature: Mapped[str]
    cause_event_id: Mapped[uuid.UUID]


class EditionChange(Base):
    """How an edition differs from the one before, entry by entry, and the plan or decision behind it; never changed.

    `entry` is what the edition says from now on, NULL where the enterprise is removed. `membership_id` is the stay in
    the pool, which outlives a change of code; NULL where an edition is older than this record.
    """

    __tablename__ = "edition_change"
    __table_args__ = (
        ForeignKeyConstraint(["programme_code", "serial"], ["edition.programme_code", "edition.serial"]),
        CheckConstraint(one_of("change", *CHANGES), name="change"),
        CheckConstraint(one_of("basis", *BASES), name="basis"),
        CheckConstraint("(change = 'removed') = (entry IS NULL)", name="entry_unless_removed"),
        CheckConstraint("basis <> 'register' OR change = 'changed'", name="register_changes"),
        CheckConstraint("(basis_id IS NULL) = (basis IN ('register', 'before_records'))", name="basis_named"),
        Index("ix_edition_change_programme_code_uscc_serial", "programme_code", "uscc", text("serial DESC")),
    )

    programme_code: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)
    change: Mapped[str]
    entry: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    membership_id: Mapped[uuid.UUID | None]
    basis: Mapped[str]
    basis_id: Mapped[uuid.UUID | None]


class EditionFile(Base):
    """An edition rendered in one more format, byte for byte as it is served; `gzip` is the signed bytes compressed."""

    __tablename__ = "edition_file"
    __table_args__ = (
        ForeignKeyConstraint(["programme_code", "serial"], ["edition.programme_code", "edition.serial"]),
        CheckConstraint(one_of("format", *FILE_FORMATS), name="format"),
    )

    programme_code: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class RefusedPublication(Base):
    """An edition that was not published, and every reason why: what would have changed without a decision behind it."""

    __tablename__ = "refused_publication"
    __table_args__ = (UniqueConstraint("programme_code", "cause_event_id"), Index(None, "programme_code", "id"))

    id: Mapped[Id]
    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"))
    previous_serial: Mapped[int | None]
    entry_count: Mapped[int]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    cause_event_id: Mapped[uuid.UUID]
    refused_at: Mapped[CreatedAt]


class RemovalDecision(Base):
    """The decision on paper behind one stay's end, where no plan in the system ended it; never changed."""

    __tablename__ = "removal_decision"
    __table_args__ = (
        CheckConstraint("document <> '' AND reason <> ''", name="reasoned"),
        CheckConstraint("decided_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
    )

    id: Mapped[Id]
    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"))
    membership_id: Mapped[uuid.UUID] = mapped_column(unique=True)
    uscc: Mapped[str]
    document: Mapped[str]
    decided_on: Mapped[date]
    reason: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]


class ListSigningKey(Base):
    """The public half of every key that ever signed a list, so that old editions stay verifiable; never changed."""

    __tablename__ = "list_signing_key"
    __table_args__ = (CheckConstraint("NOT public_jwk ? 'd' AND public_jwk ->> 'kid' = kid", name="public_only"),)

    kid: Mapped[str] = mapped_column(primary_key=True)
    public_jwk: Mapped[dict[str, Any]]
    registered_at: Mapped[CreatedAt]


class EditionPull(Base):
    """Which client fetched which edition, and when."""

    __tablename__ = "edition_pull"
    __table_args__ = (Index(None, "client_id", "at"), Index(None, "programme_code", "client_id", "serial"))

    id: Mapped[Id]
    programme_code: Mapped[str]
    serial: Mapped[int]
    client_id: Mapped[str]
    at: Mapped[CreatedAt]


class EditionAck(Base):
    """A client says that it has taken in an edition, and which entries it could not; the newest counts."""

    __tablename__ = "edition_ack"
    __table_args__ = (
        ForeignKeyConstraint(["programme_code", "serial"], ["edition.programme_code", "edition.serial"]),
        CheckConstraint("imported >= 0", name="imported"),
        Index(
            "ix_edition_ack_programme_code_client_id_serial_id",
            "programme_code",
            "client_id",
            text("serial DESC"),
            text("id DESC"),
        ),
    )

    id: Mapped[Id]
    programme_code: Mapped[str]
    serial: Mapped[int]
    client_id: Mapped[str]
    imported: Mapped[int]
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    acknowledged_at: Mapped[CreatedAt]
