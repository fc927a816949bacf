"""Imports while they run: seen on their way, killed and run again, beside each other and beside everybody else."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from support.forms import form
from support.lines import followed, import_lines, ndjson, results, run_imports, upload_lines
from support.system import HANDLERS, System

from shared.queue import handle_row

CITY = "420100"


async def _event_of(owner: asyncpg.Connection, import_id: str) -> uuid.UUID:
    return await owner.fetchval("SELECT id FROM outbox_event WHERE payload ->> 'import_id' = $1", import_id)


async def _run(system: System, event: uuid.UUID) -> None:
    """Handle one import's event, as one worker does."""
    database, settings = system.apps["intake"].state.database, system.settings["intake"]
    await handle_row(database, settings, HANDLERS["intake"], event)


async def test_the_counts_move_while_the_job_runs(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    import_id = await upload_lines(system, ndjson([b"{", *(form(number) for number in range(1, 2500))]))
    job = asyncio.create_task(_run(system, await _event_of(owner, import_id)))
    seen: list[dict[str, Any]] = []
    while not job.done():
        seen.append(await followed(system, import_id))
    await job
    running = [one for one in seen if one["status"] == "received"]
    assert all(one["rows_total"] == 2500 for one in running)
    for name in ("rows_read", "rows_accepted", "rows_rejected"):
        counts = [one[name] for one in running]
        assert counts == sorted(counts), name
    assert any(0 < one["rows_read"] < 2500 for one in running), "reading is seen"
    assert any(one["rows_rejected"] == 1 for one in running), "rejections are seen"
    assert any(0 < one["rows_accepted"] < 2499 for one in running), "storing is seen"
    done = await followed(system, import_id)
    assert (done["status"], done["rows_read"], done["rows_accepted"]) == ("processed", 2500, 2499)


async def _until_waiting(owner: asyncpg.Connection, count: int) -> list[int]:
    """The backends that wait for a lock, once `count` do."""
    query = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(30):
        while len(waiting := await owner.fetch(query)) < count:
            pass
    return [row["pid"] for row in waiting]


@asynccontextmanager
async def _holding(database_urls: dict[str, str], statement: str, *values: Any) -> AsyncIterator[None]:
    """Whatever `statement` locks is locked for the while, by a transaction that then comes to nothing."""
    connection = await asyncpg.connect(database_urls["owner"].replace("+asyncpg", ""))
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(statement, *values)
    yield
    await transaction.rollback()
    await connection.close()


_NEW_ENTERPRISE = (
    "INSERT INTO enterprise (id, uscc, name, division_code, city_code) VALUES ($1, $2, 'x', '420106', '420100')"
)


async def test_a_job_cut_off_leaves_nothing_and_runs_again_to_the_same_end(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    await system.open_cycle()
    import_id = await upload_lines(system, ndjson([form(1), b"{", *(form(number) for number in range(2, 40))]))
    event = await _event_of(owner, import_id)
    async with _holding(database_urls, _NEW_ENTERPRISE, uuid.uuid4(), form(30)["uscc"]):
        job = asyncio.create_task(_run(system, event))
        (waiting,) = await _until_waiting(owner, 1)
        halfway = await followed(system, import_id)
        assert (halfway["status"], halfway["rows_read"], halfway["rows_rejected"]) == ("received", 40, 1)
        await owner.execute("SELECT pg_terminate_backend($1)", waiting)
        await job
    for table in ("application", "enterprise", "import_row"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, table
    assert await owner.fetchval("SELECT failures FROM outbox_event") == 1
    await _run(system, await _event_of(owner, import_id))
    done = await followed(system, import_id)
    assert (done["status"], done["rows_read"], done["rows_accepted"]) == ("processed", 40, 39)
    assert [row["line"] for row in await results(system, import_id) if row["outcome"] == "rejected"] == [2]
    await _run(system, await _event_of(owner, import_id))
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 39


async def test_two_imports_of_the_same_new_enterprises_take_them_in_one_order(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    """Held up in the middle, each has taken what comes before it: in opposite orders they would wait in a circle."""
    await system.open_cycle()
    forwards = [form(number) for number in range(1, 10)]
    imports = [await upload_lines(system, ndjson(forms)) for forms in (forwards, reversed(forwards))]
    events = [await _event_of(owner, one) for one in imports]
    async with _holding(database_urls, _NEW_ENTERPRISE, uuid.uuid4(), form(5)["uscc"]):
        jobs = [asyncio.create_task(_run(system, event)) for event in events]
        await _until_waiting(owner, 2)
    await asyncio.gather(*jobs)
    assert await owner.fetchval("SELECT sum(failures) FROM outbox_event") == 0
    assert sorted([(await followed(system, one))["rows_accepted"] for one in imports]) == [0, 9]


async def test_an_import_and_a_decision_take_applications_in_one_order(
    system: System, owner: asyncpg.Connection, database_urls: dict[str, str]
) -> None:
    """As above, for applications on record, which stand in another order than their enterprises."""
    await system.open_cycle()
    wuhan = system.officer("o", "city_officer", CITY)
    forms = sorted((form(number) for number in range(1, 10)), key=lambda one: one["uscc"])
    ids = [(await system.submit(one))["id"] for one in reversed(forms)]
    for one in ids:
        reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
        await system.ok("intake", "POST", f"/v1/applications/{one}:return", wuhan, json=reasons)
    import_id = await upload_lines(system, ndjson(forms))
    event = await _event_of(owner, import_id)
    path, body = "/v1/applications:recommend", {"application_ids": ids}
    lock = "SELECT FROM application WHERE id = $1 FOR UPDATE"
    async with _holding(database_urls, lock, uuid.UUID(ids[4])):
        job = asyncio.create_task(_run(system, event))
        await _until_waiting(owner, 1)
        decision = asyncio.create_task(system.request("intake", "POST", path, wuhan, json=body))
        await _until_waiting(owner, 2)
    answer, _ = await asyncio.gather(decision, job)
    assert answer.status_code in (200, 409), answer.text
    assert await owner.fetchval("SELECT failures FROM outbox_event WHERE id = $1", event) == 0
    assert (await followed(system, import_id))["rows_accepted"] == 9


async def test_imports_submissions_and_decisions_at_once_never_wait_in_a_circle(
    system: System, owner: asyncpg.Connection
) -> None:
    """The same enterprises from every side and in every order: nobody is turned away by a deadlock."""
    await system.open_cycle()
    numbers = list(range(1, 61))
    ids = [(await system.submit(form(number)))["id"] for number in reversed(numbers[:20])]
    wuhan = system.officer("o", "city_officer", CITY)
    reasons = {"reasons": [{"field": "/name", "reason": "请核对"}]}
    for one in ids[:10]:
        await system.ok("intake", "POST", f"/v1/applications/{one}:return", wuhan, json=reasons)
    forwards, backwards = [form(number) for number in numbers], [form(number) for number in reversed(numbers)]
    imports = [await upload_lines(system, ndjson(forms)) for forms in (forwards, backwards, forwards)]
    singles = [
        system.request(
            "intake",
            "POST",
            "/v1/cycles/2024-1/applications",
            system.enterprise(form(number)["uscc"]),
            json=form(number),
        )
        for number in numbers[15:50:3]
    ]
    decisions = [
        system.request("intake", "POST", "/v1/applications:recommend", wuhan, json={"application_ids": some})
        for some in (ids[10:], list(reversed(ids[10:])))
    ]
    jobs = [_run(system, await _event_of(owner, one)) for one in imports]
    answers = await asyncio.gather(*jobs, *decisions, *singles)
    statuses = [answer.status_code for answer in answers[len(imports) :]]
    assert set(statuses[: len(decisions)]) == {200}
    assert set(statuses[len(decisions) :]) <= {201, 409}
    assert await owner.fetchval("SELECT sum(failures) FROM outbox_event") == 0
    assert await owner.fetchval("SELECT count(*) FROM application") == len(numbers)
    done = [await followed(system, one) for one in imports]
    assert {one["status"] for one in done} == {"processed"}
    taken = sum(one["rows_accepted"] for one in done) + statuses.count(201)
    # Each enterprise once; the returned ones a second time; the twenty before.
    assert taken == len(numbers) - 20 + 10
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == taken + 20


async def test_an_enterprise_keeps_its_record_where_the_import_is_refused(
    system: System, owner: asyncpg.Connection
) -> None:
    """A name comes with an application or not at all, as in a single submission."""
    await system.open_cycle()
    await system.open_cycle("2024-2")
    await system.submit(form(1))
    await system.submit(form(2), "2024-2")
    renamed = [form(number, name="【虚构】改名有限公司") for number in (1, 2)]
    done = await import_lines(system, ndjson(renamed))
    assert (done["rows_accepted"], done["rows_rejected"]) == (1, 1)
    names = {row["uscc"]: row["name"] for row in await owner.fetch("SELECT uscc, name FROM enterprise")}
    assert names == {form(1)["uscc"]: form(1)["name"], form(2)["uscc"]: "【虚构】改名有限公司"}


async def test_two_imports_by_one_worker_follow_each_other(system: System) -> None:
    """Both use the same connection and a temporary table of the same name."""
    await system.open_cycle()
    first = await upload_lines(system, ndjson([form(1), form(2)]))
    second = await upload_lines(system, ndjson([form(2), form(3)]))
    await run_imports(system)
    counts = [(await followed(system, one))["rows_accepted"] for one in (first, second)]
    assert sorted(counts) == [1, 2]
