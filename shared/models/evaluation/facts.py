"""What is known about an enterprise, by whom and since when."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Id, one_of

STATED_SOURCES = ("registry", "city_verified")
_WHAT = ("uscc", "fact", "source", "as_of")


class FactStatement(Base):
    """What a register or a city says of one fact as of a day; never changed. None of the three values: "not known".

    A retraction is a later row that `retracts` an earlier one, of the same fact, source and day. `uscc` is the code that
    the enterprise had then, `city_code` the city whose officer spoke, null for the province.
    """

    __tablename__ = "fact_statement"
    __table_args__ = (
        UniqueConstraint("id", *_WHAT, name="uq_fact_statement_what"),
        UniqueConstraint("retracts"),
        ForeignKeyConstraint(
            ["retracts", *_WHAT],
            ["fact_statement.id", *(f"fact_statement.{name}" for name in _WHAT)],
            name="fk_fact_statement_retracts_the_same",
        ),
        CheckConstraint(one_of("source", *STATED_SOURCES), name="source"),
        CheckConstraint("num_nonnulls(flag, number, choice) <= 1", name="one_value"),
        CheckConstraint("number BETWEEN 0 AND 1000000000000000", name="number_in_range"),
        CheckConstraint("retracts IS NULL OR num_nonnulls(flag, number, choice) = 0", name="retraction_has_no_value"),
        CheckConstraint("retracts <> id", name="retracts_another"),
        CheckConstraint("source <> 'registry' OR city_code IS NULL", name="registry_by_province"),
        CheckConstraint("as_of <= (stated_at AT TIME ZONE 'Asia/Shanghai')::date", name="as_of_not_future"),
        CheckConstraint("(attachment_id IS NULL) = (evidence_digest IS NULL)", name="evidence_whole"),
        CheckConstraint("evidence_digest ~ '^[0-9a-f]{64}$'", name="evidence_digest"),
        CheckConstraint("basis <> ''", name="basis_given"),
        Index(None, "uscc", "fact"),
    )

    id: Mapped[Id]
    uscc: Mapped[str]
    application_id: Mapped[uuid.UUID | None]
    fact: Mapped[str]
    source: Mapped[str]
    as_of: Mapped[date]
    flag: Mapped[bool | None]
    number: Mapped[int | None] = mapped_column(BigInteger)
    choice: Mapped[str | None]
    basis: Mapped[str]
    document: Mapped[str | None]
    attachment_id: Mapped[uuid.UUID | None]
    evidence_digest: Mapped[str | None]
    city_code: Mapped[str | None]
    stated_by: Mapped[str]
    # The clock, not the transaction's start: statements about one enterprise wait for each other, and are ordered by it.
    stated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    retracts: Mapped[uuid.UUID | None]
