"""What is told to the national system: nothing lost, nothing doubled, whatever the other side does."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import asyncpg
import pytest
from support.enterprises import Registry
from support.forms import HUANGSHI, form
from support.national_system import NationalSystem
from support.system import HANDLERS, System, running_system

from services.intake.national import breaker
from services.intake.national.deliveries import queue, wake
from shared.queue import handle_row
from shared.settings import Settings

CITY = "420100"


async def _queue(system: System, number: int, *, first: int = 0) -> None:
    """That many recommendations to tell, as the handler of the event writes them."""
    contents = {f"recommendation:{index:03d}": {"n": index} for index in range(first, first + number)}
    async with system.apps["intake"].state.database.sessions.begin() as session:
        assert await queue(session, "recommendation", contents) == number
        await wake(session)


async def _later(owner: asyncpg.Connection) -> None:
    """All pauses are over."""
    await owner.execute("UPDATE national_delivery SET due_at = now() - interval '1 second'")
    await owner.execute("UPDATE outbox_event SET due_at = now() - interval '1 second', leased_until = NULL")
    await owner.execute("UPDATE national_breaker SET open_until = now() - interval '1 second' WHERE state = 'open'")
    await owner.execute("UPDATE national_breaker SET probe_until = now() - interval '1 second'")


async def _push(system: System, owner: asyncpg.Connection) -> int:
    """Do intake's due work as its worker does, until none is due; returns how many rows were handled."""
    database, handled = system.apps["intake"].state.database, 0
    due = "SELECT id FROM outbox_event WHERE processed_at IS NULL AND dead_at IS NULL AND due_at <= now() "
    while row_id := await owner.fetchval(due + "AND consumer LIKE 'intake.%' ORDER BY due_at LIMIT 1"):
        await handle_row(database, system.settings["intake"], HANDLERS["intake"], row_id)
        handled += 1
    return handled


async def _statuses(owner: asyncpg.Connection) -> dict[str, int]:
    return dict(await owner.fetch("SELECT status, count(*) FROM national_delivery GROUP BY status"))


def _patience(system: System, **changes: Any) -> Settings:
    """The worker's settings with other limits."""
    system.settings["intake"] = system.settings["intake"].model_copy(update=changes)
    return system.settings["intake"]


async def test_a_recommendation_is_told_once_and_answered(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await linked.open_cycle()
    ids = [(await linked.submit(form(number)))["id"] for number in (1, 2)]
    other = await linked.submit(form(3, HUANGSHI))
    await linked.recommend(CITY, ids)
    await linked.recommend("420200", [other["id"]])
    await linked.drain()
    await _later(owner)
    await linked.drain()
    assert set(national.times_sent().values()) == {1}
    assert set(national.records) == {f"recommendation:{id_}:1" for id_ in (*ids, other["id"])}
    reader = linked.officer("auditor", "auditor")
    page = await linked.ok("intake", "GET", "/v1/national/deliveries", reader, params={"status": "accepted"})
    assert {one["remote_id"] for one in page["items"]} == {"GJ-1", "GJ-2", "GJ-3"}
    content = await owner.fetchval("SELECT payload FROM national_delivery WHERE key LIKE $1", f"%{other['id']}%")
    assert form(3, HUANGSHI)["uscc"] in content
    assert '"city_code": "420200"' in content


async def test_admissions_to_the_pool_are_told(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await linked.open_cycle()
    ids = [(await linked.submit(form(number)))["id"] for number in (1, 2)]
    await linked.recommend(CITY, ids)
    await linked.drain()
    for assessment in await linked.assessments():
        await linked.settle(assessment["id"])
    planner, second = (linked.officer(name, "province_officer") for name in ("planner", "second"))
    plan = await linked.ok(
        "evaluation", "POST", "/v1/selection-plans", planner, json={"cycle": "2024-1", "pool": "cultivation"}
    )
    await linked.ok("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:approve", second)
    await linked.ok("evaluation", "POST", f"/v1/selection-plans/{plan['id']}:commit", planner)
    # Who changed its code between the commit and the telling is told of too, under the code that it has now.
    await Registry(linked).made(form(1)["uscc"], "changeCode", new_code=form(9)["uscc"], mismatch_confirmed=True)
    await linked.drain()
    told = {key for key, record in national.records.items() if record["kind"] == "pool_change"}
    payload = await owner.fetchval("SELECT payload FROM national_delivery WHERE key LIKE $1", f"%{form(1)['uscc']}")
    assert form(9)["uscc"] in payload
    assert told == {f"pool:{plan['id']}:{form(number)['uscc']}" for number in (1, 2)}
    assert await _statuses(owner) == {"accepted": 4}


async def test_without_a_line_deliveries_wait_and_a_line_that_comes_is_told(
    system: System, line: dict[str, Settings], national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    await system.recommend(CITY, [(await system.submit(form(1)))["id"]])
    await system.drain()
    assert await _statuses(owner) == {"pending": 1}
    async with running_system(line) as again:
        await _push(again, owner)
    assert await _statuses(owner) == {"accepted": 1}
    assert len(national.records) == 1


async def test_a_failure_loses_and_doubles_nothing(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    faults = ("500", "503", "hang", "garbage", "die", "garbage_after", "hang_after", "forget_last")
    for turn, fault in enumerate(faults):
        _patience(linked, national_timeout_seconds=1.0 if fault.startswith("hang") else 5.0)
        await _queue(linked, 5, first=turn * 5)
        national.faults.append(fault)
        await _push(linked, owner)
        unsettled = await owner.fetch("SELECT status, last_error FROM national_delivery WHERE settled_at IS NULL")
        assert len(unsettled) == (1 if fault == "forget_last" else 5), fault
        assert {row["status"] for row in unsettled} == {"pending"}, fault
        assert None not in {row["last_error"] for row in unsettled}, fault
        _patience(linked, national_timeout_seconds=5.0)
        await _later(owner)
        await _push(linked, owner)
        assert await _statuses(owner) == {"accepted": 5 * turn + 5}, fault
        assert len(national.records) == 5 * turn + 5, "the stand-in asserts that one key never has two contents"
        assert await owner.fetchval("SELECT state FROM national_breaker") == "closed"
    assert max(national.times_sent().values()) == 2


async def test_a_worker_killed_between_send_and_record_doubles_nothing(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await _queue(linked, 4)
    national.faults.append("hang_after")
    row_id = await owner.fetchval("SELECT id FROM outbox_event")
    database = linked.apps["intake"].state.database
    working = asyncio.create_task(handle_row(database, linked.settings["intake"], HANDLERS["intake"], row_id))
    await asyncio.to_thread(national.taken.wait, 10)
    working.cancel()  # as a kill: nothing after the send is recorded
    with pytest.raises(asyncio.CancelledError):
        await working
    assert await _statuses(owner) == {"sent": 4}
    assert await owner.fetchval("SELECT processed_at FROM outbox_event") is None
    assert await _push(linked, owner) == 0, "its lease still runs"
    assert national.pushes == [[f"recommendation:{index:03d}" for index in range(4)]]
    await _later(owner)
    await _push(linked, owner)
    assert await _statuses(owner) == {"accepted": 4}
    assert len(national.records) == 4
    first = await owner.fetchval("SELECT result->>'outcome' FROM national_delivery WHERE key = 'recommendation:000'")
    assert first == "unchanged", "they had it from the attempt that died"


async def test_a_record_that_they_reject_is_not_sent_again_but_by_an_officer(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    national.rejects.append(":001")
    await _queue(linked, 3)
    await _push(linked, owner)
    await _later(owner)
    await _push(linked, owner)
    assert await _statuses(owner) == {"accepted": 2, "rejected": 1}
    assert national.times_sent()["recommendation:001"] == 1
    admin = linked.officer("planner", "province_officer")
    (rejected,) = (await linked.ok("intake", "GET", "/v1/national/deliveries", admin, params={"status": "rejected"}))[
        "items"
    ]
    assert (rejected["result"]["code"], rejected["result"]["reason"]) == ("no_such_cycle", "批次不存在")
    national.rejects.clear()
    await linked.ok("intake", "POST", f"/v1/national/deliveries/{rejected['id']}:retry", admin)
    path = f"/v1/national/deliveries/{rejected['id']}:retry"
    await linked.refused("intake", "POST", path, admin, "delivery_status", 409)
    await linked.refused("intake", "POST", path, linked.officer("a", "auditor"), "forbidden", 403)
    await linked.refused("intake", "POST", f"/v1/national/deliveries/{uuid.uuid4()}:retry", admin, "not_found", 404)
    await _push(linked, owner)
    assert await _statuses(owner) == {"accepted": 3}


async def test_a_parcel_refused_as_a_whole_is_sent_record_by_record(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await _queue(linked, 3)
    national.faults.extend(["422", "", "422"])
    await _push(linked, owner)
    assert [len(push) for push in national.pushes] == [3, 1, 1, 1]
    assert await _statuses(owner) == {"accepted": 2, "rejected": 1}


async def test_a_record_that_always_breaks_them_dies_alone(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    _patience(linked, national_max_failures=4, national_breaker_failures=100)
    await _queue(linked, 1)
    for _ in range(4):
        national.faults.append("500")
        await _push(linked, owner)
        await _later(owner)
    assert await _statuses(owner) == {"dead": 1}
    await _queue(linked, 2, first=1)
    await _push(linked, owner)
    assert await _statuses(owner) == {"dead": 1, "accepted": 2}
    line_down = linked.officer("a", "auditor")
    shown = await linked.ok("intake", "GET", "/v1/national/status", line_down)
    assert shown["deliveries"] == {"dead": 1, "accepted": 2}


async def test_the_breaker_opens_lets_one_probe_through_and_closes(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    _patience(linked, national_breaker_failures=2, national_batch_records=1)
    national.faults.extend(["503"] * 3)
    national.retry_after = "soon"
    await _queue(linked, 6)
    await _push(linked, owner)
    assert len(national.pushes) == 2, "then it was open"
    reader = linked.officer("auditor", "auditor")
    shown = await linked.ok("intake", "GET", "/v1/national/status", reader)
    assert (shown["breaker"]["state"], shown["breaker"]["failures"], shown["adapter"]) == ("open", 2, "http")
    assert await owner.fetchval("SELECT due_at > now() + interval '50 s' FROM outbox_event WHERE processed_at IS NULL")
    await _later(owner)
    await _push(linked, owner)
    assert len(national.pushes) == 3, "one probe, which failed"
    assert await owner.fetchval("SELECT state FROM national_breaker") == "open"
    await _later(owner)
    await _push(linked, owner)
    assert await owner.fetchval("SELECT state FROM national_breaker") == "closed"
    assert await _statuses(owner) == {"accepted": 6}


async def test_of_many_that_ask_at_once_one_probes(linked: System, owner: asyncpg.Connection) -> None:
    sessions, settings = linked.apps["intake"].state.database.sessions, linked.settings["intake"]

    async def asked() -> str:
        async with sessions.begin() as session:
            return (await breaker.ask(session, settings)).permission

    async with sessions.begin() as session:
        await breaker.failed(session, settings, "down", pause_seconds=60)
    assert await asked() == "wait"
    await _later(owner)
    assert sorted(await asyncio.gather(*(asked() for _ in range(8)))) == ["probe", *["wait"] * 7]
    await _later(owner)
    assert await asked() == "probe", "the first has died"


async def test_they_are_left_alone_for_as_long_as_they_ask(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    national.faults.append("429")
    national.retry_after = "1800"
    await _queue(linked, 2)
    await _push(linked, owner)
    pause = await owner.fetchval("SELECT extract(epoch FROM min(due_at) - now()) FROM national_delivery")
    assert 1790 < pause <= 1800
    await _queue(linked, 1, first=2)
    await _push(linked, owner)
    assert len(national.pushes) == 1, "nor is anything else sent"


async def test_a_token_that_was_withdrawn_is_renewed_and_a_wrong_secret_is_the_lines_fault(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await _queue(linked, 1)
    _patience(linked, national_client_id="somebody-else")
    await _push(linked, owner)
    assert await owner.fetchrow("SELECT status, failures, attempts FROM national_delivery") == ("pending", 0, 1)
    _patience(linked, national_client_id="peiyu-province")
    await _later(owner)
    await _push(linked, owner)
    assert await _statuses(owner) == {"accepted": 1}
    national.withdraw_next = True
    await _queue(linked, 1, first=1)
    await _push(linked, owner)
    assert await _statuses(owner) == {"accepted": 2}
    assert national.tokens_issued == 3


async def test_many_are_sent_in_lots_by_workers_that_never_share_one(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await _queue(linked, 250)
    database, settings = linked.apps["intake"].state.database, linked.settings["intake"]
    async with database.sessions.begin() as session:
        for _ in range(3):
            await wake(session)
    assert await owner.fetchval("SELECT count(*) FROM outbox_event") == 1, "one is enough"
    await owner.execute(
        "INSERT INTO outbox_event (id, event_id, topic, consumer, payload) "
        "SELECT gen_random_uuid(), gen_random_uuid(), topic, consumer, payload FROM outbox_event, generate_series(1, 3)"
    )
    rows = [row["id"] for row in await owner.fetch("SELECT id FROM outbox_event")]
    await asyncio.gather(*(handle_row(database, settings, HANDLERS["intake"], row) for row in rows))
    assert await _statuses(owner) == {"accepted": 250}
    assert set(national.times_sent().values()) == {1}
    assert max(len(push) for push in national.pushes) == 100
    left = await owner.fetchval("SELECT count(*) FROM outbox_event WHERE processed_at IS NULL")
    assert left <= 1, "one that looks after the others' lots, should they die"
