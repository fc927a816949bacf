"""What one side of an event tells of itself: the typed facts that affinity compares."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """A need or an offer; empty or None is unknown, never nothing.

    An enterprise's amount is `least` = `most`, its region one city; a partner's amounts are its ticket (票面), open on
    the side that is None, its regions cities, the whole province or `000000`, the whole country. Money in 分.
    """

    id: str
    name: str
    capacity: int
    ipc: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    regions: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    text: str = ""

    @property
    def amount_known(self) -> bool:
        """Whether at least one bound is told."""
        return self.least is not None or self.most is not None
