"""The one table of what may follow what in an application's life."""

from __future__ import annotations

from typing import Literal

Status = Literal["submitted", "returned", "recommended"]
Act = Literal["recommend", "return", "resubmit"]

_NEXT: dict[tuple[Status, Act], Status] = {
    ("submitted", "recommend"): "recommended",
    ("submitted", "return"): "returned",
    ("returned", "resubmit"): "submitted",
}


def next_status(status: Status, act: Act) -> Status | None:
    """The status after `act`, or None where it is not allowed."""
    return _NEXT.get((status, act))
