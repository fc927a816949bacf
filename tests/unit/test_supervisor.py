"""The supervisor on real child processes: order, restarts, stopping, the home lock, its own violent death."""

from __future__ import annotations

import fcntl
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.local.process import pause_before_restart
from services.local.supervisor import ProcessSpec, Supervisor, SupervisorError, answers_http

PATIENCE_SECONDS = 20.0
ROOT = Path(__file__).parents[2]
PYTHON = (sys.executable, "-I", "-S", "-c")

# Holds a lock on its first argument for as long as it lives; on SIGTERM notes its name in the second.
HOLDER = """
import fcntl, signal, sys, time
def leave(number, frame):
    with open(sys.argv[2], "a") as notes:
        notes.write(sys.argv[3] + "\\n")
    if sys.argv[4] == "obedient":
        sys.exit(0)
signal.signal(signal.SIGTERM, leave)
held = open(sys.argv[1], "a")
fcntl.flock(held, fcntl.LOCK_EX)
open(sys.argv[1] + ".ready", "w").close()
while True:
    signal.pause()
"""

# A signal that came before the main thread waits would interrupt some other place than the one under test.
ELSEWHERE = """
import sys, threading, traceback
from pathlib import Path
from services.local.supervisor import ProcessSpec, Supervisor

def announce():
    main, names = threading.main_thread().ident, ["start"]
    while "start" in names or names.count("wait") < 2:  # Event.wait, and in it Condition.wait, which lets its lock go
        names = [frame.name for frame in traceback.extract_stack(sys._current_frames()[main])]
    print("waiting", flush=True)

folder, manner, holder = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
command = (sys.executable, "-I", "-S", "-c", holder, str(folder / "child"), str(folder / "notes"), "child", manner)
with Supervisor(folder, grace_seconds=600) as supervisor:
    supervisor.start([ProcessSpec("child", command, ready=(folder / "child.ready").exists)])
    threading.Thread(target=announce).start()
"""


class Events:
    """Collects what the supervisor reports, and waits for a certain report."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._arrived: queue.Queue[tuple[str, str]] = queue.Queue()

    def __call__(self, name: str, what: str) -> None:
        self._arrived.put((name, what))

    def wait_for(self, name: str, beginning: str) -> str:
        """The next report on `name` that begins so; queue.Empty, and a failed test, when there is none in time."""
        while True:
            event = self._arrived.get(timeout=PATIENCE_SECONDS)
            self.seen.append(event)
            if event[0] == name and event[1].startswith(beginning):
                return event[1]


def holder(folder: Path, name: str, manner: str = "obedient") -> ProcessSpec:
    """A child that is ready once it holds `<folder>/<name>`."""
    held = folder / name
    return ProcessSpec(
        name, (*PYTHON, HOLDER, str(held), str(folder / "notes"), name, manner), ready=Path(f"{held}.ready").exists
    )


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(0.01)
    return True


def is_let_go(path: Path) -> bool:
    """Whether nobody holds the lock on `path` any more, so that its holder is gone."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def table(home: Path) -> dict[str, dict[str, object]]:
    """What `processes.json` says now."""
    return json.loads((home / "run" / "processes.json").read_text())


def supervise_elsewhere(folder: Path, manner: str, ending: str) -> subprocess.Popen[str]:
    """A supervisor of one holder in a process of its own; returns when all is up and `ending` waits."""
    process = subprocess.Popen(
        (sys.executable, "-c", ELSEWHERE + f"    {ending}\n", str(folder), manner, HOLDER),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.stdout.close()
    return process


def test_a_group_is_ready_before_the_next_starts_and_the_groups_stop_in_reverse(tmp_path: Path) -> None:
    events = Events()
    with Supervisor(tmp_path, on_event=events) as supervisor:
        supervisor.start([holder(tmp_path, "first")])
        supervisor.start([holder(tmp_path, "second")])
        supervisor.start([holder(tmp_path, "third")])
        assert [state.state for state in supervisor.processes().values()] == ["ready"] * 3
        events.wait_for("third", "ready")
        told = [(name, what.split()[0]) for name, what in events.seen]
        assert told == [(name, what) for name in ("first", "second", "third") for what in ("started", "ready")]
    assert (tmp_path / "notes").read_text().split() == ["third", "second", "first"]
    assert all(is_let_go(tmp_path / name) for name in ("first", "second", "third"))
    assert not (tmp_path / "run" / "processes.json").exists()


def test_a_killed_process_is_started_again_and_the_table_names_it(tmp_path: Path) -> None:
    events, log = Events(), tmp_path / "log" / "sleeper.log"
    command = (*PYTHON, "import signal; print('here', flush=True); signal.pause()")
    spec = ProcessSpec("sleeper", command, ready=lambda: "here\n" in log.read_text(), url="http://x")
    with Supervisor(tmp_path, on_event=events) as supervisor:
        supervisor.start([spec])
        before = table(tmp_path)["sleeper"]
        assert isinstance(before["pid"], int)
        os.kill(before["pid"], signal.SIGKILL)
        assert "SIGKILL; starting again in 0.2 s" in events.wait_for("sleeper", "ended by")
        assert table(tmp_path)["sleeper"]["pid"] is None
        events.wait_for("sleeper", "ready")
        after = table(tmp_path)["sleeper"]
        assert after["pid"] not in {None, before["pid"]}
        assert str(after["started_at"]) > str(before["started_at"])
        assert (before["restarts"], after["restarts"], after["url"], after["state"]) == (0, 1, "http://x", "ready")
        assert eventually(lambda: log.read_text() == "here\nhere\n")


def test_a_process_that_never_lives_is_tried_again_and_shown_with_the_end_of_its_log(tmp_path: Path) -> None:
    events = Events()
    broken = ProcessSpec("broken", (*PYTHON, "raise SystemExit('the schema is stale')"), ready=lambda: False)
    with Supervisor(tmp_path, on_event=events) as supervisor:
        with pytest.raises(SupervisorError, match=r"broken is not ready(.|\n)*the schema is stale"):
            supervisor.start([broken], timeout_seconds=0.3)
        for pause in ("0.2", "0.4", "0.8"):
            assert events.wait_for("broken", "ended") == f"ended with status 1; starting again in {pause} s"


def test_a_missing_program_is_reported_and_not_fatal(tmp_path: Path) -> None:
    events = Events()
    with Supervisor(tmp_path, on_event=events) as supervisor:
        with pytest.raises(SupervisorError, match="absent is not ready"):
            supervisor.start([ProcessSpec("absent", ("/nonexistent/program",))], timeout_seconds=0.05)
        assert "No such file" in events.wait_for("absent", "cannot be started")
        supervisor.start([holder(tmp_path, "present")])


def test_a_readiness_check_may_fail_by_oserror(tmp_path: Path) -> None:
    held = tmp_path / "child.ready"
    spec = holder(tmp_path, "child")
    with Supervisor(tmp_path) as supervisor:
        supervisor.start([ProcessSpec("child", spec.command, ready=lambda: held.stat().st_size == 0)])
        assert supervisor.processes()["child"].state == "ready"


def test_a_process_that_will_not_stop_is_killed_with_what_it_started(tmp_path: Path) -> None:
    events = Events()
    stubborn = holder(tmp_path, "grandchild", "stubborn")
    parent = "import signal, subprocess, sys; signal.signal(15, signal.SIG_IGN); subprocess.run(sys.argv[1:])"
    spec = ProcessSpec("parent", (*PYTHON, parent, *stubborn.command), ready=stubborn.ready)
    with Supervisor(tmp_path, on_event=events, grace_seconds=0.1) as supervisor:
        supervisor.start([spec])
    events.wait_for("parent", "did not stop within 0.1 s")
    events.wait_for("parent", "stopped")
    assert eventually(lambda: is_let_go(tmp_path / "grandchild"))


def test_a_home_has_one_supervisor(tmp_path: Path) -> None:
    with Supervisor(tmp_path), pytest.raises(SupervisorError, match=f"process {os.getpid()}"), Supervisor(tmp_path):
        pass
    with Supervisor(tmp_path):
        pass


def test_a_name_is_used_once(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start([holder(tmp_path, "one")])
        with pytest.raises(SupervisorError, match="used twice: one"):
            supervisor.start([holder(tmp_path, "one")])


def test_a_failing_listener_does_not_end_the_supervision(tmp_path: Path) -> None:
    def listener(name: str, what: str) -> None:
        raise BrokenPipeError(name, what)

    with Supervisor(tmp_path, on_event=listener) as supervisor:
        supervisor.start([holder(tmp_path, "child")])
        pid = supervisor.processes()["child"].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: supervisor.processes()["child"].restarts == 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_run_forever_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    process = supervise_elsewhere(tmp_path, "obedient", "supervisor.run_forever()")
    process.send_signal(number)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert (tmp_path / "notes").read_text() == "child\n"
    assert is_let_go(tmp_path / "child")


def test_a_signal_in_the_middle_of_the_block_stops_all_and_shows_in_the_exit_status(tmp_path: Path) -> None:
    process = supervise_elsewhere(tmp_path, "obedient", "import threading; threading.Event().wait()")
    process.terminate()
    assert process.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
    assert (tmp_path / "notes").read_text() == "child\n"
    assert is_let_go(tmp_path / "child")


def test_a_second_interrupt_does_not_wait_for_the_stubborn(tmp_path: Path) -> None:
    process = supervise_elsewhere(tmp_path, "stubborn", "supervisor.run_forever()")
    process.send_signal(signal.SIGINT)
    assert eventually((tmp_path / "notes").exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_SECONDS) == 0
    assert is_let_go(tmp_path / "child")


def test_children_die_with_a_killed_supervisor_and_the_home_is_free(tmp_path: Path) -> None:
    process = supervise_elsewhere(tmp_path, "stubborn", "supervisor.run_forever()")
    assert not is_let_go(tmp_path / "child")
    process.kill()
    process.wait()
    assert eventually(lambda: is_let_go(tmp_path / "child"))
    with Supervisor(tmp_path) as supervisor:
        supervisor.start([holder(tmp_path, "next")])
        assert list(table(tmp_path)) == ["next"]


def test_answers_http_wants_200() -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 503)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        healthy, unhealthy = answers_http(f"{address}/health")(), answers_http(f"{address}/other")()
        server.shutdown()
        thread.join()
    assert (healthy, unhealthy, answers_http(f"{address}/health")()) == (True, False, False)


@given(st.lists(st.floats(min_value=0, max_value=9.9), min_size=1), st.floats(min_value=10, max_value=1e6))
def test_pauses_grow_to_five_seconds_and_start_over_after_a_steady_life(short: list[float], steady: float) -> None:
    pauses: list[float] = []
    for lived in short:
        pauses.append(pause_before_restart(lived, pauses[-1] if pauses else None))
    assert pauses[:5] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2][: len(short)])
    assert pauses[5:] == [5.0] * max(0, len(short) - 5)
    assert pause_before_restart(steady, pauses[-1]) == 0.2
