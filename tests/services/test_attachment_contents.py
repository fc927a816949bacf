"""Stored contents: fetched whole, in part or not at all, found damaged, swept, and stored again while being swept."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
import uuid
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evidence import jpeg, pdf, png
from support.forms import form
from support.listening import listening
from support.system import System

from services.intake.attachments.contents import claim_for_removal
from services.intake.attachments.references import require_referable
from services.intake.attachments.storage import key_of, open_store
from services.intake.attachments.sweep import Swept, sweep
from services.intake.attachments.upkeep import damaged_attachments, sweep_attachments
from shared.db import open_database
from shared.errors import Problem
from shared.security.actor import Actor

GRACE = timedelta(days=1)
_ROUNDS = 15
OFFICER = Actor("o", "province_officer", frozenset())


async def _evidence(system: System, content: bytes, number: int = 1) -> tuple[dict[str, Any], str]:
    filled = form(number)
    application = await system.submit(filled)
    token = system.enterprise(filled["uscc"])
    path = f"/v1/applications/{application['id']}/attachments"
    return await _attach(system, path, token, content), token


async def _attach(system: System, path: str, token: str, content: bytes) -> dict[str, Any]:
    return await system.ok("intake", "POST", path, token, content=content, params={"file_name": "a"})


def _content(attachment: dict[str, Any]) -> str:
    return f"/v1/attachments/{attachment['id']}/content"


def _path(system: System, attachment: dict[str, Any]) -> Any:
    return open_store(system.settings["intake"]).prefix / key_of(attachment["digest"])  # pyright: ignore[reportAttributeAccessIssue]


RANGES = st.one_of(
    st.tuples(st.integers(0, 1200), st.integers(0, 1200)).map(lambda pair: f"{pair[0]}-{pair[1]}"),
    st.integers(0, 1200).map(lambda first: f"{first}-"),
    st.integers(0, 1200).map(lambda last: f"-{last}"),
    st.sampled_from(["", "-", "a-b", "1-2,4-5", "0-99999999999999999999999", "²-3"]),
)


def _expected(asked: str, content: bytes) -> bytes | None:
    """The bytes that a range asks for; None where it asks for none, the whole where it is not one range."""
    first, dash, last = asked.partition("-")
    numbers = [part for part in (first, last) if part]
    if not dash or not numbers or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in numbers):
        return content
    if not first:
        return content[-int(last) :] if int(last) else None
    if last and int(last) < int(first):
        return content
    return content[int(first) : int(last) + 1 if last else None] or None


async def test_any_range_gives_the_bytes_that_it_names(system: System) -> None:
    await system.open_cycle()
    content = pdf(padding=500)
    attachment, token = await _evidence(system, content)
    loop = asyncio.get_running_loop()

    @settings(max_examples=80)
    @given(RANGES)
    def check(asked: str) -> None:
        request = system.request(
            "intake", "GET", _content(attachment), token, headers={"Range": f"bytes={asked}".encode()}
        )
        answer = asyncio.run_coroutine_threadsafe(request, loop).result(10)
        expected = _expected(asked, content)
        if expected is None:
            assert (answer.status_code, answer.json()["code"]) == (416, "range_not_satisfiable")
            assert answer.headers["content-range"] == f"bytes */{len(content)}"
            return
        assert answer.content == expected
        assert answer.headers["content-length"] == str(len(expected))
        if answer.status_code == 206:
            unit, _, rest = answer.headers["content-range"].partition(" ")
            span, _, size = rest.partition("/")
            first, _, last = span.partition("-")
            assert (unit, int(size)) == ("bytes", len(content))
            assert content[int(first) : int(last) + 1] == expected
            assert "content-digest" not in answer.headers
        else:
            assert (answer.status_code, expected) == (200, content)

    await asyncio.to_thread(check)


async def test_a_reader_who_has_it_gets_nothing_and_a_resumed_download_the_rest(system: System) -> None:
    await system.open_cycle()
    content = png(40)
    attachment, token = await _evidence(system, content)
    tag = f'"{hashlib.sha256(content).hexdigest()}"'

    async def get(**headers: str) -> httpx.Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return await system.request("intake", "GET", _content(attachment), token, headers=headers)

    for has in (tag, f'"x", W/{tag}', "*"):
        answer = await get(If_None_Match=has, Range="bytes=0-1")
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert (await get(If_None_Match='"x"')).status_code == 200
    assert (await get(Range="bytes=5-", If_Range=tag)).content == content[5:]
    assert (await get(Range="bytes=5-", If_Range='"other"')).content == content


def _cut(content: bytes) -> bytes:
    return content[:-1]


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes((content[middle] ^ 1,)) + content[middle + 1 :]


async def test_a_damaged_content_is_told_never_served_whole_and_mended_by_sending_it_again(system: System) -> None:
    await system.open_cycle()
    content = pdf(padding=2_000_000)
    attachment, token = await _evidence(system, content)
    sound, _ = await _evidence(system, jpeg(), 2)
    file = _path(system, attachment)
    intake = system.settings["intake"]
    assert await damaged_attachments(intake) == (2, [])
    for damage in (_cut, lambda _: None):
        changed = damage(content)
        file.write_bytes(changed) if changed is not None else file.unlink()
        await system.refused("intake", "GET", _content(attachment), token, "attachment_damaged", 500)
        assert await damaged_attachments(intake) == (2, [attachment["digest"]])
    file.write_bytes(_flipped(content))
    assert await damaged_attachments(intake) == (2, [attachment["digest"]])
    async with listening(system.apps["intake"]) as url, httpx.AsyncClient(base_url=url) as client:
        headers = {"Authorization": f"Bearer {token}"}
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            await client.get(_content(attachment), headers=headers)
    path = f"/v1/applications/{attachment['application_id']}/attachments"
    assert (await _attach(system, path, token, content))["id"] == attachment["id"]
    assert (await system.request("intake", "GET", _content(attachment), token)).content == content
    assert (await system.request("intake", "GET", _content(sound), token)).status_code == 404


async def _lapse(owner: asyncpg.Connection) -> None:
    """As if the days of grace had passed."""
    await owner.execute("UPDATE stored_content SET needed_until = now() - interval '1 second'")


def _age(path: Any) -> None:
    old = time.time() - 2 * GRACE.total_seconds()
    os.utime(path, (old, old))


async def test_a_sweep_takes_what_nobody_needs_and_nothing_else(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    settings_ = system.settings["intake"]
    kept, token = await _evidence(system, pdf("kept"))
    path = f"/v1/applications/{kept['application_id']}/attachments"
    removed, shared = [await _attach(system, path, token, pdf(name)) for name in ("r", "s")]
    await _evidence(system, pdf("s"), 2)
    for attachment in (removed, shared):
        await system.ok("intake", "DELETE", f"/v1/attachments/{attachment['id']}", token)
    submitted = await _attach(system, path, token, pdf("t"))
    await owner.execute(  # as if the application had been submitted once more with `submitted`
        "INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel, "
        "created_at) SELECT $1, id, 9, '{}', 'x', 'x', 'http', $3 FROM application WHERE id = $2",
        uuid.uuid4(),
        uuid.UUID(kept["application_id"]),
        await owner.fetchval("SELECT created_at FROM attachment WHERE id = $1", uuid.UUID(submitted["id"])),
    )
    await system.ok("intake", "DELETE", f"/v1/attachments/{submitted['id']}", token)
    await system.refused("intake", "POST", path, token, "attachment_type", 422, content=b"x", params={"file_name": "a"})
    assert await sweep_attachments(settings_) == Swept(0, 0, 0), "within the days of grace"
    await _lapse(owner)
    store = open_store(settings_)
    for name in ("old stranger", "new stranger"):
        await obstore.put_async(store, key_of(hashlib.sha256(name.encode()).hexdigest()), name.encode())
    unfinished = _path(system, kept).with_name("cafe#1")
    unfinished.write_bytes(b"half")
    fresh = _path(system, kept).with_name("cafe#2")
    fresh.write_bytes(b"half of one that is on its way")
    _age(unfinished)
    _age(store.prefix / key_of(hashlib.sha256(b"old stranger").hexdigest()))  # pyright: ignore[reportAttributeAccessIssue]
    assert await sweep_attachments(settings_) == Swept(1, 1, 1)
    assert await sweep_attachments(settings_) == Swept(0, 0, 0)
    assert fresh.exists()
    await system.refused("intake", "GET", _content(removed), token, "attachment_content_swept", 410)
    assert (await system.ok("intake", "GET", f"/v1/attachments/{removed['id']}", token))["digest"] == removed["digest"]
    for attachment in (kept, shared, submitted):
        assert (await system.request("intake", "GET", _content(attachment), token)).status_code == 200
    again = await _attach(system, path, token, pdf("r"))
    assert again["id"] != removed["id"]
    for attachment in (again, removed):
        assert (await system.request("intake", "GET", _content(attachment), token)).content == pdf("r")


async def test_an_upload_that_died_at_any_point_is_swept_and_a_sweep_that_died_is_finished(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    intake = system.settings["intake"]
    store = open_store(intake)
    database = open_database(intake, "intake")
    announced, stored, half_removed, half_gone = (hashlib.sha256(bytes((n,))).hexdigest() for n in range(4))
    for digest in (announced, stored):
        await owner.execute("INSERT INTO stored_content (digest, needed_until) VALUES ($1, now())", digest)
    for digest in (stored, half_removed):
        await obstore.put_async(store, key_of(digest), b"content")
    for digest in (half_removed, half_gone):
        async with database.sessions.begin() as session:
            assert await claim_for_removal(session, digest)
    assert await sweep(database, store, GRACE) == Swept(4, 0, 0)
    assert [one async for one in store.list()] == []
    states = await owner.fetch("SELECT removing_since IS NULL AND removed_at IS NOT NULL AS gone FROM stored_content")
    assert [row["gone"] for row in states] == [True] * 4
    async with database.engine.connect() as other:
        await other.exec_driver_sql("SELECT pg_advisory_lock(6014001)")
        assert await sweep(database, store, GRACE) is None, "another one is running"
    await database.close()


async def test_uploads_and_sweeps_of_the_same_content_never_lose_it(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    content = pdf("contested")
    attachment, token = await _evidence(system, content)
    path = f"/v1/applications/{attachment['application_id']}/attachments"
    intake = system.settings["intake"]
    store = open_store(intake)
    database = open_database(intake, "intake")
    stop = asyncio.Event()
    swept = 0

    async def keep_sweeping() -> None:
        nonlocal swept
        while not stop.is_set():
            await _lapse(owner)
            done = await sweep(database, store, timedelta())
            assert done is not None
            swept += done.contents

    sweeping = asyncio.create_task(keep_sweeping())
    statuses: set[int] = set()
    linked = 0
    for _ in range(_ROUNDS):
        await system.ok("intake", "DELETE", f"/v1/attachments/{attachment['id']}", token)
        while True:
            answer = await system.request("intake", "POST", path, token, content=content, params={"file_name": "a"})
            statuses.add(answer.status_code)
            if answer.status_code != 503:
                break
        attachment = answer.json()
        linked += 1
        fetched = await system.request("intake", "GET", _content(attachment), token)
        assert (fetched.status_code, fetched.content == content) == (200, True), "linked, and already gone"
    stop.set()
    await sweeping
    await database.close()
    assert (linked, statuses <= {201, 503}) == (_ROUNDS, True)
    assert swept > 0, "the sweep never came between: the test shows nothing"


async def test_what_another_record_rests_on_is_held(system: System) -> None:
    await system.open_cycle()
    attachment, token = await _evidence(system, pdf())
    foreign, _ = await _evidence(system, pdf("x"), 2)
    database = open_database(system.settings["intake"], "intake")
    ids = [uuid.UUID(attachment["id"]), uuid.UUID(foreign["id"])]
    async with database.sessions() as session:
        find = "SELECT enterprise_id FROM application WHERE id = '%s'"
        enterprise = (
            await (await session.connection()).exec_driver_sql(find % attachment["application_id"])
        ).scalar_one()
        with pytest.raises(Problem) as refusal:
            await require_referable(session, OFFICER, enterprise, ids)
        assert [one.pointer for one in refusal.value.violations] == ["/attachment_ids/1"]
        await session.rollback()
        stranger = Actor("s", "enterprise", frozenset(), uscc=foreign["uscc"])
        with pytest.raises(Problem):
            await require_referable(session, stranger, enterprise, ids[:1])
        await session.rollback()
        (held,) = await require_referable(session, OFFICER, enterprise, ids[:1])
        await session.commit()
    await database.close()
    assert held.held
    where = f"/v1/attachments/{attachment['id']}"
    await system.refused("intake", "DELETE", where, token, "attachment_in_use", 409)
