"""Push what is due over the line: ask the breaker, take a lot, call, keep each answer, and say when to come again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import structlog

from services.intake.national import breaker, deliveries
from services.intake.national.port import AnswerError, LineError, NationalPort, Parcel, RefusedError
from services.intake.national.wire import RecordAnswer
from shared.db import Database
from shared.settings import Settings

logger = structlog.get_logger(__name__)


async def push_due(database: Database, settings: Settings, port: NationalPort, event_id: uuid.UUID) -> None:
    """Until nothing is due or the breaker stops us. Every call is made outside any transaction."""
    while (parcel := await _next_parcel(database, settings)) is not None:
        await _push(database, settings, port, parcel)
    async with database.sessions.begin() as session:
        due = await deliveries.next_due(session)
        if due is None:
            return
        stopped = await breaker.current(session)
        if stopped is not None and stopped.state != "closed":
            due = max(due, *(moment for moment in (stopped.open_until, stopped.probe_until) if moment is not None))
        await deliveries.wake(session, due, other_than=event_id)


async def _next_parcel(database: Database, settings: Settings) -> Parcel | None:
    async with database.sessions.begin() as session:
        asked = await breaker.ask(session, settings)
        if asked.permission == "wait":
            return None
        probing = asked.permission == "probe"
        parcel = await deliveries.claim(session, settings, most=1 if probing else settings.national_batch_records)
        if parcel is None and probing:
            await breaker.give_back(session)
        return parcel


async def _push(database: Database, settings: Settings, port: NationalPort, parcel: Parcel) -> None:
    try:
        answers = await port.deliver(parcel)
    except LineError as error:
        await _line_failed(database, settings, parcel, error)
    except AnswerError as error:
        logger.warning("national_answer", parcel=str(parcel.id), error=str(error))
        async with database.sessions.begin() as session:
            await deliveries.put_back(session, settings, parcel.id, str(error), failures=1)
            await breaker.failed(session, settings, str(error))
    except RefusedError as error:
        await _refused(database, parcel, error)
    else:
        await _answered(database, settings, parcel, answers)


async def _answered(
    database: Database, settings: Settings, parcel: Parcel, answers: Mapping[str, RecordAnswer]
) -> None:
    async with database.sessions.begin() as session:
        await breaker.succeeded(session)
        await deliveries.settle(session, answers, claim_id=parcel.id)
        # Whatever they said nothing about; nothing is left where they answered all.
        await deliveries.put_back(session, settings, parcel.id, "no answer for this record", failures=1)


async def _line_failed(database: Database, settings: Settings, parcel: Parcel, error: LineError) -> None:
    logger.warning("national_line", parcel=str(parcel.id), error=str(error))
    pause = error.retry_after_seconds
    async with database.sessions.begin() as session:
        await deliveries.put_back(session, settings, parcel.id, str(error), failures=0, pause_seconds=pause)
        await breaker.failed(session, settings, str(error), pause_seconds=pause)


async def _refused(database: Database, parcel: Parcel, error: RefusedError) -> None:
    """A lone record that they refuse is rejected; of several nobody knows which, so each is sent alone next."""
    async with database.sessions.begin() as session:
        await breaker.succeeded(session)
        if len(parcel.records) == 1:
            (record,) = parcel.records
            answer = RecordAnswer(key=record.key, outcome="rejected", code=f"http_{error.status}", reason=error.reason)
            await deliveries.settle(session, {record.key: answer}, claim_id=parcel.id)
        else:
            await deliveries.send_alone(session, parcel.id, error.reason)
