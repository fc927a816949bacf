"""The latest edition given again from memory: the same answers as without, and never an old one for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from support.forms import uscc
from support.lists import LIST, Lists, a_list, bank_token
from support.system import System, running_system

from services.finance.lists.queries import record_repeats
from shared.db import connect_to_listen
from shared.security.tokens import actor_of_role
from shared.settings import Settings
from shared.web.remembered import CHANNEL, Answer
from shared.web.remembered import remembering as remembering_answers

LATEST = f"{LIST}/editions/latest"
# How long may pass until a change is seen, at the very most: twice what the memory trusts its line.
PATIENCE_SECONDS = 5.0
_END_LISTENING = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'peiyu-finance-listening'
"""


@pytest.fixture
async def remembering(settings: dict[str, Settings]) -> AsyncIterator[System]:
    """The services as they are run: with memory."""
    ours = {"list_memory_bytes": 64 * 1024 * 1024}
    async with running_system({name: one.model_copy(update=ours) for name, one in settings.items()}) as running:
        yield running


@pytest.fixture
async def lists(remembering: System, owner: asyncpg.Connection) -> Lists:
    return await a_list(remembering, owner)


async def _until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """Ask again until the answer is true."""
    begun = time.monotonic()
    while not (answer := await holds()):
        assert time.monotonic() - begun < PATIENCE_SECONDS
    return answer


async def _pulls(lists: Lists) -> int:
    """Pulls on record: one by the ordinary way is there with its answer, those from memory within a second."""
    return await lists.owner.fetchval("SELECT coalesce(sum(times), 0) FROM edition_pull")


async def _warm(lists: Lists, **headers: str) -> httpx.Response:
    """Pull until an answer comes from memory."""

    async def from_memory() -> httpx.Response | None:
        before = await _pulls(lists)
        answer = await lists.pull(**headers)
        return answer if await _pulls(lists) == before else None

    return await _until(from_memory)


def _told(answer: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    """All that an answer says, without what names this one request."""
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    body = answer.content
    if answer.is_error:
        body = answer.text.replace(answer.headers["x-request-id"], "").encode()
    return answer.status_code, headers, body


async def test_memory_answers_what_the_database_would(lists: Lists, settings: dict[str, Settings]) -> None:
    other = bank_token(lists.system, "bank-2")
    issue = lists.system._authority.issue
    tokens = {
        "the bank": lists.bank,
        "a stranger": other,
        "an officer": lists.officer,
        "an enterprise": lists.system.enterprise(uscc(1)),
        "late": issue(actor_of_role("bank-1", "bank"), timedelta(seconds=-120)),
        "forged": lists.bank[:-4] + "AAAA",
        "nobody": None,
    }
    etag = (await _warm(lists)).headers["ETag"]
    await _warm(lists, **{"Accept-Encoding": "gzip"})
    asked: list[dict[str, str]] = [
        {"Accept-Encoding": "identity"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "gzip;q=0, br"},
        {"If-None-Match": etag},
        {"If-None-Match": f'"x", W/{etag}'},
        {"If-None-Match": '"x"'},
        {"If-None-Match": "x" * 2000},
        {"Range": "bytes=0-9"},
        {"Range": "bytes=99999999-"},
        {"X-Request-Id": "given-by-the-bank"},
    ]
    async with running_system(settings) as forgetful:
        for whose, token in tokens.items():
            for headers in asked:
                told = [
                    await system.request("finance", "GET", path, token, headers=headers)
                    for path in (LATEST, f"{LATEST}?serial=1", f"{LIST}/editions/newest")
                    for system in (forgetful, lists.system, lists.system)
                ]
                for cold, hot, hotter in zip(told[::3], told[1::3], told[2::3], strict=True):
                    assert _told(cold) == _told(hot) == _told(hotter), (whose, headers)
                    assert bool(hot.headers["X-Request-Id"])
        named = await lists.pull(**{"X-Request-Id": "given-by-the-bank"})
        assert named.headers["X-Request-Id"] == "given-by-the-bank"


async def test_what_another_process_changes_is_seen(lists: Lists, settings: dict[str, Settings]) -> None:
    await _warm(lists)

    async def latest_is(serial: int) -> bool:
        return (await lists.pull()).json()["serial"] == serial

    async with running_system(settings) as elsewhere:
        there = Lists(elsewhere, lists.owner, lists.bank_id, lists.bank)
        await there.publish()
        await _until(lambda: latest_is(2))
        assert (await _warm(lists)).json()["serial"] == 2
    await lists.owner.execute("DELETE FROM list_subscription")

    async def is_refused() -> bool:
        return (await lists.pull()).status_code == 404

    await _until(is_refused)
    assert await is_refused()


async def test_a_puller_never_goes_back_to_an_older_edition(lists: Lists) -> None:
    ways: list[dict[str, str]] = [{"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}]
    for way in ways:
        await _warm(lists, **way)
    last = 5
    seen: list[list[int]] = [[] for _ in range(4)]

    async def pull_on(serials: list[int]) -> None:
        while not serials or serials[-1] < last:
            # As a socket would: an answer from memory without one never lets anybody else have a turn.
            await asyncio.sleep(0)
            serials += [(await lists.pull(**way)).json()["serial"] for way in ways]

    async def publish_on() -> None:
        for _ in range(last - 1):
            assert (await lists.publish())["refusal"] is None

    async with asyncio.timeout(30):
        await asyncio.gather(publish_on(), *(pull_on(serials) for serials in seen))
    for serials in seen:
        assert serials == sorted(serials)


async def test_what_was_read_before_a_change_is_not_learned_after_it(
    common: Settings, database_urls: dict[str, str], owner: asyncpg.Connection
) -> None:
    finance = common.model_copy(update={"database_url": SecretStr(database_urls["finance"])})
    key, answer = ("bank-1", "bank", LATEST), Answer(200, (), b"old")

    async def connect() -> asyncpg.Connection:
        return await connect_to_listen(finance, "finance")

    async with remembering_answers(connect, record_repeats, limit_bytes=1000) as memory:
        memory.learn(None, key, ("pool-members", 1), '"1"', "plain", answer)

        async def is_listening() -> bool:
            await asyncio.sleep(0)
            return memory.generation is not None

        await _until(is_listening)
        before = memory.generation
        await owner.execute(f"NOTIFY {CHANNEL}")

        async def has_heard() -> bool:
            await asyncio.sleep(0)
            return memory.generation not in {None, before}

        await _until(has_heard)
        memory.learn(before, key, ("pool-members", 1), '"1"', "plain", answer)
        assert memory.find(key) is None
        memory.learn(memory.generation, key, ("pool-members", 2), '"2"', "plain", answer)
        assert memory.find(key) is not None


async def test_without_its_line_to_the_database_nothing_is_remembered(lists: Lists) -> None:
    await _warm(lists)
    assert await lists.owner.fetch(_END_LISTENING)

    async def from_the_database() -> bool:
        before = await _pulls(lists)
        await lists.pull()
        return await _pulls(lists) > before

    await _until(from_the_database)
    await lists.publish()
    assert (await lists.pull()).json()["serial"] == 2
    assert (await _warm(lists)).json()["serial"] == 2


async def test_every_pull_is_on_record_in_the_end(settings: dict[str, Settings], owner: asyncpg.Connection) -> None:
    with_memory = {name: one.model_copy(update={"list_memory_bytes": 1024 * 1024}) for name, one in settings.items()}
    async with running_system(with_memory) as running:
        lists, pulls = await a_list(running, owner), 0
        first = await _warm(lists)
        counted = await _pulls(lists)
        for _ in range(50):
            assert (await lists.pull()).content == first.content
            pulls += 1
        unchanged = await lists.pull(**{"If-None-Match": first.headers["ETag"]})
        assert unchanged.status_code == 304
    # The one that was the first from memory is counted, too; a list that has not changed is not pulled.
    assert await _pulls(lists) == counted + 1 + pulls
    assert await owner.fetch("SELECT DISTINCT client_id, serial FROM edition_pull") == [("bank-1", 1)]


async def test_a_list_beyond_the_limit_is_not_remembered(
    settings: dict[str, Settings], owner: asyncpg.Connection
) -> None:
    with_little = {name: one.model_copy(update={"list_memory_bytes": 1000}) for name, one in settings.items()}
    async with running_system(with_little) as running:
        lists = await a_list(running, owner, count=20)
        packed = await _warm(lists, **{"Accept-Encoding": "gzip"})
        assert int(packed.headers["Content-Length"]) < 1000 < len(packed.content)

        async def all_on_record() -> bool:
            before = await _pulls(lists)
            for _ in range(5):
                await lists.pull(**{"Accept-Encoding": "identity"})
            return await _pulls(lists) == before + 5

        await _until(all_on_record)
        assert await all_on_record()
