"""What we hold of the exchange: the side of a comparison that is ours."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.national.comparison import Held, Key
from shared.models.intake import Application, NationalDelivery, NationalFiling


async def our_holdings(session: AsyncSession, *, settled_before: datetime) -> dict[Key, Held]:
    """Applications that came from there, and records that went there.

    A record without an answer, or settled after `settled_before`, may be missing there without anything being wrong.
    """
    return {**await _applications(session), **await _deliveries(session, settled_before)}


async def _applications(session: AsyncSession) -> dict[Key, Held]:
    # Should two senders use one number, the first who did is the one that the number is read as.
    statement = (
        select(NationalFiling.record_id, NationalFiling.application_version, NationalFiling.digest, Application.status)
        .join(Application, Application.id == NationalFiling.application_id)
        .ext(distinct_on(NationalFiling.record_id))
        .order_by(NationalFiling.record_id, NationalFiling.created_at, NationalFiling.sender)
    )
    return {
        ("application", row.record_id): Held(row.status, row.digest, row.application_version)
        for row in await session.execute(statement)
    }


async def _deliveries(session: AsyncSession, settled_before: datetime) -> dict[Key, Held]:
    statement = select(
        NationalDelivery.kind,
        NationalDelivery.key,
        NationalDelivery.status,
        NationalDelivery.digest,
        NationalDelivery.settled_at,
    )
    return {
        (row.kind, row.key): Held(
            row.status,
            row.digest,
            expected_there=row.status == "accepted" and row.settled_at < settled_before,
        )
        for row in await session.execute(statement)
    }
