"""Child processes kept alive together: started in order, restarted when they die, stopped in reverse order."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from services.local.process import KeptProcess, OnEvent, ProcessSpec, ProcessState, answers_http, embedded_server

__all__ = [
    "ProcessSpec",
    "ProcessState",
    "Supervisor",
    "SupervisorError",
    "Terminated",
    "answers_http",
    "embedded_server",
]

_log = logging.getLogger(__name__)


class SupervisorError(RuntimeError):
    """The home folder is taken, or processes did not become ready."""


class Terminated(SystemExit):
    """SIGTERM or SIGHUP reached the supervising process; the exit status is 128 + the signal's number."""


class Supervisor:
    """Keeps processes alive while the `with` block runs; one supervisor at a time in a home folder.

    `<home>/run/processes.json` maps each name to its ProcessState, renewed at every change and removed at the end.
    `on_event(name, what)` is called at every change, from other threads but never twice at once.
    Entered in the main thread, it turns SIGTERM and SIGHUP into `Terminated`, so that leaving the block stops all.
    """

    def __init__(self, home: Path, *, on_event: OnEvent | None = None, grace_seconds: float = 10.0) -> None:
        self._home = home.resolve()
        self._table_path = self._home / "run" / "processes.json"
        self._on_event = on_event
        self._grace_seconds = grace_seconds
        self._groups: list[list[KeptProcess]] = []
        self._table_lock = threading.Lock()
        self._event_lock = threading.Lock()
        self._over = threading.Event()
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self._lock_home()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGHUP):
                if signal.getsignal(number) is not signal.SIG_IGN:  # as it is under nohup
                    self._held.callback(signal.signal, number, signal.signal(number, _terminate))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._held.close()

    def start(self, specs: Sequence[ProcessSpec], *, timeout_seconds: float = 60.0) -> None:
        """Start a group and return when all of it is ready; call again for the group that needs this one.

        A process that dies meanwhile is started again. Raises SupervisorError, with the end of its log, for the first
        process that is not ready in time, and for a name that is taken.
        """
        self._refuse_taken_names(specs)
        logs = self._home / "log"
        group = [KeptProcess(spec, spec.log_path or logs / f"{spec.name}.log", self._changed) for spec in specs]
        self._groups.append(group)
        for process in group:
            process.start()
        deadline = time.monotonic() + timeout_seconds
        for process in group:
            if not process.ready.wait(max(0.0, deadline - time.monotonic())):
                raise SupervisorError(
                    f"{process.spec.name} is not ready after {timeout_seconds:g} s and {process.state.restarts} "
                    f"restarts; its log {process.log_path} ends with:\n{process.log_tail()}"
                )

    def run_forever(self) -> None:
        """Return after SIGINT, SIGTERM, SIGHUP or `stop()`, with everything stopped. A second Ctrl-C kills at once."""
        try:
            self._over.wait()
        except (KeyboardInterrupt, Terminated):
            pass
        finally:
            self.stop()

    def stop(self) -> None:
        """Stop the groups in reverse order: signal, grace, kill. An interrupt meanwhile kills everything at once."""
        self._over.set()
        try:
            while self._groups:
                self._stop_group(self._groups[-1])
                self._groups.pop()
        except (KeyboardInterrupt, Terminated):
            self._kill_all()
        with suppress(FileNotFoundError):
            self._table_path.unlink()

    def processes(self) -> dict[str, ProcessState]:
        """The state of every process now, by name, in the order of their start."""
        return {process.spec.name: replace(process.state) for group in self._groups for process in group}

    def _refuse_taken_names(self, specs: Sequence[ProcessSpec]) -> None:
        names = [*self.processes(), *(spec.name for spec in specs)]
        taken = sorted({name for name in names if names.count(name) > 1})
        if taken:
            raise SupervisorError(f"process names are used twice: {', '.join(taken)}")

    def _stop_group(self, group: list[KeptProcess]) -> None:
        for process in reversed(group):
            process.ask_to_stop()
        deadline = time.monotonic() + self._grace_seconds
        for process in reversed(group):
            if not process.has_stopped(deadline):
                self._changed(process.spec.name, f"did not stop within {self._grace_seconds:g} s; killing it")
                process.kill()
                process.has_stopped()

    def _kill_all(self) -> None:
        processes = [process for group in reversed(self._groups) for process in reversed(group)]
        for process in processes:
            process.kill()
        for process in processes:
            process.has_stopped()
        self._groups.clear()

    def _changed(self, name: str, what: str) -> None:
        try:
            self._write_table()
            if self._on_event is not None:
                with self._event_lock:
                    self._on_event(name, what)
        except Exception:  # noqa: BLE001 - a full disk or a closed terminal must not end the supervision
            _log.exception("could not make known that %s %s", name, what)

    def _write_table(self) -> None:
        with self._table_lock:
            table = {name: asdict(state) for name, state in self.processes().items()}
            draft = self._table_path.with_suffix(".new")
            draft.write_text(json.dumps(table, indent=2) + "\n")
            draft.replace(self._table_path)

    def _lock_home(self) -> None:
        """Hold `<home>/run/lock`; the system lets go of it when this process ends, however it ends."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._table_path.parent.mkdir(mode=0o700, exist_ok=True)
        lock = self._held.enter_context((self._table_path.parent / "lock").open("a+"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            self._held.close()
            raise SupervisorError(f"{self._home} is already supervised by process {holder}") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()


def _terminate(number: int, _frame: FrameType | None) -> None:
    raise Terminated(128 + number)
