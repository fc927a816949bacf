"""The one table of what may follow what in an incident's life."""

from __future__ import annotations

from typing import Literal

Status = Literal["alleged", "confirmed", "dismissed", "cured"]
Act = Literal["allege", "confirm", "dismiss", "cure"]
# A dismissed incident stays dismissed: what turns up later is alleged anew.
TRANSITIONS: dict[tuple[Status, Act], Status] = {
    ("alleged", "confirm"): "confirmed",
    ("alleged", "dismiss"): "dismissed",
    ("confirmed", "cure"): "cured",
}


def next_status(status: str, act: Act) -> Status | None:
    """The status after `act`, or None where it is not allowed."""
    return TRANSITIONS.get((status, act))  # pyright: ignore[reportArgumentType] (the column's CHECK keeps it)
