"""The relay: claims outbox rows that are due and sends each as an arq job, again and again until it is processed."""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from datetime import timedelta

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from shared import calendar
from shared.db import Database, open_database
from shared.logging import configure_logging
from shared.models.outbox import OutboxEvent
from shared.queue import open_queue, send
from shared.schedule import publish_due, schedules
from shared.schema import ensure_current_schema
from shared.settings import Settings, from_environment

logger = structlog.get_logger(__name__)
_BATCH = 200
# How often the clock is compared with the schedules.
_LOOK_SECONDS = 60.0


async def claim_due(database: Database, *, resend_after: timedelta) -> list[tuple[uuid.UUID, str, int]]:
    """Take up to 200 due rows and make them due again after `resend_after`: (row id, consumer, number of sends)."""
    due = (
        select(OutboxEvent.id)
        .where(OutboxEvent.due_at <= func.now(), OutboxEvent.processed_at.is_(None), OutboxEvent.dead_at.is_(None))
        .order_by(OutboxEvent.due_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (
        update(OutboxEvent)
        .where(OutboxEvent.id.in_(select(due.c.id)))
        .values(due_at=func.now() + resend_after, sends=OutboxEvent.sends + 1)
        .returning(OutboxEvent.id, OutboxEvent.consumer, OutboxEvent.sends)
    )
    async with database.sessions.begin() as session:
        rows = (await session.execute(statement)).all()
    return [(row.id, row.consumer, row.sends) for row in rows]


async def relay_once(database: Database, queue: ArqRedis, settings: Settings) -> int:
    """Send everything that is due now; returns how many jobs were sent."""
    rows = await claim_due(database, resend_after=timedelta(seconds=settings.outbox_resend_seconds))
    for row_id, consumer, attempt in rows:
        await send(queue, consumer=consumer, row_id=row_id, attempt=attempt)
    return len(rows)


async def look_at_clock(database: Database, settings: Settings) -> int:
    """Publish the events of schedules whose time has come; returns how many."""
    return await publish_due(database, schedules(settings), calendar.now())


async def _relay_until(stop: asyncio.Event, database: Database, queue: ArqRedis, settings: Settings) -> None:
    looked = -_LOOK_SECONDS
    while not stop.is_set():
        try:
            if time.monotonic() - looked >= _LOOK_SECONDS:
                await look_at_clock(database, settings)
                looked = time.monotonic()
            sent = await relay_once(database, queue, settings)
        except (RedisError, OSError, DBAPIError) as error:
            # Nothing is lost: what was claimed but not sent is due again after the pause.
            logger.warning("relay_waits", error=repr(error))
            sent = 0
        if sent < _BATCH:
            try:
                await asyncio.wait_for(stop.wait(), settings.outbox_poll_seconds)
            except TimeoutError:
                continue


async def run_relay(settings: Settings) -> None:
    """Relay until SIGTERM or SIGINT."""
    configure_logging(json_lines=settings.log_json)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    database = open_database(settings, "relay")
    await ensure_current_schema(database.engine)
    queue = await open_queue(settings)
    logger.info("relay_ready")
    try:
        await _relay_until(stop, database, queue, settings)
    finally:
        await queue.aclose()
        await database.close()


if __name__ == "__main__":
    asyncio.run(run_relay(from_environment(Settings)))
