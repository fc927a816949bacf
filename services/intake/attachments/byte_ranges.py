"""Read a Range header (RFC 9110, section 14) against a content of known size."""

from __future__ import annotations

import re

# Longer numbers than any file's size would only cost time.
_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII)


class UnsatisfiableRangeError(Exception):
    """No byte of the content, which has `size`, lies in the range."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


def requested_range(header: str | None, size: int) -> range | None:
    """The offsets asked for; None for the whole: no header, another unit, several ranges, or not a range at all.

    Answering the whole is what a server may always do. UnsatisfiableRangeError where the range holds no byte.
    """
    match = _ONE_RANGE.fullmatch(header) if header else None
    if match is None or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise UnsatisfiableRangeError(size)
    return range(start, stop)
