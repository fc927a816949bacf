"""Unpack gzip piece by piece: what a small body expands to is never in memory at once."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from services.intake.imports.errors import GZIP_INVALID, GZIP_TRUNCATED
from shared.errors import Problem

_PIECE = 256 * 1024
_GZIP = 31  # zlib's word for a gzip header and trailer, checksum included


class GzipStream:
    """Feed it the body as it comes; several members one after the other are one file (RFC 1952)."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP)
        self._begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Expanded pieces of at most 256 KiB. Problem `gzip_invalid`."""
        while data:
            self._begun = True
            try:
                piece = self._member.decompress(data, _PIECE)
            except zlib.error:
                raise Problem(GZIP_INVALID) from None
            data = self._member.unconsumed_tail
            if self._member.eof:
                data = self._member.unused_data
                self._member, self._begun = zlib.decompressobj(_GZIP), False
            if piece:
                yield piece

    def finish(self) -> Iterator[bytes]:
        """What was still held back. Problem `gzip_truncated` where the last member has no end."""
        if not self._begun:
            return
        piece = self._member.flush()
        if not self._member.eof:
            raise Problem(GZIP_TRUNCATED)
        yield piece
