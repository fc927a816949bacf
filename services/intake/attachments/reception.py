"""Take in a body of unknown length: to an unnamed file on disk, digested on its way."""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import BinaryIO

from services.intake.attachments.errors import ATTACHMENT_EMPTY, CONTENT_DIGEST_MISMATCH, CONTENT_DIGEST_UNREADABLE
from shared.errors import Problem

_BATCH = 1024 * 1024
# A member of a structured-field dictionary (RFC 8941): other algorithms may stand beside ours.
_SHA256 = re.compile(r"(?:^|,)[ \t]*sha-256=:([A-Za-z0-9+/]{43}=):[ \t]*(?=,|$)")


@dataclass(frozen=True, slots=True)
class Received:
    """A whole body: `file` vanishes when it is closed, and with its process however that ends."""

    file: BinaryIO
    size: int
    digest: str


def announced_digest(header: str | None) -> str | None:
    """The SHA-256 of a Content-Digest header in hexadecimal; Problem where there is a header but not one such digest."""
    if header is None:
        return None
    found = _SHA256.findall(header)
    if len(found) != 1:
        raise Problem(CONTENT_DIGEST_UNREADABLE)
    try:
        return b64decode(found[0], validate=True).hex()
    except Base64Error:
        raise Problem(CONTENT_DIGEST_UNREADABLE) from None


def content_digest(digest: str) -> str:
    """The value of a Content-Digest or Repr-Digest header for a SHA-256 in hexadecimal."""
    return f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"


@asynccontextmanager
async def received(body: AsyncIterator[bytes], announced: str | None) -> AsyncGenerator[Received]:
    """The body, with at most a megabyte of it in memory. Problem where it is empty or not what was announced."""
    file: BinaryIO
    with tempfile.TemporaryFile("w+b", buffering=0) as file:
        whole = await _spool(body, file)
        if whole.size == 0:
            raise Problem(ATTACHMENT_EMPTY)
        if announced is not None and announced != whole.digest:
            raise Problem(
                CONTENT_DIGEST_MISMATCH,
                detail_zh=f"收到 {whole.size} 字节，SHA-256 为 {whole.digest}",
                detail_en=f"{whole.size} bytes were received, with the SHA-256 {whole.digest}",
            )
        yield whole


async def _spool(body: AsyncIterator[bytes], file: BinaryIO) -> Received:
    digest, size = hashlib.sha256(), 0
    batch = bytearray()

    def flush() -> None:
        digest.update(batch)
        file.write(batch)
        batch.clear()

    async for piece in body:
        batch += piece
        size += len(piece)
        if len(batch) >= _BATCH:
            await asyncio.to_thread(flush)
    await asyncio.to_thread(flush)
    return Received(file, size, digest.hexdigest())
