"""Machine clients (banks, enterprises, the national system): who may ask for a token, as whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.models.base import Base, CreatedAt, Id, one_of

CLIENT_ROLES = ("enterprise", "bank", "department", "national_system", "auditor")


class ApiClient(Base):
    __tablename__ = "api_client"
    __table_args__ = (
        CheckConstraint(one_of("role", *CLIENT_ROLES), name="role"),
        CheckConstraint("(role = 'enterprise') = (uscc IS NOT NULL)", name="enterprise_has_uscc"),
    )

    id: Mapped[Id]
    client_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    uscc: Mapped[str | None]
    secret_hash: Mapped[str]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[CreatedAt]
