"""What people and plans add to a pool over time: holds (暂缓), exit notices, credits of cities, reminders."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Id, one_of

HOLD_KINDS = ("graduation", "exit", "replacement")
CREDIT_KINDS = ("minted", "spent", "expired")
NOTICE_DECISIONS = ("end", "keep")
_DECIDED = "decision, decided_by, decided_at, decision_reason"


class PoolHold(Base):
    """A person's 暂缓 of one enterprise's graduation, exit or replacement admission; only a person lifts it, once."""

    __tablename__ = "pool_hold"
    __table_args__ = (
        CheckConstraint(one_of("kind", *HOLD_KINDS), name="kind"),
        CheckConstraint("reason <> ''", name="reasoned"),
        CheckConstraint("num_nonnulls(lifted_by, lifted_at, lift_reason) IN (0, 3)", name="lifting_whole"),
        CheckConstraint("lift_reason <> ''", name="lifting_reasoned"),
        Index(
            "uq_pool_hold_open", "pool_code", "uscc", "kind", unique=True, postgresql_where=text("lifted_at IS NULL")
        ),
    )

    id: Mapped[Id]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    uscc: Mapped[str]
    city_code: Mapped[str]
    kind: Mapped[str]
    reason: Mapped[str]
    set_by: Mapped[str]
    set_at: Mapped[datetime]
    lifted_by: Mapped[str | None]
    lifted_at: Mapped[datetime | None]
    lift_reason: Mapped[str | None]


class ExitNotice(Base):
    """Notice that a membership is to end, the enterprise's reply, and another person's decision; each is said once.

    `ground` tells why, exactly enough that a new incident or a new term is another ground; `receipt` how it was
    computed. `reply_until` is the last day for a reply; nobody decides to end before it is over.
    """

    __tablename__ = "exit_notice"
    __table_args__ = (
        CheckConstraint("num_nonnulls(reply, replied_by, replied_at) IN (0, 3)", name="reply_whole"),
        CheckConstraint(f"num_nonnulls({_DECIDED}) IN (0, 4)", name="decision_whole"),
        CheckConstraint(one_of("decision", *NOTICE_DECISIONS), name="decision"),
        CheckConstraint("person_of(decided_by) <> person_of(sent_by)", name="second_person"),
        CheckConstraint("(sent_at AT TIME ZONE 'Asia/Shanghai')::date <= reply_until", name="time_to_reply"),
        CheckConstraint("(replied_at AT TIME ZONE 'Asia/Shanghai')::date <= reply_until", name="replied_in_time"),
        CheckConstraint(
            "decision <> 'end' OR (decided_at AT TIME ZONE 'Asia/Shanghai')::date > reply_until",
            name="ends_after_window",
        ),
        Index("uq_exit_notice_open", "membership_id", unique=True, postgresql_where=text("decision IS NULL")),
        Index(None, "pool_code", "id"),
    )

    id: Mapped[Id]
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    pool_code: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    reason_code: Mapped[str]
    ground: Mapped[str]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    receipt: Mapped[str]
    sent_by: Mapped[str]
    sent_at: Mapped[datetime]
    reply_until: Mapped[date]
    reply: Mapped[str | None]
    evidence: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    replied_by: Mapped[str | None]
    replied_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]


class ReplacementCredit(Base):
    """A city's credits (增补名额) now. A trigger on entries keeps it; CHECK keeps it from going below zero."""

    __tablename__ = "replacement_credit"
    __table_args__ = (CheckConstraint("balance >= 0", name="not_overdrawn"),)

    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"), primary_key=True)
    city_code: Mapped[str] = mapped_column(primary_key=True)
    balance: Mapped[int]


class ReplacementCreditEntry(Base):
    """One line of a city's ledger, append-only: minted by a graduation, spent by an admission, or expired.

    The membership that mints or spends is one of the same pool and city.
    """

    __tablename__ = "replacement_credit_entry"
    __table_args__ = (
        ForeignKeyConstraint(
            ["membership_id", "pool_code", "city_code"],
            ["membership.id", "membership.pool_code", "membership.city_code"],
            name="fk_replacement_credit_entry_membership_of_the_city",
        ),
        CheckConstraint(one_of("kind", *CREDIT_KINDS), name="kind"),
        CheckConstraint(
            "CASE kind WHEN 'minted' THEN credits > 0 WHEN 'spent' THEN credits = -1 ELSE credits < 0 END",
            name="credits",
        ),
        CheckConstraint("(kind = 'expired') = (membership_id IS NULL)", name="membership_named"),
        CheckConstraint("expires_on IS NULL OR (kind = 'minted' AND expires_on >= entered_on)", name="expiry"),
        UniqueConstraint("membership_id", "kind", name="uq_replacement_credit_entry_once"),
        Index(None, "pool_code", "city_code", "id"),
    )

    id: Mapped[Id]
    pool_code: Mapped[str]
    city_code: Mapped[str]
    kind: Mapped[str]
    credits: Mapped[int]
    entered_on: Mapped[date]
    expires_on: Mapped[date | None]
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("adjustment_plan.id"))
    membership_id: Mapped[uuid.UUID | None]


class StallReminder(Base):
    """A member's reminder that it stands so many months without progress: once per stay, stage and beginning of a term."""

    __tablename__ = "stall_reminder"
    __table_args__ = (
        UniqueConstraint("membership_id", "months", "since", name="uq_stall_reminder_once"),
        Index(None, "pool_code", "id"),
    )

    id: Mapped[Id]
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    pool_code: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    months: Mapped[int]
    since: Mapped[date]
    term_ends_on: Mapped[date]
    advice: Mapped[list[str]] = mapped_column(JSONB)
    sent_at: Mapped[datetime]
