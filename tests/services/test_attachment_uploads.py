"""Uploads over real connections: broken off, far too large, and how much memory they take."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlparse

import asyncpg
import httpx
from support.evidence import pdf
from support.forms import form
from support.listening import listening
from support.system import System

from shared.embedded import free_port

MIB = 1024 * 1024


async def _place(system: System) -> tuple[str, dict[str, str]]:
    await system.open_cycle()
    application = await system.submit(form(1))
    token = system.enterprise(form(1)["uscc"])
    path = f"/v1/applications/{application['id']}/attachments"
    return path, {"Authorization": f"Bearer {token}"}


def _files(system: System) -> list[Path]:
    folder = Path(urlparse(system.settings["intake"].attachments_url).path)
    return [path for path in folder.rglob("*") if path.is_file()]


def _unnamed_files(process: int | str = "self") -> list[str]:
    """Files that a process has open though they have no name any more."""
    links: list[str] = []
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except FileNotFoundError:  # the one that lists them
            continue
    return [link for link in links if link.endswith("(deleted)")]


async def _send_half(url: str, path: str, headers: dict[str, str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    half = pdf(padding=2 * MIB)
    body = half if "Content-Length" in headers else b"%x\r\n%b\r\n" % (len(half), half)
    head = [f"POST {path}?file_name=a.pdf HTTP/1.1", "Host: x", *(f"{name}: {headers[name]}" for name in headers)]
    reader, writer = await asyncio.open_connection("127.0.0.1", urlparse(url).port)
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    await writer.drain()
    return reader, writer


async def _until(condition: Callable[[], bool]) -> None:
    """Let the server, in this same loop, go on until it is so."""
    while True:
        if condition():
            return
        await asyncio.sleep(0)


async def test_an_upload_that_breaks_off_leaves_nothing(system: System, owner: asyncpg.Connection) -> None:
    path, headers = await _place(system)
    unnamed = _unnamed_files()
    async with listening(system.apps["intake"]) as url:
        for length in (("Content-Length", str(8 * MIB)), ("Transfer-Encoding", "chunked")):
            reader, writer = await _send_half(url, path, headers | {length[0]: length[1]})
            async with asyncio.timeout(10):
                await _until(lambda: len(_unnamed_files()) > len(unnamed))
                writer.close()
                await _until(lambda: len(_unnamed_files()) == len(unnamed))
            assert await reader.read() == b""
        assert _files(system) == []
        assert await owner.fetchval("SELECT (SELECT count(*) FROM attachment) + count(*) FROM stored_content") == 0
        async with httpx.AsyncClient(base_url=url) as client:
            answer = await client.post(path, params={"file_name": "a.pdf"}, headers=headers, content=pdf())
        assert answer.status_code == 201, "the service still takes others"


@asynccontextmanager
async def _own_process(system: System) -> AsyncIterator[tuple[str, int]]:
    """Intake in a process of its own: its URL and process id."""
    settings = system.settings["intake"]
    environment = {
        "PATH": os.defpath,
        "PEIYU_DATABASE_URL": settings.database_url.get_secret_value(),
        "PEIYU_REDIS_URL": settings.redis_url.get_secret_value(),
        "PEIYU_TOKEN_KEY_FILE": str(settings.token_key_file),
        "PEIYU_LIST_KEY_FILE": str(settings.list_key_file),
        "PEIYU_ATTACHMENTS_URL": settings.attachments_url,
    }
    port = free_port()
    serve = ("-m", "uvicorn", "--factory", "--port", str(port), "--log-level", "error")
    process = await asyncio.create_subprocess_exec(
        sys.executable, *serve, "services.intake.app:application", env=environment, cwd=Path(__file__).parents[2]
    )
    url = f"http://127.0.0.1:{port}"
    try:
        # It takes a moment until it listens: connecting is tried again with growing pauses.
        patient = httpx.AsyncHTTPTransport(retries=8)
        async with httpx.AsyncClient(base_url=url, transport=patient, timeout=30) as client:
            (await client.get("/health/ready")).raise_for_status()
        yield url, process.pid
    finally:
        with suppress(ProcessLookupError):  # a test may have killed it
            process.terminate()
        await process.wait()


def _memory(pid: int, line: str) -> int:
    """A line of the kernel's report on a process, in bytes: VmRSS is what it has, VmHWM the most that it ever had."""
    report = Path(f"/proc/{pid}/status").read_text()
    return next(int(row.split()[1]) * 1024 for row in report.splitlines() if row.startswith(line))


async def _endless(mebibytes: int) -> AsyncIterator[bytes]:
    yield pdf()
    for _ in range(mebibytes * 4):
        yield b"\0" * (MIB // 4)


async def test_memory_stays_bounded_and_a_killed_process_leaves_nothing(system: System) -> None:
    path, headers = await _place(system)
    request = {"params": {"file_name": "a.pdf"}, "headers": headers}
    async with _own_process(system) as (url, pid), httpx.AsyncClient(base_url=url, timeout=60) as client:
        await client.post(path, content=pdf(), **request)
        before = _memory(pid, "VmRSS")
        for body in (_endless(75), pdf(padding=25 * MIB)):
            answer = await client.post(path, content=body, **request)
            assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
            assert answer.json()["detail_zh"] == "最大 20 MiB"
        refused = _memory(pid, "VmHWM") - before
        contents = [pdf(str(number), padding=19 * MIB) for number in range(6)]
        answers = await asyncio.gather(*(client.post(path, content=content, **request) for content in contents))
        assert [answer.status_code for answer in answers] == [201] * 6
        places = [answer.json()["id"] for answer in answers]
        fetched = await asyncio.gather(
            *(client.get(f"/v1/attachments/{place}/content", headers=headers) for place in places)
        )
        assert [answer.content for answer in fetched] == contents
        taken = _memory(pid, "VmHWM") - before
        _, writer = await _send_half(url, path, headers | {"Content-Length": str(8 * MIB)})
        await asyncio.wait_for(_until(lambda: len(_unnamed_files(pid)) > 0), 10)
        os.kill(pid, signal.SIGKILL)
        writer.close()
    print(f"refused: {refused / MIB:.0f} MiB, six of 19 MiB up and down at once: {taken / MIB:.0f} MiB")  # noqa: T201
    assert refused < 20 * MIB, "far less than the 100 MiB that were sent"
    assert taken < 6 * 19 * MIB, "not even all of the files"
    assert len(_files(system)) == 7, "nothing is left of the upload that died with its process"
