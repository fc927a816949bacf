"""The content-addressed store: `sha256/ab/cdef…` in a local folder or any S3-compatible store, through obstore."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from services.intake.attachments.errors import CONTENT_DAMAGED
from shared.errors import UNAVAILABLE, Problem
from shared.settings import Settings

logger = structlog.get_logger(__name__)
ROOT = "sha256"
# S3 takes parts of at least 5 MiB; two on the way keep an upload's memory near 15 MiB.
_PART = 5 * 1024 * 1024
_PARTS_AT_ONCE = 2
_CHUNK = 256 * 1024


def open_store(settings: Settings) -> ObjectStore:
    """The store that the settings name; a local folder is made where it does not exist."""
    url = settings.attachments_url
    if url.startswith("file:"):
        return from_url(url, mkdir=True)
    if not url.startswith("s3"):
        return from_url(url)
    endpoint = settings.attachments_endpoint
    given: dict[str, Any] = {
        "endpoint": endpoint,
        "region": settings.attachments_region,
        "access_key_id": _secret(settings.attachments_access_key_id),
        "secret_access_key": _secret(settings.attachments_secret_access_key),
    }
    plain = bool(endpoint and endpoint.startswith("http://"))
    # What is not given is left to the store's own environment variables.
    config: Any = {name: value for name, value in given.items() if value is not None}
    client: Any = {"allow_http": plain, "timeout": "120s"}
    # An upload waits meanwhile; its client can try again itself.
    retries: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
    return from_url(url, config=config, client_options=client, retry_config=retries)


def _secret(value: Any) -> str | None:
    return value.get_secret_value() if value is not None else None


def key_of(digest: str) -> str:
    """Where the content with this SHA-256 (64 hexadecimal digits) lies."""
    return f"{ROOT}/{digest[:2]}/{digest[2:]}"


def digest_at(key: str) -> str:
    """The digest that a key stands for."""
    return "".join(key.split("/")[-2:])


class DamagedOnTheWayError(Exception):
    """A content that has been handed out in part is not what its digest says: the rest must not be."""


@contextmanager
def _store_errors_told() -> Generator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        logger.warning("attachment_store_unavailable", error=repr(error)[:500])
        raise Problem(UNAVAILABLE) from None


async def put_content(store: ObjectStore, digest: str, file: BinaryIO) -> None:
    """Store a whole file at its key, atomically: other readers see all of it or nothing.

    An existing object is written again, which mends one that was damaged. Problem `unavailable` on a store's failure.
    """
    file.seek(0)
    with _store_errors_told():
        await store.put_async(key_of(digest), file, chunk_size=_PART, max_concurrency=_PARTS_AT_ONCE)
        if (folder := local_folder(store)) is not None:
            await asyncio.to_thread(_settle, folder / key_of(digest))


def _settle(path: Path) -> None:
    """Have the file, its name and its folder's name on the disk: the row that follows survives a power cut, too."""
    for one in (path, path.parent, path.parent.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


async def delete_content(store: ObjectStore, digest: str) -> None:
    """Delete the content; one that is not there is no error."""
    with _store_errors_told(), suppress(FileNotFoundError):
        await store.delete_async(key_of(digest))


async def open_content(store: ObjectStore, digest: str, size: int, span: range | None = None) -> AsyncGenerator[bytes]:
    """A stream of the content, or of the bytes in `span`. Problem `attachment_damaged` where it is missing or of another size.

    The whole content is digested on its way, and its last piece is held back until the digest is found right: of a
    damaged one no reader gets the announced number of bytes. A part cannot be checked so.
    """
    options: Any = {"range": (span.start, span.stop)} if span is not None else None
    with _store_errors_told():
        try:
            found = await store.get_async(key_of(digest), options=options)
        except FileNotFoundError:
            found = None
    if found is None or found.meta["size"] != size:
        logger.error("attachment_damaged", digest=digest, what="missing" if found is None else "size")
        raise Problem(CONTENT_DAMAGED)
    stream = found.stream(min_chunk_size=_CHUNK)
    return _pieces(stream) if span is not None else _verified(stream, digest)


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    async for piece in stream:
        yield bytes(piece)


async def _verified(stream: AsyncIterator[bytes], digest: str) -> AsyncGenerator[bytes]:
    actual = hashlib.sha256()
    held = b""
    async for piece in stream:
        actual.update(piece)
        if held:
            yield held
        held = bytes(piece)
    if actual.hexdigest() != digest:
        logger.error("attachment_damaged", digest=digest, what="content")
        raise DamagedOnTheWayError(digest)
    yield held


async def stored_digests(store: ObjectStore) -> AsyncGenerator[list[tuple[str, datetime]]]:
    """Every stored content, some hundreds at a time: its digest and when it was written."""
    stream = store.list(ROOT, chunk_size=500)
    async for chunk in stream:
        yield [(digest_at(meta["path"]), meta["last_modified"]) for meta in chunk]


def local_folder(store: ObjectStore) -> Path | None:
    """The folder of a local store; None for others."""
    return Path(str(store.prefix)) if isinstance(store, LocalStore) else None
