"""Spot checks: a frozen frame, the reveal of its seed, who was drawn, and what was found there. Nothing changes later."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from shared.models.base import Base, Id, one_of

SPOT_CHECK_RISKS = ("elevated", "ordinary")
SPOT_CHECK_OUTCOMES = ("verified", "contradicted")


def _hex(column: str) -> str:
    return f"{column} ~ '^[0-9a-f]{{64}}$'"


class SpotCheck(Base):
    """A draw as published: the canonical text of its frame, and the commitment to a seed that is nowhere stored yet."""

    __tablename__ = "spot_check"
    __table_args__ = (
        UniqueConstraint("year", "sequence"),
        CheckConstraint("sequence >= 1", name="sequence_positive"),
        CheckConstraint("digest = encode(sha256(convert_to(frame, 'UTF8')), 'hex')", name="digest_of_frame"),
        CheckConstraint(_hex("commitment"), name="commitment_format"),
        CheckConstraint("frozen_at < reveal_from", name="published_before_reveal"),
        CheckConstraint("members >= 1", name="has_members"),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    year: Mapped[int]
    sequence: Mapped[int]
    title: Mapped[str]
    pool_code: Mapped[str] = mapped_column(ForeignKey("pool.code"))
    commitment: Mapped[str] = mapped_column(unique=True)
    frame: Mapped[str]
    digest: Mapped[str]
    members: Mapped[int]
    frozen_by: Mapped[str]
    frozen_at: Mapped[datetime]
    reveal_from: Mapped[datetime]


class SpotCheckStratum(Base):
    """What a stratum's number stands for, which the public is not told: a city's members of one risk."""

    __tablename__ = "spot_check_stratum"
    __table_args__ = (
        UniqueConstraint("spot_check_id", "city_code", "risk"),
        CheckConstraint(one_of("risk", *SPOT_CHECK_RISKS), name="risk"),
        CheckConstraint("size BETWEEN 1 AND members", name="size_within_members"),
    )

    spot_check_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("spot_check.id"), primary_key=True)
    stratum: Mapped[int] = mapped_column(primary_key=True)
    city_code: Mapped[str]
    risk: Mapped[str]
    members: Mapped[int]
    size: Mapped[int]


class SpotCheckMember(Base):
    """A member of the pool in a frame, as of its freezing; the salt opens the seal that the frame shows."""

    __tablename__ = "spot_check_member"
    __table_args__ = (
        ForeignKeyConstraint(
            ["spot_check_id", "stratum"], ["spot_check_stratum.spot_check_id", "spot_check_stratum.stratum"]
        ),
        UniqueConstraint("spot_check_id", "seal"),
        CheckConstraint(_hex("salt"), name="salt_format"),
        CheckConstraint(
            "seal = encode(sha256(convert_to("
            "salt || chr(10) || uscc || chr(10) || city_code || chr(10) || name, 'UTF8')), 'hex')",
            name="seal_of_member",
        ),
    )

    spot_check_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("spot_check.id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    city_code: Mapped[str]
    stratum: Mapped[int]
    signs: Mapped[list[str]] = mapped_column(ARRAY(Text))
    salt: Mapped[str]
    seal: Mapped[str]


class SpotCheckReveal(Base):
    """The seed that was committed to. A trigger refuses any other, and a draw that is not the one it gives."""

    __tablename__ = "spot_check_reveal"
    __table_args__ = (
        CheckConstraint(_hex("seed"), name="seed_format"),
        CheckConstraint(_hex("nonce"), name="nonce_format"),
    )

    spot_check_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("spot_check.id"), primary_key=True)
    seed: Mapped[str]
    nonce: Mapped[str]
    revealed_by: Mapped[str]
    revealed_at: Mapped[datetime]


class SpotCheckDrawn(Base):
    """A member that was drawn."""

    __tablename__ = "spot_check_drawn"
    __table_args__ = (
        ForeignKeyConstraint(["spot_check_id", "uscc"], ["spot_check_member.spot_check_id", "spot_check_member.uscc"]),
    )

    spot_check_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("spot_check_reveal.spot_check_id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(primary_key=True)


class SpotCheckFinding(Base):
    """What one checker found at one enterprise that was drawn; `city_code` is where it was registered by then.

    `recommended_by` is who recommended the application that the facts were checked against: somebody else.
    """

    __tablename__ = "spot_check_finding"
    __table_args__ = (
        UniqueConstraint("spot_check_id", "uscc", name="uq_spot_check_finding_once"),
        ForeignKeyConstraint(
            ["spot_check_id", "uscc"],
            ["spot_check_drawn.spot_check_id", "spot_check_drawn.uscc"],
            name="fk_spot_check_finding_drawn",
        ),
        CheckConstraint("by_city = city_code", name="own_city"),
        CheckConstraint("person_of(found_by) <> person_of(recommended_by)", name="not_the_recommender"),
        CheckConstraint("checked_on <= (found_at AT TIME ZONE 'Asia/Shanghai')::date", name="not_in_future"),
        CheckConstraint(_hex("digest"), name="digest_format"),
        Index(None, "city_code"),
    )

    id: Mapped[Id]
    spot_check_id: Mapped[uuid.UUID]
    uscc: Mapped[str]
    city_code: Mapped[str]
    by_city: Mapped[str | None]
    application_id: Mapped[uuid.UUID | None]
    recommended_by: Mapped[str | None]
    checked_on: Mapped[date]
    document: Mapped[str]
    summary: Mapped[str]
    digest: Mapped[str]
    found_by: Mapped[str]
    found_at: Mapped[datetime]


class SpotCheckFact(Base):
    """One fact of a finding: what the enterprise had said, what was found, and the statement that says so since.

    `claimed` and `found` hold the value as the API shows it, under `value`.
    """

    __tablename__ = "spot_check_fact"
    __table_args__ = (
        CheckConstraint(one_of("outcome", *SPOT_CHECK_OUTCOMES), name="outcome"),
        CheckConstraint("(outcome = 'verified') = (claimed = found)", name="outcome_of_values"),
    )

    finding_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("spot_check_finding.id"), primary_key=True)
    fact: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    claimed: Mapped[dict[str, Any]]
    found: Mapped[dict[str, Any]]
    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("fact_statement.id"))
