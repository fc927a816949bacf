"""Lines are cut into chunks whatever way they arrive, and nothing that is sent is ever whole in memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import AsyncIterator
from io import BytesIO
from tempfile import TemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.imports.line_spool import CHUNK_BYTES, SpooledLines, SpoolLimits, spool_lines
from shared.canonical import sha256_hex
from shared.errors import Problem

LIMITS = SpoolLimits(max_bytes=1 << 30, max_rows=1_000_000, max_line_bytes=2_000_000)


async def _sent(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _whole(spooled: SpooledLines) -> bytes:
    return b"".join(spooled.read(chunk) for chunk in spooled.chunks)


@given(
    pieces=st.lists(st.lists(st.sampled_from([b"a", b"\n", b"bc", b"{}\n"])).map(b"".join), min_size=1),
    gzipped=st.booleans(),
)
async def test_what_is_stored_is_what_was_sent(pieces: list[bytes], *, gzipped: bool) -> None:
    content = b"".join(pieces)
    sent = [gzip.compress(piece) for piece in pieces] if gzipped else pieces
    if not content:
        with pytest.raises(Problem, match="import_empty"):
            await spool_lines(_sent(sent), BytesIO(), LIMITS, gzipped=gzipped)
        return
    spooled = await spool_lines(_sent(sent), BytesIO(), LIMITS, gzipped=gzipped)
    assert _whole(spooled) == content
    assert spooled.rows == len(content.removesuffix(b"\n").split(b"\n"))
    assert (spooled.digest, spooled.size) == (sha256_hex(content.decode()), len(content))


async def test_chunks_hold_whole_lines_and_know_their_first() -> None:
    lines = [b"%d:" % number + b"x" * (number % 900) + b"\n" for number in range(1, 12_000)]
    spooled = await spool_lines(_sent([b"".join(lines)]), BytesIO(), LIMITS, gzipped=False)
    assert len(spooled.chunks) > 3
    for chunk in spooled.chunks:
        content = spooled.read(chunk)
        assert content.startswith(b"%d:" % chunk.first_line)
        assert content.endswith(b"\n")
        assert len(content) <= CHUNK_BYTES + 70_000
    assert _whole(spooled) == b"".join(lines)


async def test_a_line_without_end_and_a_bomb_take_no_memory() -> None:
    """100 MB as one line, packed to 100 KB: what is kept is a little more than the longest line that is read."""
    bomb = gzip.compress(b"0" * 100_000_000 + b"\n{}\n", 1)
    tracemalloc.start()
    with TemporaryFile() as file:
        spooled = await spool_lines(_sent([bomb]), file, LIMITS, gzipped=True)
        assert spooled.rows == 2
        assert LIMITS.max_line_bytes < spooled.chunks[0].size < LIMITS.max_line_bytes + 100_000
        assert _whole(spooled).endswith(b"0\n{}\n")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25_000_000
