"""What came of meetings, on the day and at the follow-ups."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of
from shared.models.matchmaking.participants import pair_keys

RESULTS = ("interest", "due_diligence", "term_sheet", "contract", "invested", "equity_option", "no")
# An amount is meant where there is one: intended (term sheet), agreed, or invested, 科技成果+认股权 among them.
RESULTS_WITH_MONEY = ("term_sheet", "contract", "invested", "equity_option")
RESULTS_WITH_DAY = ("contract", "invested", "equity_option")


class MatchOutcome(Base):
    """One word on one pair, so many days after the event (0 is the meeting itself); never changed, the newest counts."""

    __tablename__ = "match_outcome"
    __table_args__ = (
        *pair_keys("match_outcome"),
        CheckConstraint("after_days >= 0", name="counted"),
        CheckConstraint(one_of("result", *RESULTS), name="result"),
        CheckConstraint("held = (result IS NOT NULL)", name="result_of_a_meeting"),
        CheckConstraint(
            f"amount_fen IS NULL OR amount_fen BETWEEN 1 AND 1000000000000000 AND {one_of('result', *RESULTS_WITH_MONEY)}",
            name="amount",
        ),
        CheckConstraint(
            f"(happened_on IS NOT NULL) = coalesce({one_of('result', *RESULTS_WITH_DAY)}, false)", name="day"
        ),
        CheckConstraint("happened_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        Index("ix_match_outcome_pair", "event_id", "enterprise_id", "partner_id", "after_days", "id"),
    )

    id: Mapped[Id]
    event_id: Mapped[uuid.UUID]
    enterprise_id: Mapped[uuid.UUID]
    partner_id: Mapped[uuid.UUID]
    after_days: Mapped[int]
    held: Mapped[bool]
    result: Mapped[str | None]
    amount_fen: Mapped[int | None] = mapped_column(BigInteger)
    happened_on: Mapped[date | None]
    note: Mapped[str | None]
    recorded_by: Mapped[str]
    recorded_at: Mapped[CreatedAt]
    enterprise_side: Mapped[str] = mapped_column(Computed("'enterprise'", persisted=True))
    partner_side: Mapped[str] = mapped_column(Computed("'partner'", persisted=True))
