"""The pool, its memberships, and the places that a cycle gives."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

# 出库, 二(六)12(1); the others are 退库, 二(六)12(3).
END_REASONS = (
    "graduated",
    "no_progress",
    "safety_accident",
    "serious_dishonesty",
    "tax_evasion",
    "data_falsification",
    "abnormal_patent_filings",
    "other_violation",
)


class Pool(Base):
    """A cultivation pool (培育库). Triggers keep `live` equal to its open memberships and `kept` to its kept places."""

    __tablename__ = "pool"
    __table_args__ = (CheckConstraint("live >= 0 AND kept >= 0 AND live + kept <= cap", name="within_cap"),)

    code: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    cap: Mapped[int]
    cap_basis: Mapped[str]
    live: Mapped[int] = mapped_column(default=0, server_default="0")
    kept: Mapped[int] = mapped_column(default=0, server_default="0")


class Membership(Base):
    """One stay of one enterprise in one pool; an open upper bound means that it is a member now.

    Either a cycle's plan (`plan_id`) or an adjustment's opened it; only an adjustment's ends it. `known_from` is when
    what the row says came to be known: each change is another `MembershipVersion`.
    """

    __tablename__ = "membership"
    __table_args__ = (
        ExcludeConstraint(("pool_code", "="), ("uscc", "="), ("during", "&&"), name="ex_membership_no_overlap"),
        CheckConstraint("NOT isempty(during)", name="not_empty"),
        CheckConstraint("num_nonnulls(plan_id, opened_by_adjustment) = 1", name="opened_by_one_plan"),
        CheckConstraint(
            "upper_inf(during) = (ended_reason IS NULL) AND (ended_reason IS NULL) = (ended_by_plan IS NULL)",
            name="ended_by_a_plan",
        ),
        CheckConstraint(one_of("ended_reason", *END_REASONS), name="ended_reason"),
        UniqueConstraint("id", "pool_code", "city_code", name="uq_membership_place"),
        Index(None, "pool_code", postgresql_where=text("upper_inf(during)")),
    )

    id: Mapped[Id]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    uscc: Mapped[str]
    city_code: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    plan_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("selection_plan.id"))
    opened_by_adjustment: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("adjustment_plan.id"))
    ended_reason: Mapped[str | None]
    ended_by_plan: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("adjustment_plan.id"))
    known_from: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[CreatedAt]

    @property
    def opened_by(self) -> uuid.UUID:
        """The plan, of a cycle or of an adjustment, that made it a member."""
        opened = self.plan_id or self.opened_by_adjustment
        assert opened is not None  # noqa: S101 (a CHECK keeps one of them)
        return opened


class MembershipVersion(Base):
    """What was known of a membership from a moment on, until the next version; a trigger writes it, nobody edits it."""

    __tablename__ = "membership_version"
    __table_args__ = (UniqueConstraint("membership_id", "number"), Index(None, "pool_code", "known_from"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("uuidv7()"))
    membership_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("membership.id"))
    number: Mapped[int]
    known_from: Mapped[datetime]
    pool_code: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    plan_id: Mapped[uuid.UUID | None]
    opened_by_adjustment: Mapped[uuid.UUID | None]
    ended_reason: Mapped[str | None]
    ended_by_plan: Mapped[uuid.UUID | None]
    supersedes: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("membership_version.id"))
