"""The store's contract, the same for a folder and for an object store: whole or not at all, checked on the way out."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tempfile
from pathlib import Path
from typing import BinaryIO

import pytest
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from services.intake.attachments.storage import (
    DamagedOnTheWayError,
    delete_content,
    key_of,
    open_content,
    open_store,
    put_content,
    stored_digests,
)
from shared.errors import Problem
from shared.settings import Settings

SMALL, LARGE = b"small", bytes(range(256)) * 60_000


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return LocalStore(tmp_path / "new", mkdir=True) if request.param == "folder" else MemoryStore()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _file(content: bytes) -> BinaryIO:
    file = tempfile.TemporaryFile("w+b", buffering=0)  # noqa: SIM115 (the caller's end is its end)
    file.write(content)
    return file


async def _read(store: ObjectStore, content: bytes, span: range | None = None) -> bytes:
    return b"".join([piece async for piece in await open_content(store, _digest(content), len(content), span)])


async def _listed(store: ObjectStore) -> set[str]:
    return {digest async for chunk in stored_digests(store) for digest, _ in chunk}


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "several parts"])
async def test_what_is_put_comes_back_whole_and_in_part_until_it_is_deleted(store: ObjectStore, content: bytes) -> None:
    digest = _digest(content)
    with _file(content) as file:
        await asyncio.gather(*(put_content(store, digest, io.BytesIO(content)) for _ in range(3)))
        await put_content(store, digest, file)
    assert await _read(store, content) == content
    assert await _read(store, content, range(1, 3)) == content[1:3]
    assert await _read(store, content, range(len(content) - 2, len(content))) == content[-2:]
    assert await _listed(store) == {digest}
    for _ in range(2):
        await delete_content(store, digest)
    assert await _listed(store) == set()
    with pytest.raises(Problem, match="attachment_damaged"):
        await _read(store, content)


async def test_a_content_that_is_not_its_digest_is_never_handed_out_whole(store: ObjectStore) -> None:
    await store.put_async(key_of(_digest(LARGE)), LARGE[:-1] + b"\0")
    stream = await open_content(store, _digest(LARGE), len(LARGE))
    seen: list[bytes] = []

    async def read() -> None:
        async for piece in stream:
            seen.append(piece)  # noqa: PERF401 (what came before the error is the point)

    with pytest.raises(DamagedOnTheWayError):
        await read()
    assert sum(map(len, seen)) < len(LARGE)
    await put_content(store, _digest(LARGE), io.BytesIO(LARGE))
    assert await _read(store, LARGE) == LARGE


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class _Breaking(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 6_000_000:
            raise OSError("the disk is gone")
        return super().read(size)


async def test_a_put_that_fails_midway_leaves_nothing(store: ObjectStore) -> None:
    with pytest.raises(Problem, match="unavailable"):
        await put_content(store, _digest(LARGE), _Breaking(LARGE))
    assert await _listed(store) == set()
    assert not isinstance(store, LocalStore) or _files(Path(str(store.prefix))) == []


def _settings(**given: str) -> Settings:
    files = {"token_key_file": "x", "list_key_file": "x", "redis_url": "redis://x"}
    return Settings.model_validate({"database_url": "postgresql+asyncpg://x/y"} | files | given)


def test_a_url_chooses_the_store(tmp_path: Path) -> None:
    folder = tmp_path / "附件 1"
    assert isinstance(open_store(_settings(attachments_url=folder.as_uri())), LocalStore)
    assert folder.is_dir()
    keys = {"attachments_access_key_id": "a", "attachments_secret_access_key": "hush"}
    place = {"attachments_endpoint": "http://127.0.0.1:9", "attachments_region": "cn"}
    settings = _settings(attachments_url="s3://evidence/hubei", **keys, **place)
    store = open_store(settings)
    assert isinstance(store, S3Store)
    assert store.prefix == "hubei"
    assert "hush" not in f"{settings} {store}"


async def test_a_store_that_does_not_answer_is_unavailable() -> None:
    keys = {"attachments_access_key_id": "a", "attachments_secret_access_key": "s", "attachments_region": "cn"}
    store = open_store(_settings(attachments_url="s3://evidence", attachments_endpoint="http://127.0.0.1:9", **keys))
    with pytest.raises(Problem, match="unavailable"):
        await put_content(store, _digest(SMALL), io.BytesIO(SMALL))
    with pytest.raises(Problem, match="unavailable"):
        await open_content(store, _digest(SMALL), len(SMALL))
