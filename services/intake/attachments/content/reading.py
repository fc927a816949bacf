"""Bounded reads of a file at hand."""

from __future__ import annotations

import os
from typing import BinaryIO

ZIP_END = b"PK\x05\x06"
ZIP_END_SIZE = 22
_ZIP_DIRECTORY_ENTRY = b"PK\x01\x02"
_MOST_ZIP_COMMENT = 0xFFFF


def read_at(file: BinaryIO, offset: int, length: int) -> bytes:
    """Up to `length` bytes from `offset`; fewer at the end of the file, none before its beginning."""
    file.seek(max(0, offset))
    return file.read(max(0, length + min(0, offset)))


def size_of(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def tail_of(file: BinaryIO, length: int) -> bytes:
    """The last `length` bytes."""
    return read_at(file, size_of(file) - length, length)


def hides_a_zip(file: BinaryIO) -> bool:
    """Whether a lenient unpacker would open the file as a zip, whatever it begins with."""
    size = size_of(file)
    tail = tail_of(file, ZIP_END_SIZE + _MOST_ZIP_COMMENT)
    end = tail.rfind(ZIP_END)
    while end != -1:
        directory_size = int.from_bytes(tail[end + 12 : end + 16], "little")
        start = size - len(tail) + end - directory_size
        # Four chance bytes are no zip: the directory before them must begin like one.
        if directory_size and start >= 0 and read_at(file, start, 4) == _ZIP_DIRECTORY_ENTRY:
            return True
        end = tail.rfind(ZIP_END, 0, end)
    return False
