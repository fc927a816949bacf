"""Run one of the workbook programs as a short-lived child with a bare environment, fed and read over pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from services.intake.imports import errors
from shared.errors import UNAVAILABLE, Problem

_PROJECT = Path(__file__).parents[3]
# The answer may take as long again as the work: a machine that is busy gives the child little of its time.
_PATIENCE = 2


def run_confined(module: str, wishes: dict[str, Any], content: bytes, *, max_seconds: int) -> bytes:
    """What the program `module` answers on standard output to `wishes` (its argument) and `content` (its input).

    Raises Problem `workbook_unreadable` when it fails or takes too long, `unavailable` when it cannot be started.
    """
    # Wishes may be longer than an argument may be, so they travel before the workbook: their length on a line.
    head = json.dumps(wishes).encode()
    try:
        # A bare environment: secrets of the worker's settings have no business next to an uploaded file.
        done = subprocess.run(  # noqa: S603 - our own module in our own interpreter; the upload is only its input
            [sys.executable, "-P", "-m", module],
            input=b"%d\n%b%b" % (len(head), head, content),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(_PROJECT), "PATH": os.defpath},
            timeout=max_seconds * _PATIENCE,
            check=True,
        )
    except subprocess.SubprocessError:
        raise Problem(errors.WORKBOOK_UNREADABLE) from None
    except OSError:
        raise Problem(UNAVAILABLE) from None
    return done.stdout
