"""Adjustment plans (动态调整, 二(六)12): what becomes of each member, who comes in, and what graduates go on to."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

ADJUSTMENT_STATUSES = ("frozen", "approved", "committed")
MEMBER_ACTIONS = ("graduate", "exit", "give_notice", "await_decision", "kept", "held", "unknown", "stay")
CANDIDATE_ACTIONS = ("admit", "no_credit", "not_spent", "pool_cap", "held_out", "objected", "incident")


class AdjustmentRules(Base):
    """The text of rules that a plan was computed by, kept so that every receipt can be replayed."""

    __tablename__ = "adjustment_rules"

    digest: Mapped[str] = mapped_column(primary_key=True)
    rules_id: Mapped[str]
    effective_from: Mapped[date]
    text: Mapped[str]
    created_at: Mapped[CreatedAt]


class MembershipBaseline(Base):
    """The figures of an enterprise as judged for its admission, which graduation is compared with; NULL is unknown."""

    __tablename__ = "membership_baseline"
    __table_args__ = (CheckConstraint("industrialised >= 0 AND valid >= 0", name="counts"),)

    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), primary_key=True)
    assessment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("assessment.id"))
    receipt_digest: Mapped[str]
    industrialised: Mapped[int | None] = mapped_column(BigInteger)
    valid: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]


class AdjustmentPlan(Base):
    """Who graduates, ends and comes in: computed for a day, frozen with a digest of its inputs, approved, committed.

    `cycle_id` is that of the candidates; `spend` the most credits to spend by city, NULL for all there are; `credits`
    each city's before and after. `valid_until` is the last business day of its commit.
    """

    __tablename__ = "adjustment_plan"
    __table_args__ = (
        CheckConstraint(one_of("status", *ADJUSTMENT_STATUSES), name="status"),
        CheckConstraint("person_of(approved_by) <> person_of(proposed_by)", name="second_person"),
        CheckConstraint("status = 'frozen' OR approved_by IS NOT NULL", name="approved_before_commit"),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approval_whole"),
        CheckConstraint(
            "(status = 'committed') = (committed_at IS NOT NULL) AND (committed_at IS NULL) = (committed_by IS NULL)",
            name="commit_whole",
        ),
        CheckConstraint(
            "committed_at IS NULL"
            " OR (committed_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN judged_on AND valid_until",
            name="committed_while_valid",
        ),
        Index(None, "pool_code", "id"),
    )

    id: Mapped[Id]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    judged_on: Mapped[date]
    cycle_id: Mapped[uuid.UUID | None]
    spend: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    rules_digest: Mapped[str] = mapped_column(ForeignKey("adjustment_rules.digest"))
    status: Mapped[str]
    inputs_digest: Mapped[str]
    summary: Mapped[dict[str, Any]]
    credits: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    valid_until: Mapped[date]
    proposed_by: Mapped[str]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    committed_by: Mapped[str | None]
    committed_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]


class AdjustmentPlanEntry(Base):
    """What a plan does with one member (`membership_id`) or candidate (`assessment_id`), and why; immutable.

    `receipt` is the adjustment's own of a member; a candidate's is its assessment's, named by `receipt_digest`.
    """

    __tablename__ = "adjustment_plan_entry"
    __table_args__ = (
        UniqueConstraint("plan_id", "position"),
        CheckConstraint("num_nonnulls(membership_id, assessment_id) = 1", name="member_or_candidate"),
        CheckConstraint(
            f"CASE WHEN assessment_id IS NULL THEN {one_of('action', *MEMBER_ACTIONS)}"
            f" ELSE {one_of('action', *CANDIDATE_ACTIONS)} END",
            name="action",
        ),
        CheckConstraint("(membership_id IS NULL) = (receipt IS NULL)", name="receipt_of_member"),
        CheckConstraint("action <> 'held' OR hold_id IS NOT NULL", name="held_by_a_hold"),
        Index(None, "membership_id"),
    )

    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("adjustment_plan.id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    membership_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("membership.id"))
    assessment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("assessment.id"))
    city_code: Mapped[str]
    outcome: Mapped[str | None]
    action: Mapped[str]
    reason_code: Mapped[str]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    receipt: Mapped[str | None]
    receipt_digest: Mapped[str]
    hold_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("pool_hold.id"))
    notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("exit_notice.id"))


class FollowOn(Base):
    """接续培育, 二(六)12(2): what a graduate goes on to; `track` is NULL until somebody has assigned one."""

    __tablename__ = "follow_on"
    __table_args__ = (
        CheckConstraint("num_nonnulls(track, assigned_by, assigned_at, basis) IN (0, 4)", name="track_whole"),
        Index(None, "pool_code", "id"),
    )

    id: Mapped[Id]
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"), unique=True)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("adjustment_plan.id"))
    pool_code: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    began_at: Mapped[datetime]
    track: Mapped[str | None]
    basis: Mapped[str | None]
    assigned_by: Mapped[str | None]
    assigned_at: Mapped[datetime | None]
