"""The pool, its memberships, and the places that a cycle gives."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


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
    """One stay of one enterprise in one pool; an open upper bound means that it is a member now."""

    __tablename__ = "membership"
    __table_args__ = (
        ExcludeConstraint(("pool_code", "="), ("uscc", "="), ("during", "&&"), name="ex_membership_no_overlap"),
        CheckConstraint("NOT isempty(during)", name="not_empty"),
        Index(None, "pool_code", postgresql_where=text("upper_inf(during)")),
    )

    id: Mapped[Id]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    uscc: Mapped[str]
    city_code: Mapped[str]
    during: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    plan_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("selection_plan.id"))
    created_at: Mapped[CreatedAt]
