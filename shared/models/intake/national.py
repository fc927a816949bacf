"""What is exchanged with the national system: what came in, what goes out, and what differs between the two sides."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

RECORD_OUTCOMES = ("accepted", "unchanged", "stale", "waiting", "rejected")
DELIVERY_STATUSES = ("pending", "sent", "accepted", "rejected", "dead")
_UNSETTLED = "status IN ('pending', 'sent')"


class NationalSenderKey(Base):
    """An Ed25519 public key that one client of the national system's signs with, for a time."""

    __tablename__ = "national_sender_key"
    __table_args__ = (CheckConstraint("valid_from < valid_to", name="period"),)

    keyid: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("api_client.client_id"))
    public_key_pem: Mapped[str]
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    added_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class NationalBatch(Base):
    """One batch as answered: immutable, so that the same batch sent again gets the same answer."""

    __tablename__ = "national_batch"
    __table_args__ = (UniqueConstraint("sender", "batch_id", name="uq_national_batch_once"),)

    id: Mapped[Id]
    sender: Mapped[str]
    batch_id: Mapped[str]
    keyid: Mapped[str]
    digest: Mapped[str]
    counts: Mapped[dict[str, Any]]
    answer: Mapped[str]
    received_at: Mapped[CreatedAt]


class NationalFiling(Base):
    """One application as its sender numbers it: which of ours it is, and how far we have followed it.

    `sender` is the client that filed it: what another calls by the same number is another filing, and two senders
    never stand for one application. Every record about it is handled with this row locked. `application_version` and `status_sequence` are the newest
    that were applied.
    """

    __tablename__ = "national_filing"
    __table_args__ = (
        ExcludeConstraint(
            ("application_id", "="), ("sender", "<>"), using="gist", name="ex_national_filing_one_sender"
        ),
    )

    sender: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(primary_key=True)
    application_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("application.id"))
    application_version: Mapped[int | None]
    digest: Mapped[str | None]
    status_sequence: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class NationalRecord(Base):
    """One version of one record as it came; what came of it may still change while it waits."""

    __tablename__ = "national_record"
    __table_args__ = (
        UniqueConstraint("sender", "record_id", "version", name="uq_national_record_version"),
        ForeignKeyConstraint(["sender", "filing_id"], ["national_filing.sender", "national_filing.record_id"]),
        CheckConstraint(one_of("kind", "application", "status", "unknown"), name="kind"),
        CheckConstraint(one_of("outcome", *RECORD_OUTCOMES), name="outcome"),
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("outcome <> 'rejected' OR violations IS NOT NULL", name="rejection_has_reason"),
        Index("ix_national_record_filing", "sender", "filing_id", "outcome"),
        Index(
            "ix_national_record_waiting",
            "sender",
            "filing_id",
            postgresql_where=text("outcome = 'waiting'"),
        ),
    )

    id: Mapped[Id]
    sender: Mapped[str]
    record_id: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    digest: Mapped[str]
    payload: Mapped[str]
    filing_id: Mapped[str | None]
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("national_batch.id", deferrable=True, initially="DEFERRED"))
    outcome: Mapped[str]
    violations: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    application_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("application.id"))
    received_at: Mapped[CreatedAt]
    settled_at: Mapped[datetime | None]


class NationalDelivery(Base):
    """One record to be told to the national system. `key` makes it one there too, however often it is sent."""

    __tablename__ = "national_delivery"
    __table_args__ = (
        CheckConstraint(one_of("kind", "recommendation", "pool_change"), name="kind"),
        CheckConstraint(one_of("status", *DELIVERY_STATUSES), name="status"),
        CheckConstraint("(settled_at IS NULL) = (status IN ('pending', 'sent'))", name="settled_once_over"),
        CheckConstraint("status <> 'sent' OR claim IS NOT NULL", name="sent_by_somebody"),
        CheckConstraint("attempts >= 0 AND failures >= 0", name="counts"),
        Index("ix_national_delivery_due", "due_at", postgresql_where=text(_UNSETTLED)),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    digest: Mapped[str]
    status: Mapped[str] = mapped_column(default="pending", server_default="pending")
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    due_at: Mapped[CreatedAt]
    claim: Mapped[uuid.UUID | None]
    last_error: Mapped[str | None]
    remote_id: Mapped[str | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[CreatedAt]
    settled_at: Mapped[datetime | None]


class NationalBreaker(Base):
    """The one circuit breaker that all workers share; a row per line."""

    __tablename__ = "national_breaker"
    __table_args__ = (
        CheckConstraint(one_of("state", "closed", "open", "half_open"), name="state"),
        CheckConstraint("state <> 'open' OR open_until IS NOT NULL", name="open_for_a_time"),
        CheckConstraint("state <> 'half_open' OR probe_until IS NOT NULL", name="probed_for_a_time"),
    )

    line: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="closed", server_default="closed")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    open_until: Mapped[datetime | None]
    probe_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    changed_at: Mapped[CreatedAt]


class NationalFile(Base):
    """A signed file that an officer takes to the national system by hand; serials have no gaps."""

    __tablename__ = "national_file"
    __table_args__ = (CheckConstraint("serial >= 1", name="serial_positive"),)

    serial: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(unique=True)
    record_count: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[CreatedAt]


class NationalAnswerFile(Base):
    """A signed file that an officer brought back: results of one of ours, or their listing of all records."""

    __tablename__ = "national_answer_file"
    __table_args__ = (
        CheckConstraint(one_of("kind", "result", "listing"), name="kind"),
        CheckConstraint("(kind = 'result') = (serial IS NOT NULL)", name="result_names_its_file"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    serial: Mapped[int | None] = mapped_column(ForeignKey("national_file.serial"))
    body: Mapped[str]
    answer: Mapped[str]
    uploaded_by: Mapped[str]
    created_at: Mapped[CreatedAt]


class NationalReconciliation(Base):
    """One comparison of both sides; its differences are rows of their own once it is done."""

    __tablename__ = "national_reconciliation"
    __table_args__ = (
        CheckConstraint(one_of("status", "requested", "done", "failed"), name="status"),
        CheckConstraint("(status = 'done') = (counts IS NOT NULL)", name="counted_when_done"),
    )

    id: Mapped[Id]
    requested_by: Mapped[str]
    status: Mapped[str] = mapped_column(default="requested", server_default="requested")
    counts: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[datetime | None]


class NationalDifference(Base):
    """One record on which the two sides differ, with what each has."""

    __tablename__ = "national_difference"
    __table_args__ = (
        CheckConstraint(
            one_of("difference", "missing_there", "missing_here", "digest_differs", "status_differs"),
            name="difference",
        ),
    )

    reconciliation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("national_reconciliation.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    difference: Mapped[str]
    kind: Mapped[str]
    key: Mapped[str]
    ours: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    theirs: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
