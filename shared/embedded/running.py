"""An embedded server for the length of a `with` block: tests, benchmarks, one-off commands."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TypeVar

from shared.embedded.children import EmbeddedServerError, end, spawn
from shared.embedded.postgres import PostgresServer
from shared.embedded.valkey import ValkeyServer

EmbeddedServer = PostgresServer | ValkeyServer
Server = TypeVar("Server", PostgresServer, ValkeyServer)

_POLL_SECONDS = 0.01
_GRACE_SECONDS = 20.0


def wait_until_ready(
    server: EmbeddedServer, timeout_seconds: float = 30.0, *, process: subprocess.Popen[bytes] | None = None
) -> None:
    """Return once the server answers its own protocol. Raises EmbeddedServerError when it ends or stays silent."""
    deadline = time.monotonic() + timeout_seconds
    while not server.is_ready():
        ended = process is not None and process.poll() is not None
        if ended or time.monotonic() > deadline:
            why = "ended" if ended else f"did not answer within {timeout_seconds:g} s"
            raise EmbeddedServerError(f"{server.name} {why}; its log {server.log_path} ends with:\n{_log_tail(server)}")
        time.sleep(_POLL_SECONDS)


@contextmanager
def running(server: Server, *, timeout_seconds: float = 30.0) -> Generator[Server]:
    """Serve inside the block. Enter it from a thread that lives as long as the block (see `spawn`)."""
    process = spawn(
        server.command, log_path=server.log_path, options=server.popen_options, death_signal=server.death_signal
    )
    try:
        wait_until_ready(server, timeout_seconds, process=process)
        yield server
    finally:
        end(process, server.stop_signal, grace_seconds=_GRACE_SECONDS)


def _log_tail(server: EmbeddedServer, lines: int = 15) -> str:
    if not server.log_path.exists():
        return "(empty)"
    return "\n".join(server.log_path.read_text(errors="replace").splitlines()[-lines:])
