"""arq, wrapped once: how a job is sent, how a worker runs one, and why nothing is lost when Redis is.

A job carries only the id of an outbox row. Retries, pauses and dead letters live in that row: arq tries once,
keeps no result, and may lose everything; the relay sends again whatever is not processed.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import outbox
from shared.db import Database, open_database
from shared.logging import configure_logging
from shared.models.outbox import OutboxEvent
from shared.schema import ensure_current_schema
from shared.settings import Settings

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """What a handler gets: the open transaction, the event (its id is the same for every attempt), the settings.

    `database` is for what must be seen before the handler ends, such as its progress, and never for its work.
    """

    session: AsyncSession
    event_id: uuid.UUID
    payload: dict[str, Any]
    settings: Settings
    database: Database


@dataclass(frozen=True, slots=True)
class Outing:
    """What an errand gets: the database to open short transactions on, the event, the settings."""

    database: Database
    event_id: uuid.UUID
    payload: dict[str, Any]
    settings: Settings


@dataclass(frozen=True, slots=True)
class Errand:
    """A handler whose work goes over a network and so must hold no transaction: it holds a lease on its row.

    A worker that dies leaves the lease to run out, and the errand is run again: its work must be harmless twice.
    """

    run: Callable[[Outing], Awaitable[None]]


Handler = Callable[[Work], Awaitable[None]] | Errand


def queue_name(service: str) -> str:
    return f"peiyu:{service}"


def _serialize(job: dict[str, Any]) -> bytes:
    # arq's default is pickle: whoever can write to Redis could run code in a worker.
    return json.dumps(job, default=str).encode()


def _redis_settings(settings: Settings) -> RedisSettings:
    redis = RedisSettings.from_dsn(settings.redis_url.get_secret_value())
    redis.conn_retries, redis.conn_retry_delay, redis.conn_timeout = 20, 1, 2
    return redis


async def open_queue(settings: Settings) -> ArqRedis:
    """A connection to send jobs through."""
    return await create_pool(_redis_settings(settings), job_serializer=_serialize, job_deserializer=json.loads)


async def send(queue: ArqRedis, *, consumer: str, row_id: uuid.UUID, attempt: int) -> None:
    """Enqueue one attempt. The attempt is part of the job's id: arq refuses an id that a dead worker still holds."""
    service = consumer.partition(".")[0]
    await queue.enqueue_job("handle_event", str(row_id), _job_id=f"{row_id}:{attempt}", _queue_name=queue_name(service))


async def handle_row(
    database: Database, settings: Settings, handlers: Mapping[str, Handler], row_id: uuid.UUID
) -> None:
    """Handle one outbox row; a failure is counted in a transaction of its own and never raised to arq."""
    try:
        async with database.sessions.begin() as session:
            row = await outbox.lock_unprocessed(session, row_id)
            if row is None:
                return
            structlog.contextvars.bind_contextvars(request_id=row.request_id, event_id=str(row.event_id))
            handler = handlers[row.consumer]
            if not isinstance(handler, Errand):
                # Our own time-out, since arq's cancels the job before the failure could be counted.
                async with asyncio.timeout(settings.job_timeout_seconds):
                    await handler(Work(session, row.event_id, row.payload, settings, database))
                await outbox.mark_processed(session, row)
                return
            row = await outbox.lease(session, row_id, timedelta(seconds=settings.outbox_lease_seconds))
        if row is not None:
            await _run_errand(database, settings, handler, row)
    except Exception as error:
        logger.exception("event_failed", row_id=str(row_id))
        async with database.sessions.begin() as session:
            dead = await outbox.mark_failed(session, row_id, repr(error), max_failures=settings.outbox_max_failures)
        if dead:
            logger.critical("event_dead", row_id=str(row_id))
    finally:
        structlog.contextvars.clear_contextvars()


async def _run_errand(database: Database, settings: Settings, errand: Errand, row: OutboxEvent) -> None:
    """Run it under its lease, renewed while this worker lives, and end the event in a short transaction."""
    renewal = asyncio.create_task(_keep_lease(database, row, settings.outbox_lease_seconds))
    try:
        async with asyncio.timeout(settings.job_timeout_seconds):
            await errand.run(Outing(database, row.event_id, row.payload, settings))
    finally:
        renewal.cancel()
    async with database.sessions.begin() as session:
        await outbox.mark_processed(session, row)


async def _keep_lease(database: Database, row: OutboxEvent, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / 3)
        try:
            async with database.sessions.begin() as session:
                await outbox.renew(session, row, timedelta(seconds=seconds))
        except (DBAPIError, OSError) as error:
            # The next renewal may do better; a lease that is lost means at worst that the errand is run twice.
            logger.warning("lease_not_renewed", row_id=str(row.id), error=repr(error))


def build_worker(
    service: str,
    handlers: Mapping[str, Handler],
    settings: Settings,
    *,
    burst: bool = False,
    database: Database | None = None,
) -> Worker:
    """The arq worker of one service. `burst` ends when the queue is empty (tests, operators).

    `database`: one that is open and of the current schema, and stays open; otherwise the worker has its own.
    """
    kept, database = database, database or open_database(settings, service)

    async def handle_event(_: dict[str, Any], row_id: str) -> None:
        await handle_row(database, settings, handlers, uuid.UUID(row_id))

    async def startup(ctx: dict[Any, Any]) -> None:  # noqa: ARG001 (arq's signature)
        if kept is None:
            await ensure_current_schema(database.engine)
        logger.info("worker_ready", service=service, handlers=sorted(handlers))

    async def shutdown(ctx: dict[Any, Any]) -> None:  # noqa: ARG001 (as above)
        if kept is None:
            await database.close()

    return Worker(
        functions=[func(handle_event, name="handle_event", keep_result=0, max_tries=1)],  # type: ignore[arg-type]
        queue_name=queue_name(service),
        redis_settings=_redis_settings(settings),
        burst=burst,
        on_startup=startup,
        on_shutdown=shutdown,
        max_jobs=4,
        job_timeout=settings.job_timeout_seconds + 30,
        poll_delay=0.02 if burst else 0.1,
        keep_result=0,
        retry_jobs=False,
        handle_signals=not burst,
        job_serializer=_serialize,
        job_deserializer=json.loads,
        log_results=False,
    )


def run_worker(service: str, handlers: Mapping[str, Handler], settings: Settings) -> None:
    """Run until stopped. A lost Redis ends the process; its supervisor starts it again."""
    configure_logging(json_lines=settings.log_json)
    build_worker(service, handlers, settings).run()
