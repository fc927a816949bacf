"""One child process and the thread that starts it again whenever it dies."""

from __future__ import annotations

import http
import http.client
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from shared.embedded import EmbeddedServer, PopenOptions, spawn
from shared.embedded.children import kill

OnEvent = Callable[[str, str], None]
State = Literal["starting", "ready", "waiting", "stopped"]

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_STEADY_SECONDS = 10.0
_READY_POLL_SECONDS = 0.03
_LOG_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process to keep alive.

    `env` None: the supervisor's own. `log_path` None: `<home>/log/<name>.log`. `ready` returns False or raises
    OSError until the process serves; without it the process counts as ready once started. `death_signal` is what
    Linux sends it when the supervisor is killed outright. `url` is for the reader of `processes.json`.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    log_path: Path | None = None
    popen_options: PopenOptions = field(default_factory=PopenOptions)
    ready: Callable[[], bool] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    url: str | None = None


@dataclass(slots=True)
class ProcessState:
    """What is known of one process now; `waiting` is the pause before it is started again."""

    pid: int | None = None
    started_at: str | None = None
    restarts: int = 0
    url: str | None = None
    state: State = "starting"


def embedded_server(server: EmbeddedServer) -> ProcessSpec:
    """How to keep an embedded server alive."""
    return ProcessSpec(
        name=server.name,
        command=server.command,
        log_path=server.log_path,
        popen_options=server.popen_options,
        ready=server.is_ready,
        stop_signal=server.stop_signal,
        death_signal=server.death_signal,
        url=f"tcp://127.0.0.1:{server.port}",
    )


def answers_http(url: str) -> Callable[[], bool]:
    """A `ready` check: GET on the URL, by no proxy and within a second, answers 200."""
    parts = urlsplit(url)

    def check() -> bool:
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=1)
        try:
            connection.request("GET", parts.path or "/")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return check


def pause_before_restart(lived_seconds: float, last_pause: float | None) -> float:
    """Seconds to wait: 0.2 at first and after a life of ten seconds or more, else twice the last, at most 5."""
    if last_pause is None or lived_seconds >= _STEADY_SECONDS:
        return _FIRST_PAUSE_SECONDS
    return min(2 * last_pause, _LONGEST_PAUSE_SECONDS)


class KeptProcess:
    """Starts a process from a thread of its own and starts it again, at growing intervals, whenever it ends.

    The thread lives as long as the process, because Linux takes the end of the thread for the death of the parent.
    """

    def __init__(self, spec: ProcessSpec, log_path: Path, report: OnEvent) -> None:
        self.spec = spec
        self.log_path = log_path
        self.state = ProcessState(url=spec.url)
        self.ready = threading.Event()
        self._report = report
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._spawning = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"keep {spec.name}", daemon=True)

    def start(self) -> None:
        """Begin to keep the process alive; `ready` is set whenever it serves."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Send the stop signal and start no further process."""
        self._stopping.set()
        with self._spawning:
            if self._process is not None:
                self._process.send_signal(self.spec.stop_signal)

    def kill(self) -> None:
        """Kill the process, with what it started, and start no further one."""
        self._stopping.set()
        with self._spawning:
            if self._process is not None:
                kill(self._process)

    def has_stopped(self, deadline: float | None = None) -> bool:
        """Wait for the end of the process until the deadline (`time.monotonic`), or without limit."""
        if self._thread.is_alive():
            self._thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def log_tail(self) -> str:
        """The last lines the process printed."""
        if not self.log_path.exists():
            return "(empty)"
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])

    def _keep(self) -> None:
        pause: float | None = None
        while not self._stopping.is_set():
            began = time.monotonic()
            ending = self._live_once()
            if self._stopping.is_set():
                break
            pause = pause_before_restart(time.monotonic() - began, pause)
            self._now("waiting", f"{ending}; starting again in {pause:.1f} s")
            self._stopping.wait(pause)
            self.state.restarts += 1
        self._now("stopped", "stopped")

    def _live_once(self) -> str:
        """Start the process, wait for its end, and say how it ended."""
        try:
            process = self._spawn()
        except (OSError, subprocess.SubprocessError) as error:
            return f"cannot be started: {error}"
        if process is None:
            return "not started"
        self.state.pid, self.state.started_at = process.pid, datetime.now(UTC).isoformat(timespec="milliseconds")
        self._now("starting", f"started as process {process.pid}")
        self._watch_for_readiness(process)
        status = process.wait()
        self.ready.clear()
        self.state.pid = None
        return f"ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        spec = self.spec
        with self._spawning:  # a stop either comes first and prevents the start, or finds the process
            if self._stopping.is_set():
                return None
            self._process = spawn(
                spec.command,
                log_path=self.log_path,
                env=spec.env,
                cwd=spec.cwd,
                options=spec.popen_options,
                death_signal=spec.death_signal,
            )
            return self._process

    def _watch_for_readiness(self, process: subprocess.Popen[bytes]) -> None:
        while process.poll() is None and not self._stopping.is_set():
            if self._is_ready():
                self._now("ready", "ready")
                self.ready.set()
                return
            self._stopping.wait(_READY_POLL_SECONDS)

    def _is_ready(self) -> bool:
        try:
            return self.spec.ready is None or self.spec.ready()
        except OSError:
            return False

    def _now(self, state: State, what: str) -> None:
        self.state.state = state
        self._report(self.spec.name, what)
