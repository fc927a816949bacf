"""The support ledger (支持台账): what was done for enterprises, append-only."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Id, one_of

SUPPORT_SOURCES = ("city", "province", "report", "bank", "event")
_WHOSE = ("uscc", "city_code")


class SupportAction(Base):
    """One support action towards one enterprise, or the correction of one; never changed.

    A correction `corrects` the row before it and stands in its place; one that is `withdrawn` says that nothing of the
    kind took place. `uscc` and `city_code` are the enterprise's of the day of recording, `by_city` the city whose
    officer recorded it. `claim` is the same for two rows about one and the same thing; None where that cannot be told.
    Rows of source `report` come from an accepted progress report, where a day, amount or provider may be unknown; those
    of source `bank` from a credit that a bank reported, `outcome_id` naming its first report;
    those of source `event` from matchmaking, `matched_as` naming what came of it.
    """

    __tablename__ = "support_action"
    __table_args__ = (
        UniqueConstraint("id", *_WHOSE, name="uq_support_action_whose"),
        UniqueConstraint("corrects"),
        UniqueConstraint("source_key"),
        ForeignKeyConstraint(
            ["corrects", *_WHOSE],
            ["support_action.id", *(f"support_action.{name}" for name in _WHOSE)],
            name="fk_support_action_corrects_the_same",
        ),
        CheckConstraint(one_of("source", *SUPPORT_SOURCES), name="source"),
        CheckConstraint("(source = 'city') = (by_city IS NOT NULL)", name="city_named"),
        CheckConstraint(
            "num_nonnulls(report_id, report_revision) = CASE source WHEN 'report' THEN 2 ELSE 0 END",
            name="report_named",
        ),
        CheckConstraint("(source = 'bank') = (outcome_id IS NOT NULL)", name="outcome_named"),
        CheckConstraint("(source = 'event') = (matched_as IS NOT NULL)", name="match_named"),
        CheckConstraint("(source IN ('report', 'bank', 'event')) = (source_key IS NOT NULL)", name="source_named"),
        CheckConstraint("amount_fen BETWEEN 0 AND 1000000000000000", name="amount_in_range"),
        CheckConstraint("happened_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        CheckConstraint("NOT withdrawn OR corrects IS NOT NULL", name="withdrawal_corrects"),
        CheckConstraint(
            "NOT withdrawn OR num_nonnulls(happened_on, provider, subject, amount_fen, claim) = 0",
            name="withdrawal_empty",
        ),
        CheckConstraint(
            "withdrawn OR source = 'report' OR num_nulls(happened_on, provider, claim) = 0", name="recorded_whole"
        ),
        CheckConstraint("corrects <> id", name="corrects_another"),
        Index(None, "uscc"),
        Index(None, "kind", "city_code", "id"),
        Index("ix_support_action_claim", "claim", postgresql_where=text("claim IS NOT NULL")),
        Index("ix_support_action_outcome", "outcome_id", postgresql_where=text("outcome_id IS NOT NULL")),
        Index("ix_support_action_matched", "matched_as", postgresql_where=text("matched_as IS NOT NULL")),
        Index("ix_support_action_report", "report_id", postgresql_where=text("report_id IS NOT NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    source: Mapped[str]
    by_city: Mapped[str | None]
    happened_on: Mapped[date | None]
    provider: Mapped[str | None]
    subject: Mapped[str | None]
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    claim: Mapped[str | None]
    document: Mapped[str | None]
    recorded_by: Mapped[str]
    # The clock, not the transaction's start: actions of one enterprise wait for each other, and are ordered by it.
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    corrects: Mapped[uuid.UUID | None]
    withdrawn: Mapped[bool] = mapped_column(default=False, server_default="false")
    reason: Mapped[str | None]
    report_id: Mapped[uuid.UUID | None]
    report_revision: Mapped[int | None]
    source_key: Mapped[str | None]
    outcome_id: Mapped[uuid.UUID | None]
    matched_as: Mapped[str | None]
