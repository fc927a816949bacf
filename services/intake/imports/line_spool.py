"""Take lines in as they arrive: unpacked, counted and cut into chunks in a temporary file, never whole in memory."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

from services.intake.imports.errors import IMPORT_EMPTY, IMPORT_TOO_LARGE, IMPORT_TOO_MANY_ROWS
from services.intake.imports.gzip_stream import GzipStream
from shared.errors import Problem

CHUNK_BYTES = 1024 * 1024
_PIECE = 64 * 1024
# Work is handed to a thread in portions that are worth the way.
_PORTION = 256 * 1024


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """What one upload may hold, expanded. Of a line longer than `max_line_bytes` only a little more is kept."""

    max_bytes: int
    max_rows: int
    max_line_bytes: int


@dataclass(frozen=True, slots=True)
class SpooledChunk:
    """Whole lines in the spool's file, from `first_line` (counted from 1) on."""

    first_line: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class SpooledLines:
    """An upload in `file`. `body_digest` is of the bytes as sent, `digest` of the lines as expanded (SHA-256)."""

    file: BinaryIO
    chunks: tuple[SpooledChunk, ...]
    rows: int
    size: int
    body_digest: str
    digest: str

    def read(self, chunk: SpooledChunk) -> bytes:
        """The chunk's lines, each with its line feed (the file's last may lack it)."""
        self.file.seek(chunk.offset)
        return self.file.read(chunk.size)


async def spool_lines(
    body: AsyncIterable[bytes], file: BinaryIO, limits: SpoolLimits, *, gzipped: bool
) -> SpooledLines:
    """Read the whole body into `file`, in threads so that the event loop goes on.

    Problem `import_empty`, `import_too_large`, `import_too_many_rows`, `gzip_invalid` or `gzip_truncated`.
    """
    spool = _Spool(file, limits, GzipStream() if gzipped else None)
    waiting = bytearray()
    async for data in body:
        waiting += data
        if len(waiting) >= _PORTION:
            await asyncio.to_thread(spool.feed, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(spool.feed, bytes(waiting))
    return await asyncio.to_thread(spool.finish)


class _Spool:
    def __init__(self, file: BinaryIO, limits: SpoolLimits, gzip: GzipStream | None) -> None:
        self._file, self._limits, self._gzip = file, limits, gzip
        self._body_digest, self._digest = hashlib.sha256(), hashlib.sha256()
        self._chunks: list[SpooledChunk] = []
        self._size = self._rows = self._written = 0
        # Whole lines of the chunk to come, and the beginning of a line whose end has not arrived.
        self._chunk, self._chunk_rows = bytearray(), 0
        self._line = bytearray()

    def feed(self, data: bytes) -> None:
        self._body_digest.update(data)
        for piece in [data] if self._gzip is None else self._gzip.feed(data):
            self._take(piece)

    def finish(self) -> SpooledLines:
        for piece in self._gzip.finish() if self._gzip else ():
            self._take(piece)
        if self._line:
            self._add_lines(self._line, 1)
        self._end_chunk()
        if not self._rows:
            raise Problem(IMPORT_EMPTY)
        digests = (self._body_digest.hexdigest(), self._digest.hexdigest())
        return SpooledLines(self._file, tuple(self._chunks), self._rows, self._size, *digests)

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._limits.max_bytes:
            mebibytes = f"{self._limits.max_bytes / 1024 / 1024:.0f} MiB"
            raise Problem(IMPORT_TOO_LARGE, detail_en=f"At most {mebibytes}", detail_zh=f"最大 {mebibytes}")
        self._digest.update(data)
        for piece in _pieces(data):
            self._split(piece)

    def _split(self, piece: bytes) -> None:
        """Keep whole lines for the chunk; the rest begins the next line, cut where it is too long to be read."""
        end = piece.rfind(b"\n") + 1
        if end:
            first = piece.find(b"\n") + 1
            self._extend_line(piece[:first])
            self._add_lines(self._line, 1)
            self._line = bytearray()
            self._add_lines(piece[first:end], piece.count(b"\n", first, end))
        self._extend_line(piece[end:])

    def _extend_line(self, data: bytes) -> None:
        if len(self._line) <= self._limits.max_line_bytes:
            self._line += data
        elif data.endswith(b"\n"):
            self._line += b"\n"

    def _add_lines(self, lines: bytes | bytearray, count: int) -> None:
        self._rows += count
        if self._rows > self._limits.max_rows:
            most = self._limits.max_rows
            raise Problem(IMPORT_TOO_MANY_ROWS, detail_en=f"At most {most} rows", detail_zh=f"最多 {most} 行")
        self._chunk += lines
        self._chunk_rows += count
        if len(self._chunk) >= CHUNK_BYTES:
            self._end_chunk()

    def _end_chunk(self) -> None:
        if self._chunk_rows:
            size = self._file.write(self._chunk)
            self._chunks.append(SpooledChunk(self._rows - self._chunk_rows + 1, self._written, size))
            self._written += size
        self._chunk, self._chunk_rows = bytearray(), 0


def _pieces(data: bytes) -> Iterable[bytes]:
    """Small enough that no piece holds more than a part of a line that is too long."""
    return (data[start : start + _PIECE] for start in range(0, len(data), _PIECE))
