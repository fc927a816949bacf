"""Patents on offer, and those pushed to an enterprise outside any event (精准推送)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class PatentOffer(Base):
    """A patent of a university or institute that may be licensed or sold; `profile` is what affinity compares."""

    __tablename__ = "patent_offer"
    __table_args__ = (
        Index("uq_patent_offer_live", "patent_no", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        CheckConstraint("num_nonnulls(withdrawn_at, withdrawn_by) IN (0, 2)", name="withdrawal_signed"),
    )

    id: Mapped[Id]
    patent_no: Mapped[str]
    title: Mapped[str]
    holder: Mapped[str]
    city_code: Mapped[str]
    profile: Mapped[dict[str, Any]]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None]


class PatentPush(Base):
    """The patents that suited an enterprise best on a day, with what was asked and why each suits; never changed."""

    __tablename__ = "patent_push"
    __table_args__ = (
        CheckConstraint("found = jsonb_array_length(entries) AND found > 0", name="counted"),
        Index(None, "uscc"),
    )

    id: Mapped[Id]
    uscc: Mapped[str]
    city_code: Mapped[str]
    by_city: Mapped[str | None]
    asked: Mapped[dict[str, Any]]
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    found: Mapped[int]
    pushed_on: Mapped[date]
    pushed_by: Mapped[str]
    pushed_at: Mapped[CreatedAt]
