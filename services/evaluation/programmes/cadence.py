"""When a list is due to be judged again."""

from __future__ import annotations

from datetime import date

from shared.reference.programmes import Cadence


def period_start(cadence: Cadence, on: date) -> date | None:
    """The first day of the month, quarter or year in which a list is to be judged once; None for other cadences."""
    match cadence:
        case "monthly":
            return on.replace(day=1)
        case "quarterly":
            return on.replace(month=on.month - (on.month - 1) % 3, day=1)
        case "yearly":
            return on.replace(month=1, day=1)
        case "on_change" | "by_hand":
            return None
