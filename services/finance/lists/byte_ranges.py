"""What a `Range` header asks of bytes that are served as they are stored (RFC 9110, 14)."""

from __future__ import annotations

import re

from services.finance.lists.errors import RANGE_NOT_SATISFIABLE
from shared.errors import Problem

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def asked_range(header: str | None, if_range: str | None, etag: str, length: int) -> tuple[int, int] | None:
    """First and last byte asked for; None to answer everything: no range, several, or one of another version.

    Problem `range_not_satisfiable` for one that begins after the end.
    """
    match = _ONE.fullmatch(header.strip()) if header is not None and if_range in (None, etag) else None
    if match is None or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0:
            raise Problem(RANGE_NOT_SATISFIABLE)
        return max(0, length - int(last)), length - 1
    begin, end = int(first), min(int(last), length - 1) if last else length - 1
    if last and int(last) < begin:
        return None
    if begin >= length:
        raise Problem(RANGE_NOT_SATISFIABLE)
    return begin, end
