"""Tables of risk compensation: what banks claim for credits that failed, and what was decided."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

CLAIM_DECISIONS = ("accepted", "refused")
_WHOSE_CLAIM = ("root_id", "credit_id", "client_id", "reference")


class CompensationClaim(Base):
    """What a bank claims for one credit (风险补偿), or the correction of that; never changed.

    `credit_id` is the first report of the credit, `outcome_id` the row of it that held when this was said. Money in 分:
    `principal_fen` unpaid when it fell due, `recovered_fen` of that got back since (NULL: not known), `claimed_fen` at
    most what is left. A correction stands in the place of the row before; a withdrawn one claims nothing.
    """

    __tablename__ = "compensation_claim"
    __table_args__ = (
        UniqueConstraint("id", *_WHOSE_CLAIM, name="uq_compensation_claim_whose"),
        UniqueConstraint("corrects"),
        Index(
            "uq_compensation_claim_reference",
            "client_id",
            "reference",
            unique=True,
            postgresql_where=text("corrects IS NULL"),
        ),
        Index("uq_compensation_claim_credit", "credit_id", unique=True, postgresql_where=text("corrects IS NULL")),
        ForeignKeyConstraint(
            ["corrects", *_WHOSE_CLAIM],
            ["compensation_claim.id", *(f"compensation_claim.{name}" for name in _WHOSE_CLAIM)],
            name="fk_compensation_claim_corrects_the_same",
        ),
        CheckConstraint("(corrects IS NULL) = (reason IS NULL)", name="correction_has_reason"),
        CheckConstraint("NOT withdrawn OR corrects IS NOT NULL", name="withdrawal_corrects"),
        CheckConstraint(
            "CASE WHEN withdrawn THEN num_nonnulls(defaulted_on, principal_fen, recovered_fen, claimed_fen) = 0 "
            "ELSE num_nulls(defaulted_on, principal_fen, claimed_fen) = 0 END",
            name="whole",
        ),
        CheckConstraint("principal_fen BETWEEN 1 AND 1000000000000000", name="principal_positive"),
        CheckConstraint("recovered_fen BETWEEN 0 AND principal_fen", name="recovered_within_principal"),
        CheckConstraint(
            "claimed_fen BETWEEN 1 AND principal_fen - coalesce(recovered_fen, 0)", name="claimed_within_loss"
        ),
        CheckConstraint("defaulted_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        Index(None, "client_id", "id"),
        Index(None, "uscc"),
    )

    id: Mapped[Id]
    root_id: Mapped[uuid.UUID]
    credit_id: Mapped[uuid.UUID]
    outcome_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("credit_outcome.id"))
    client_id: Mapped[str]
    uscc: Mapped[str]
    city_code: Mapped[str]
    reference: Mapped[str]
    defaulted_on: Mapped[date | None]
    principal_fen: Mapped[int | None] = mapped_column(BigInteger)
    recovered_fen: Mapped[int | None] = mapped_column(BigInteger)
    claimed_fen: Mapped[int | None] = mapped_column(BigInteger)
    # What was said beside the columns, so that saying it again can be told from saying something else.
    content: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    corrects: Mapped[uuid.UUID | None]
    withdrawn: Mapped[bool]
    reason: Mapped[str | None]
    recorded_at: Mapped[CreatedAt]


class CompensationDecision(Base):
    """Whether a claim is accepted, and how much of it is compensated; one for each row of a claim, never changed."""

    __tablename__ = "compensation_decision"
    __table_args__ = (
        CheckConstraint(one_of("decision", *CLAIM_DECISIONS), name="decision"),
        CheckConstraint(
            "CASE decision WHEN 'accepted' THEN compensated_fen >= 1 AND refusal_code IS NULL "
            "ELSE compensated_fen IS NULL AND refusal_code IS NOT NULL END",
            name="whole",
        ),
    )

    claim_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("compensation_claim.id"), primary_key=True)
    decision: Mapped[str]
    compensated_fen: Mapped[int | None] = mapped_column(BigInteger)
    refusal_code: Mapped[str | None]
    document: Mapped[str]
    reason: Mapped[str]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
