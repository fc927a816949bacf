"""Events: sent again until processed, processed once, counted when they fail, never lost with Redis."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
from redis.asyncio import Redis
from sqlalchemy import select
from support.forms import form
from support.system import HANDLERS, System

from shared import outbox
from shared.events import EVENTS, NationalDeliveriesDue
from shared.models.outbox import OutboxEvent
from shared.queue import Work, handle_row, open_queue
from shared.relay import claim_due, relay_once

CITY = "420100"
THEIRS = "consumer LIKE 'evaluation.%'"


async def _waiting(system: System) -> None:
    """One recommended application whose event nobody has sent yet."""
    await system.open_cycle()
    received = await system.submit(form(1))
    await system.recommend(CITY, [received["id"]])
    await _end_those_of_intake(system)


async def _end_those_of_intake(system: System) -> None:
    """These tests follow one row: evaluation's."""
    database = system.apps["intake"].state.database
    async with database.sessions() as session:
        rows = select(OutboxEvent.id).where(OutboxEvent.consumer.startswith("intake."))
        ids = (await session.execute(rows)).scalars().all()
    for row_id in ids:
        await handle_row(database, system.settings["intake"], HANDLERS["intake"], row_id)


async def _make_due(owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE outbox_event SET due_at = now() - interval '1 second'")


def test_every_consumer_has_a_handler_and_every_handler_an_event() -> None:
    consumers = {consumer for event in EVENTS for consumer in event.consumers}
    assert consumers == {name for handlers in HANDLERS.values() for name in handlers}
    for service, handlers in HANDLERS.items():
        assert all(name.startswith(f"{service}.") for name in handlers)


async def test_an_event_is_sent_again_when_redis_lost_it(system: System, owner: asyncpg.Connection) -> None:
    await _waiting(system)
    queue = await open_queue(system.settings["relay"])
    assert await relay_once(system.relay_database, queue, system.settings["relay"]) == 1
    await queue.flushall()
    await system.work()
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 0
    assert await relay_once(system.relay_database, queue, system.settings["relay"]) == 0, "not due yet"
    await _make_due(owner)
    assert await relay_once(system.relay_database, queue, system.settings["relay"]) == 1
    await system.work()
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 1
    await queue.aclose()


async def test_an_event_sent_many_times_is_processed_once(system: System, owner: asyncpg.Connection) -> None:
    await _waiting(system)
    queue = await open_queue(system.settings["relay"])
    for _ in range(5):
        await _make_due(owner)
        await relay_once(system.relay_database, queue, system.settings["relay"])
    await queue.aclose()
    await system.work()
    assert await owner.fetchrow(
        "SELECT sends, failures, processed_at IS NOT NULL FROM outbox_event WHERE " + THEIRS
    ) == (5, 0, True)
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 1
    assert await owner.fetchval("SELECT count(*) FROM outbox_event WHERE topic LIKE 'evaluation.%'") == 1
    await system.drain()
    await _make_due(owner)
    assert await claim_due(system.relay_database, resend_after=timedelta(seconds=1)) == []


async def test_workers_racing_for_one_event_process_it_once(system: System, owner: asyncpg.Connection) -> None:
    await _waiting(system)
    row_id = await owner.fetchval("SELECT id FROM outbox_event WHERE " + THEIRS)
    database, settings = system.apps["evaluation"].state.database, system.settings["evaluation"]
    await asyncio.gather(*(handle_row(database, settings, HANDLERS["evaluation"], row_id) for _ in range(8)))
    assert await owner.fetchval("SELECT count(*) FROM assessment") == 1
    assert await owner.fetchval("SELECT failures FROM outbox_event WHERE " + THEIRS) == 0


async def test_an_event_in_work_is_neither_sent_again_nor_waited_for(system: System, owner: asyncpg.Connection) -> None:
    await _waiting(system)
    row_id = await owner.fetchval("SELECT id FROM outbox_event WHERE " + THEIRS)
    sessions = system.apps["evaluation"].state.database.sessions
    async with sessions.begin() as working, sessions.begin() as late, asyncio.timeout(5):
        assert await outbox.lock_unprocessed(working, row_id) is not None
        assert await outbox.lock_unprocessed(late, row_id) is None
        assert await claim_due(system.relay_database, resend_after=timedelta(seconds=1)) == []
    assert len(await claim_due(system.relay_database, resend_after=timedelta(seconds=1))) == 1


async def test_relays_racing_claim_each_event_once(system: System) -> None:
    async with system.apps["evaluation"].state.database.sessions.begin() as session:
        for _ in range(300):
            await outbox.publish(session, NationalDeliveriesDue())
    claims = await asyncio.gather(
        *(claim_due(system.relay_database, resend_after=timedelta(minutes=1)) for _ in range(6))
    )
    claimed = [row[0] for claim in claims for row in claim]
    assert len(claimed) == len(set(claimed)) == 300


async def test_a_failing_handler_leaves_nothing_is_retried_and_ends_dead(
    system: System, owner: asyncpg.Connection
) -> None:
    await _waiting(system)
    row_id = await owner.fetchval("SELECT id FROM outbox_event WHERE " + THEIRS)
    database = system.apps["evaluation"].state.database
    settings = system.settings["evaluation"].model_copy(update={"outbox_max_failures": 3})

    async def half_done(work: Work) -> None:
        await outbox.publish(work.session, NationalDeliveriesDue())
        raise RuntimeError("half-way")

    pauses = []
    for _ in range(3):
        await handle_row(database, settings, {"evaluation.assess_applications": half_done}, row_id)
        pauses.append(
            await owner.fetchval("SELECT extract(epoch FROM due_at - now()) FROM outbox_event WHERE " + THEIRS)
        )
    assert 0 < pauses[0] <= 1 < pauses[1] <= 2
    row = await owner.fetchrow(
        "SELECT failures, dead_at IS NOT NULL, processed_at, last_error FROM outbox_event WHERE " + THEIRS
    )
    assert tuple(row)[:3] == (3, True, None)
    assert "half-way" in row["last_error"]
    did = "SELECT count(*) FROM outbox_event WHERE consumer = 'intake.push_national_deliveries'"
    assert await owner.fetchval(did) == 0, "what the handler did is rolled back"
    await _make_due(owner)
    assert await claim_due(system.relay_database, resend_after=timedelta(seconds=1)) == []


async def test_a_job_carries_an_id_and_no_pickle(system: System) -> None:
    await _waiting(system)
    queue = await open_queue(system.settings["relay"])
    await relay_once(system.relay_database, queue, system.settings["relay"])
    redis = Redis.from_url(system.settings["relay"].redis_url.get_secret_value())
    keys = [key async for key in redis.scan_iter("arq:job:*")]
    bodies = [await redis.get(key) for key in keys]
    await redis.flushall()
    await redis.aclose()
    await queue.aclose()
    assert bodies
    assert all(body.startswith(b"{") and form(1)["uscc"].encode() not in body for body in bodies)
