"""What changed for whom, so that figures need not be computed to know that they are the same."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base

# Whose figures a row alters: a city's and the province's, or one of these.
EVERYBODY, PROVINCE_ONLY = "all", "province"


class FigureChange(Base):
    """So many statements changed rows that a city's figures are made of; `topic` is the table, or a part that a row plays. Triggers alone write it.

    Only the sum for a topic and a city says anything: rows are added, and drawn together now and then.
    """

    __tablename__ = "figure_change"
    __table_args__ = (CheckConstraint("changes >= 1", name="counted"), Index(None, "topic", "city_code"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str]
    city_code: Mapped[str]
    changes: Mapped[int] = mapped_column(BigInteger, server_default="1")
