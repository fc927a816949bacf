"""The outbox: events are rows of the transaction that caused them, and end in the transaction that handled them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import Event
from shared.models.base import new_id
from shared.models.outbox import OutboxEvent

_FIRST_RETRY = timedelta(seconds=1)
_LONGEST_RETRY = timedelta(minutes=10)


async def publish(session: AsyncSession, event: Event, *, after: timedelta = timedelta(0)) -> uuid.UUID:
    """Store `event` once per consumer; the relay sends it `after` the caller's commit. Returns the event's id.

    An event that nobody consumes yet leaves nothing behind.
    """
    event_id = new_id()
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    payload = event.model_dump(mode="json")
    rows = [
        {
            "event_id": event_id,
            "topic": event.topic,
            "consumer": consumer,
            "payload": payload,
            "request_id": request_id,
            "due_at": func.now() + after,
        }
        for consumer in event.consumers
    ]
    if rows:
        await session.execute(insert(OutboxEvent).values(rows))
    return event_id


async def wake(
    session: AsyncSession, event: Event, at: datetime | None = None, *, other_than: uuid.UUID | None = None
) -> None:
    """Have `event` handled at `at` (now), unless one of its topic will be by then anyway.

    For an errand that takes whatever is due; `other_than` is its own event, which is ending.
    """
    # One at a time: two that look at once would each publish.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"wake {event.topic}", 0))))
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    when = max(at or now, now)
    waiting = select(OutboxEvent.id).where(
        OutboxEvent.topic == event.topic,
        OutboxEvent.processed_at.is_(None),
        OutboxEvent.dead_at.is_(None),
        OutboxEvent.leased_until.is_(None),
        OutboxEvent.due_at <= when,
    )
    if other_than is not None:
        waiting = waiting.where(OutboxEvent.event_id != other_than)
    if (await session.execute(waiting.limit(1))).first() is None:
        await publish(session, event, after=when - now)


async def lock_unprocessed(session: AsyncSession, row_id: uuid.UUID) -> OutboxEvent | None:
    """The row, locked for this transaction; None when it is done, dead, or another worker holds it."""
    statement = (
        select(OutboxEvent)
        .where(OutboxEvent.id == row_id, OutboxEvent.processed_at.is_(None), OutboxEvent.dead_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    return (await session.execute(statement)).scalar_one_or_none()


async def lease(session: AsyncSession, row_id: uuid.UUID, period: timedelta) -> OutboxEvent | None:
    """Take the row for work outside a transaction; None when it is done, dead, or somebody's lease still runs.

    The relay sends it again when the lease has run out, so a worker that died is followed by another.
    """
    row = await lock_unprocessed(session, row_id)
    if row is None:
        return None
    free = await session.execute(
        update(OutboxEvent)
        .where(OutboxEvent.id == row_id, or_(OutboxEvent.leased_until.is_(None), OutboxEvent.leased_until < func.now()))
        .values(lease=new_id(), leased_until=func.now() + period, due_at=func.now() + period)
        .returning(OutboxEvent)
        .execution_options(populate_existing=True)
    )
    return free.scalar_one_or_none()


async def renew(session: AsyncSession, row: OutboxEvent, period: timedelta) -> None:
    """Keep a lease that is still one's own for another `period`."""
    await session.execute(
        update(OutboxEvent)
        .where(OutboxEvent.id == row.id, OutboxEvent.lease == row.lease, OutboxEvent.processed_at.is_(None))
        .values(leased_until=func.now() + period, due_at=func.now() + period)
    )


async def mark_processed(session: AsyncSession, row: OutboxEvent) -> None:
    """End the event in the transaction that handled it."""
    statement = update(OutboxEvent).where(OutboxEvent.id == row.id).values(processed_at=func.now(), last_error=None)
    await session.execute(statement)


async def mark_failed(session: AsyncSession, row_id: uuid.UUID, error: str, *, max_failures: int) -> bool:
    """Count a failure: due again after a doubling pause, dead at `max_failures`. Returns whether it is now dead."""
    row = await lock_unprocessed(session, row_id)
    if row is None:
        return False
    row.lease = row.leased_until = None
    row.failures += 1
    row.last_error = error[:2000]
    if row.failures >= max_failures:
        row.dead_at = func.now()
        return True
    row.due_at = func.now() + min(_FIRST_RETRY * 2 ** (row.failures - 1), _LONGEST_RETRY)
    return False
