"""Who meets the rule of a list on a day: judgements, which finance publishes from."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, Id, one_of

LISTED_VERDICTS = ("met", "unknown")


class ProgrammeJudgement(Base):
    """Everybody on record judged by one rule; never changed. `digest` is that of the entries that meet it.

    `cause_event_id` is that of the event it was asked for by, a fresh one where a person did.
    """

    __tablename__ = "programme_judgement"
    __table_args__ = (
        UniqueConstraint("programme_code", "cause_event_id"),
        CheckConstraint("met >= 0 AND unknown >= 0 AND not_met >= 0", name="counted"),
        CheckConstraint("judged_on <= (judged_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        Index(None, "programme_code", "id"),
    )

    id: Mapped[Id]
    programme_code: Mapped[str]
    judged_on: Mapped[date]
    rule: Mapped[str]
    consent: Mapped[str | None]
    met: Mapped[int]
    unknown: Mapped[int]
    not_met: Mapped[int]
    digest: Mapped[str]
    judged_by: Mapped[str]
    judged_at: Mapped[datetime] = mapped_column(server_default=func.now())
    cause_event_id: Mapped[uuid.UUID]


class ProgrammeJudgementEntry(Base):
    """One enterprise that meets the rule, or of which it is not known whether it does, with the facts `missing`.

    `fields` is whatever somebody may see of it; `consent_id` and `membership_id` are what it rests on.
    """

    __tablename__ = "programme_judgement_entry"
    __table_args__ = (
        CheckConstraint(one_of("verdict", *LISTED_VERDICTS), name="verdict"),
        CheckConstraint("(verdict = 'met') = (missing = '[]')", name="missing_where_unknown"),
    )

    judgement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("programme_judgement.id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)
    city_code: Mapped[str]
    verdict: Mapped[str]
    missing: Mapped[list[str]] = mapped_column(JSONB)
    fields: Mapped[dict[str, Any]]
    membership_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("membership.id"))
    consent_id: Mapped[uuid.UUID | None]
