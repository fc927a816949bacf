"""How much of what is drawn at random a run draws: `PEIYU_TESTS_THOROUGH=1` draws many times as much."""

from __future__ import annotations

import os

THOROUGH = bool(os.environ.get("PEIYU_TESTS_THOROUGH"))


def drawn(usually: int, thoroughly: int) -> int:
    """`usually`, or `thoroughly` where it was asked for."""
    return thoroughly if THOROUGH else usually
