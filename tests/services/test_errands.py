"""Errands: work outside a transaction, held by a lease, run again by another worker when the first has died."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest
from support.system import System

from shared import outbox
from shared.events import NationalDeliveriesDue
from shared.queue import Errand, Handler, Outing, handle_row
from shared.relay import claim_due
from shared.settings import Settings

SECOND = timedelta(seconds=1)


async def _published(system: System, owner: asyncpg.Connection) -> uuid.UUID:
    async with system.apps["intake"].state.database.sessions.begin() as session:
        await outbox.publish(session, NationalDeliveriesDue())
    return await owner.fetchval("SELECT id FROM outbox_event")


def _running(
    system: System, row_id: uuid.UUID, run: Callable[[Outing], Awaitable[None]], settings: Settings | None = None
) -> asyncio.Task[None]:
    handlers: dict[str, Handler] = {"intake.push_national_deliveries": Errand(run)}
    database = system.apps["intake"].state.database
    return asyncio.create_task(handle_row(database, settings or system.settings["intake"], handlers, row_id))


async def test_an_errand_holds_no_transaction_and_its_lease_keeps_others_away(
    system: System, owner: asyncpg.Connection
) -> None:
    row_id = await _published(system, owner)
    begun, over, runs = asyncio.Event(), asyncio.Event(), 0

    async def run(_: Outing) -> None:
        nonlocal runs
        runs += 1
        begun.set()
        await over.wait()

    working = _running(system, row_id, run)
    await begun.wait()
    idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'"
    assert await owner.fetchval(idle) == 0
    await asyncio.gather(*(_running(system, row_id, run) for _ in range(4)))
    assert await claim_due(system.relay_database, resend_after=SECOND) == [], "not sent again while it is leased"
    over.set()
    await working
    assert runs == 1
    assert await owner.fetchval("SELECT processed_at IS NOT NULL FROM outbox_event")


async def test_a_worker_that_died_is_followed_by_another(system: System, owner: asyncpg.Connection) -> None:
    row_id = await _published(system, owner)
    begun = asyncio.Event()

    async def dies(_: Outing) -> None:
        begun.set()
        await asyncio.Event().wait()

    working = _running(system, row_id, dies)
    await begun.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    await owner.execute("UPDATE outbox_event SET due_at = now(), leased_until = now() - interval '1 second'")
    assert [row[0] for row in await claim_due(system.relay_database, resend_after=SECOND)] == [row_id]
    done = asyncio.Event()

    async def works(_: Outing) -> None:
        done.set()

    await _running(system, row_id, works)
    assert done.is_set()
    assert await owner.fetchrow("SELECT failures, processed_at IS NOT NULL FROM outbox_event") == (0, True)


async def test_a_living_worker_renews_its_lease(system: System, owner: asyncpg.Connection) -> None:
    row_id = await _published(system, owner)
    renewed = asyncio.Event()

    async def long_work(_: Outing) -> None:
        first = await owner.fetchval("SELECT leased_until FROM outbox_event")
        async with asyncio.timeout(10):
            while await owner.fetchval("SELECT leased_until FROM outbox_event") <= first:
                await owner.fetchval("SELECT pg_sleep(0.02)")
        renewed.set()

    settings = system.settings["intake"].model_copy(update={"outbox_lease_seconds": 0.3})
    await _running(system, row_id, long_work, settings)
    assert renewed.is_set()


async def test_an_errand_that_fails_is_counted_paused_and_free_for_the_next(
    system: System, owner: asyncpg.Connection
) -> None:
    row_id = await _published(system, owner)

    async def fails(_: Outing) -> None:
        raise RuntimeError("no route")

    settings = system.settings["intake"].model_copy(update={"outbox_max_failures": 2})
    await _running(system, row_id, fails, settings)
    row = await owner.fetchrow("SELECT failures, lease, last_error, due_at > now() FROM outbox_event")
    assert (row["failures"], row["lease"], "no route" in row["last_error"]) == (1, None, True)
    await _running(system, row_id, fails, settings)
    assert await owner.fetchval("SELECT dead_at IS NOT NULL FROM outbox_event")
