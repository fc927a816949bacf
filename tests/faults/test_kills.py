"""Kill -9 of every process in mid-round: the supervisor brings it back, and the round ends with the same numbers.

`undisturbed-round.json` is what a round that nobody disturbs ends with: `make demo ARGS="--once --json --enterprises 60"`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

# The step that has just ended: who is killed while the next one runs.
KILLS = {
    "开启申报批次": ("intake-worker", "valkey"),
    "导入工作簿": ("intake-api",),
    "在线申报": ("relay",),
    "市州推荐或退回": ("evaluation-worker", "valkey"),
    "评判": ("evaluation-api",),
    "评审": ("finance-api",),
    "入库方案": ("relay", "finance-worker"),
}
VICTIMS = {name for names in KILLS.values() for name in names}


@pytest.fixture
def home() -> Iterator[Path]:
    """A demo's folder inside the project, where an unprivileged database server can reach it."""
    import shutil  # noqa: PLC0415 (only here)

    folder = Path(__file__).parent.parent.parent / ".peiyu" / f"faults-{os.getpid()}"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _round(home: Path, after_step: Callable[[str], None]) -> dict[str, int]:
    """One demo with `after_step(line)` called at every line it shows; its figures."""
    command = [sys.executable, "-c", "from services.cli import main; main()", "demo", "--once", "--json"]
    command += ["--enterprises", "60", "--home", str(home)]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PEIYU_")}
    shown = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as demo:
        assert demo.stderr is not None
        assert demo.stdout is not None
        for line in demo.stderr:
            shown.append(line)
            after_step(line)
        output = demo.stdout.read()
    assert demo.returncode == 0, "".join(shown)
    return json.loads(output.splitlines()[-1])


def test_a_round_with_every_process_killed_ends_with_the_same_numbers(home: Path) -> None:
    undisturbed = json.loads((Path(__file__).parent / "undisturbed-round.json").read_text(encoding="utf-8"))
    assert undisturbed["admitted"] == undisturbed["bank_pulled_count"] > 0
    killed: set[str] = set()
    due: set[str] = set()

    def kill(line: str) -> None:
        if not line.startswith("✓ "):
            return
        due.update(*(names for step, names in KILLS.items() if line.startswith(f"✓ {step}")))
        processes = json.loads((home / "run" / "processes.json").read_text())
        # One that is still on its way back from an earlier blow gets its own after the next step.
        for name in [name for name in due if processes[name]["pid"] is not None]:
            with suppress(ProcessLookupError):
                os.kill(processes[name]["pid"], signal.SIGKILL)
                killed.add(name)
                due.discard(name)

    assert _round(home, kill) == undisturbed
    assert killed == VICTIMS == set(VICTIMS)
    assert {f"{service}-{part}" for service in ("intake", "evaluation", "finance") for part in ("api", "worker")} | {
        "relay",
        "valkey",
    } == killed
