"""Enterprises, one record per 统一社会信用代码."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id


class Enterprise(Base):
    __tablename__ = "enterprise"
    __table_args__ = (CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc_format"),)

    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    division_code: Mapped[str]
    city_code: Mapped[str]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
