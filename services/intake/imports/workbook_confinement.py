"""Inside a workbook child: read what is wished for, then give up memory, time and files for good."""

from __future__ import annotations

import json
import resource
import sys
from typing import Any


def receive() -> tuple[dict[str, Any], bytes]:
    """The wishes and the workbook from standard input, with the limits that the wishes name already in force.

    From here on the process may use `max_memory_bytes` of address space and `max_seconds` of processor time, may
    write no file and leaves no core.
    """
    stream = sys.stdin.buffer
    wishes: dict[str, Any] = json.loads(stream.read(int(stream.readline())))
    _limit(resource.RLIMIT_AS, wishes["max_memory_bytes"])
    _limit(resource.RLIMIT_CPU, wishes["max_seconds"])
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    return wishes, stream.read()


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))
