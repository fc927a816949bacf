"""Tables owned by finance: list programmes, their subscribers, immutable signed editions, who pulled and took them."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

CHANGES = ("added", "removed", "changed")
# What may stand behind a change: a committed plan, a change of the enterprise's record, a decision on paper; what the
# register itself says now; or an edition from before changes were recorded.
BASES = (
    "selection_plan",
    "adjustment_plan",
    "enterprise_change",
    "removal_decision",
    "judgement",
    "consent_withdrawal",
    "register",
    "before_records",
)
CONSENT_SOURCES = ("enterprise", "paper")
PROPOSAL_STATUSES = ("frozen", "published", "overtaken")
CREDIT_DECISIONS = ("approved", "refused")
LEGAL_STATUSES = ("pending", "valid", "terminated", "invalidated")
_WHOSE_OUTCOME = ("root_id", "programme_code", "client_id", "reference", "uscc")
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
    """Which client fetched which edition, and when; `times` counts repeats that were written down together."""

    __tablename__ = "edition_pull"
    __table_args__ = (
        CheckConstraint("times >= 1", name="times"),
        Index(None, "client_id", "at"),
        Index(None, "programme_code", "client_id", "serial"),
    )

    id: Mapped[Id]
    programme_code: Mapped[str]
    serial: Mapped[int]
    client_id: Mapped[str]
    times: Mapped[int] = mapped_column(server_default="1")
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


class ListConsent(Base):
    """An enterprise's consent to one purpose, until it is withdrawn; `source` tells whether a paper stands behind it."""

    __tablename__ = "list_consent"
    __table_args__ = (
        CheckConstraint(one_of("source", *CONSENT_SOURCES), name="source"),
        CheckConstraint("(source = 'paper') = (document IS NOT NULL)", name="paper_named"),
        CheckConstraint("given_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3)", name="withdrawn_whole"
        ),
        Index("uq_list_consent_live", "uscc", "purpose", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
    )

    id: Mapped[Id]
    uscc: Mapped[str]
    city_code: Mapped[str]
    purpose: Mapped[str]
    source: Mapped[str]
    document: Mapped[str | None]
    given_on: Mapped[date]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]
    withdrawal_reason: Mapped[str | None]


class ListProposal(Base):
    """What an edition is to list after a judgement: frozen with its digest, then approved by somebody else.

    `body` is the canonical JSON of the entries with every field that somebody may see; one proposal of a list is open.
    """

    __tablename__ = "list_proposal"
    __table_args__ = (
        CheckConstraint(one_of("status", *PROPOSAL_STATUSES), name="status"),
        CheckConstraint("digest = encode(sha256(body), 'hex')", name="digest_of_body"),
        CheckConstraint("person_of(approved_by) <> person_of(proposed_by)", name="second_person"),
        CheckConstraint("num_nonnulls(approved_by, approved_at) IN (0, 2)", name="approval_whole"),
        CheckConstraint("(status = 'published') = (serial IS NOT NULL)", name="published_as"),
        CheckConstraint(
            "status <> 'published' OR approval_needed = (approved_by IS NOT NULL)", name="approved_where_needed"
        ),
        ForeignKeyConstraint(
            ["programme_code", "serial"], ["edition.programme_code", "edition.serial"], name="fk_list_proposal_edition"
        ),
        UniqueConstraint("judgement_id"),
        Index("uq_list_proposal_open", "programme_code", unique=True, postgresql_where=text("status = 'frozen'")),
        Index(None, "programme_code", "id"),
    )

    id: Mapped[Id]
    programme_code: Mapped[str] = mapped_column(ForeignKey("list_programme.code"))
    judgement_id: Mapped[uuid.UUID]
    judged_on: Mapped[date]
    entry_count: Mapped[int]
    unknown_count: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    digest: Mapped[str]
    approval_needed: Mapped[bool]
    status: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[CreatedAt]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    serial: Mapped[int | None]


class PatentExtract(Base):
    """What a copy of the patent register said of one patent on a day; never changed, the newest day counts.

    `uscc` is the patentee's; what the copy does not say is NULL.
    """

    __tablename__ = "patent_extract"
    __table_args__ = (
        CheckConstraint(one_of("legal_status", *LEGAL_STATUSES), name="legal_status"),
        CheckConstraint("as_of <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        CheckConstraint(
            "filed_on <= as_of AND (granted_on IS NULL AND legal_status = 'pending' OR granted_on BETWEEN filed_on AND as_of)",
            name="in_order",
        ),
        CheckConstraint("document <> ''", name="documented"),
        UniqueConstraint("patent_no", "as_of", "document"),
        Index(None, "uscc"),
    )

    id: Mapped[Id]
    patent_no: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    legal_status: Mapped[str]
    filed_on: Mapped[date]
    granted_on: Mapped[date | None]
    fees_paid_until: Mapped[date | None]
    suspended: Mapped[bool | None]
    invalidation_pending: Mapped[bool | None]
    co_owned: Mapped[bool | None]
    same_day_twin: Mapped[bool | None]
    as_of: Mapped[date]
    document: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]


class CreditOutcome(Base):
    """What a bank decided for an enterprise on a list, or the correction of that; never changed.

    A correction `corrects` the row before it and stands in its place; one that is `withdrawn` says that there was no such
    decision. `reference` is the bank's own number, the same through a chain. Money in 分, `rate_e4` the yearly rate in
    percent times 10,000, `due_on` the last day to perform the debt. `serial` is the edition that listed the enterprise.
    """

    __tablename__ = "credit_outcome"
    __table_args__ = (
        UniqueConstraint("id", *_WHOSE_OUTCOME, name="uq_credit_outcome_whose"),
        UniqueConstraint("corrects"),
        Index(
            "uq_credit_outcome_reference",
            "client_id",
            "reference",
            unique=True,
            postgresql_where=text("corrects IS NULL"),
        ),
        ForeignKeyConstraint(["programme_code", "serial"], ["edition.programme_code", "edition.serial"]),
        ForeignKeyConstraint(
            ["corrects", *_WHOSE_OUTCOME],
            ["credit_outcome.id", *(f"credit_outcome.{name}" for name in _WHOSE_OUTCOME)],
            name="fk_credit_outcome_corrects_the_same",
        ),
        CheckConstraint(one_of("decision", *CREDIT_DECISIONS), name="decision"),
        CheckConstraint("withdrawn = (decision IS NULL)", name="decided_unless_withdrawn"),
        CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        CheckConstraint("NOT withdrawn OR corrects IS NOT NULL", name="withdrawal_corrects"),
        CheckConstraint(
            "CASE decision WHEN 'approved' THEN num_nulls(decided_on, line_fen, due_on) = 0 AND refusal_code IS NULL "
            "WHEN 'refused' THEN num_nulls(decided_on, refusal_code) = 0 AND "
            "num_nonnulls(line_fen, drawn_fen, rate_e4, due_on, registration_no) = 0 ELSE "
            "num_nonnulls(decided_on, line_fen, drawn_fen, rate_e4, due_on, refusal_code, registration_no) = 0 END",
            name="whole",
        ),
        CheckConstraint("line_fen BETWEEN 1 AND 1000000000000000", name="line_positive"),
        CheckConstraint("drawn_fen BETWEEN 0 AND line_fen", name="drawn_within_line"),
        CheckConstraint("rate_e4 BETWEEN 0 AND 1000000", name="rate_in_range"),
        CheckConstraint("due_on > decided_on", name="due_later"),
        CheckConstraint("decided_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        CheckConstraint("(registration_no IS NULL) = (registered_on IS NULL)", name="registration_whole"),
        Index(None, "uscc"),
        Index(None, "client_id", "id"),
    )

    id: Mapped[Id]
    root_id: Mapped[uuid.UUID]
    programme_code: Mapped[str]
    serial: Mapped[int]
    uscc: Mapped[str]
    city_code: Mapped[str]
    client_id: Mapped[str]
    reference: Mapped[str]
    decision: Mapped[str | None]
    decided_on: Mapped[date | None]
    line_fen: Mapped[int | None] = mapped_column(BigInteger)
    drawn_fen: Mapped[int | None] = mapped_column(BigInteger)
    rate_e4: Mapped[int | None]
    due_on: Mapped[date | None]
    refusal_code: Mapped[str | None]
    registration_no: Mapped[str | None]
    registered_on: Mapped[date | None]
    unverified: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # What was said beside the columns, so that saying it again can be told from saying something else.
    content: Mapped[dict[str, Any]]
    corrects: Mapped[uuid.UUID | None]
    withdrawn: Mapped[bool]
    reason: Mapped[str | None]
    recorded_at: Mapped[CreatedAt]


class Pledge(Base):
    """One patent pledged for one credit, from its registration until it is released; no patent twice at a time.

    A pledge of an outcome that was corrected is void, `voided_by` the correction.
    """

    __tablename__ = "pledge"
    __table_args__ = (
        ExcludeConstraint(
            ("patent_no", "="),
            (text("daterange(registered_on, released_on, '[)')"), "&&"),
            name="ex_pledge_no_double",
            where=text("voided_by IS NULL"),
        ),
        UniqueConstraint("outcome_id", "patent_no"),
        CheckConstraint("released_on >= registered_on", name="released_later"),
        CheckConstraint("num_nonnulls(released_on, released_by) IN (0, 2)", name="release_whole"),
    )

    id: Mapped[Id]
    outcome_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("credit_outcome.id"))
    patent_no: Mapped[str]
    registration_no: Mapped[str]
    registered_on: Mapped[date]
    released_on: Mapped[date | None]
    released_by: Mapped[str | None]
    voided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("credit_outcome.id"))


class EditionRecall(Base):
    """An edition called back because enterprises on it left for misconduct; the one that supersedes it; never changed."""

    __tablename__ = "edition_recall"
    __table_args__ = (
        ForeignKeyConstraint(["programme_code", "serial"], ["edition.programme_code", "edition.serial"]),
        ForeignKeyConstraint(
            ["programme_code", "superseded_by"],
            ["edition.programme_code", "edition.serial"],
            name="fk_edition_recall_superseded_by",
        ),
        CheckConstraint("superseded_by > serial", name="superseded_later"),
    )

    programme_code: Mapped[str] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(primary_key=True)
    superseded_by: Mapped[int]
    removed: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    recalled_at: Mapped[CreatedAt]
