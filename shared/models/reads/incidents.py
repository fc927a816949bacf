"""Incidents that stand."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.models.intake import Enterprise, EnterpriseCode, Incident


@dataclass(frozen=True, slots=True)
class StandingIncident:
    """A confirmed incident that counts against an enterprise; `uscc` is its present code, `kind` a word of 二(六)12(3)."""

    incident_id: uuid.UUID
    uscc: str
    kind: str
    occurred_on: date
    confirmed_at: datetime


async def standing_incidents(
    session: AsyncSession, usccs: list[str], on: date, *, known_at: datetime | None = None
) -> list[StandingIncident]:
    """Incidents that had occurred by `on`, are confirmed, and were not cured by then; by code and day.

    `usccs` may be former or merged codes. Allegations, dismissed ones and notices never count. `known_at` asks what was confirmed and cured by an earlier
    moment; without it, by now.
    """
    moment = func.now() if known_at is None else known_at
    statement = (
        select(Incident.id, Enterprise.uscc, Incident.kind, Incident.occurred_on, Incident.confirmed_at)
        .join(Enterprise, Enterprise.id == Incident.enterprise_id)
        .where(
            Enterprise.id.in_(select(EnterpriseCode.enterprise_id).where(EnterpriseCode.code.in_(usccs))),
            Incident.occurred_on <= on,
            Incident.confirmed_at <= moment,
            Incident.cured_at.is_(None) | (Incident.cured_at > moment) | (Incident.cured_on > on),
        )
        .order_by(Enterprise.uscc, Incident.occurred_on, Incident.id)
    )
    return [StandingIncident(*row) for row in await session.execute(statement)]


@dataclass(frozen=True, slots=True)
class ConfirmedIncident:
    """An incident that was confirmed; `cured_on` is the day from which it counts no more, None while it counts."""

    incident_id: uuid.UUID
    kind: str
    occurred_on: date
    confirmed_at: datetime
    cured_on: date | None


async def confirmed_incidents(session: AsyncSession, uscc: str) -> list[ConfirmedIncident]:
    """Every incident ever confirmed of the enterprise with this present code, cured or not, by day of confirmation."""
    statement = (
        select(Incident.id, Incident.kind, Incident.occurred_on, Incident.confirmed_at, Incident.cured_on)
        .join(Enterprise, Enterprise.id == Incident.enterprise_id)
        .where(Enterprise.uscc == uscc, Incident.confirmed_at.is_not(None))
        .order_by(Incident.confirmed_at, Incident.id)
    )
    return [ConfirmedIncident(*row) for row in await session.execute(statement)]
