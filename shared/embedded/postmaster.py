"""What PostgreSQL's lock file `postmaster.pid` tells about the server of a data folder, running or gone."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from shared.embedded.children import EmbeddedServerError

_log = logging.getLogger(__name__)
_STATUS_LINE = 7  # counted from 0; the process number is on line 0
_PATIENCE_SECONDS = 1.0
_SHUTDOWN_SECONDS = 30.0
_POLL_SECONDS = 0.02


def status(data: Path) -> str | None:
    """`starting`, `ready` or `stopping` as last written by the folder's server; None without a lock file."""
    lines = _lines(data)
    return lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else None


def clear_previous(data: Path) -> None:
    """Wait for a server that goes down with its killed parent, and drop a lock file whose server is gone.

    Raises EmbeddedServerError when a server of this folder stays up.
    """
    began = time.monotonic()
    while (pid := _server_of(data)) is not None:
        patience = _SHUTDOWN_SECONDS if status(data) == "stopping" else _PATIENCE_SECONDS
        if time.monotonic() - began > patience:
            raise EmbeddedServerError(f"PostgreSQL is already running in {data} (process {pid}): stop it first")
        time.sleep(_POLL_SECONDS)
    lock = _lock(data)
    if lock.exists():
        _log.warning("PostgreSQL in %s was not shut down; it recovers from its write-ahead log", data)
        lock.unlink()  # PostgreSQL would refuse to start if the number in it now belongs to some other process


def _lock(data: Path) -> Path:
    return data / "postmaster.pid"


def _lines(data: Path) -> list[str]:
    try:
        return _lock(data).read_text().splitlines()
    except FileNotFoundError:
        return []


def _server_of(data: Path) -> int | None:
    """The process number in the lock file, if that process lives and serves this folder."""
    lines = _lines(data)
    if not lines or not lines[0].isdigit():
        return None
    pid = int(lines[0])
    return pid if str(data) in _command_line(pid) else None


def _command_line(pid: int) -> list[str]:
    """The arguments of a living process; none when there is no such process."""
    if sys.platform == "linux":
        with suppress(OSError):  # no such process, or no longer
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
        return []
    command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
    listing = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command
    return listing.stdout.split()
