"""When evidence may change: the one table of which statuses of an application allow it, and to whom."""

from __future__ import annotations

from shared.security.actor import Actor

# While the enterprise may still correct what it says, it may correct what proves it.
_IN_THE_ENTERPRISES_HANDS = frozenset({"draft", "submitted", "returned"})
# Officers also file what a later check on the spot found; nothing is added to what was withdrawn.
_OVER = frozenset({"withdrawn"})


def may_add(actor: Actor, status: str) -> bool:
    """Whether `actor` may attach to an application of this status; None of this concerns reports and incidents."""
    return status in _IN_THE_ENTERPRISES_HANDS if actor.uscc is not None else status not in _OVER


def may_remove(status: str) -> bool:
    """Whether anybody may remove evidence from an application of this status."""
    return status in _IN_THE_ENTERPRISES_HANDS
