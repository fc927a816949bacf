"""Years of the programme from one command: every invariant holds, and the same seed gives the same history."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent.parent


async def _simulated(home: Path, seed: int, *further: str) -> tuple[dict[str, Any], str]:
    command = ("-m", "services.cli", "simulate", "--years", "2", "--enterprises", "20", "--json", "--home", str(home))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        "--seed",
        str(seed),
        *further,
        cwd=_ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, told = await process.communicate()
    assert process.returncode == 0, told.decode()
    return json.loads(out.decode().splitlines()[-1]), told.decode()


async def test_two_years_are_lived_as_they_were_before(tmp_path: Path) -> None:
    """`simulated-years.json` is what the command printed once; it is printed anew where rules or scores change."""
    done, told = await _simulated(tmp_path, 7)
    assert done == json.loads((Path(__file__).parent / "simulated-years.json").read_text(encoding="utf-8"))
    begun, lived = done["years"]
    assert (begun["year"], begun["applied"], begun["graduated"], begun["exited"]) == (2024, 20, 0, 0)
    assert begun["members"] == begun["admitted"] > 0
    assert lived["reports"] > begun["members"]
    left, came = lived["graduated"] + lived["exited"], lived["admitted"] + lived["replaced"]
    assert lived["members"] == begun["members"] + came - left
    assert lived["credits"] == 2 * lived["graduated"] - lived["replaced"] >= 0
    assert "不变量全部成立" in told
    # Nothing is left of it.
    assert not any(os.scandir(tmp_path))
