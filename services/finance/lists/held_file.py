"""What a file that an edition or a signed statement came in says, with the place of every value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class UnreadableFileError(Exception):
    """The file is none that a list comes in."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value with its place in the file, and the check that stands beside it, None where it has none."""

    value: Any
    place: str
    check: str | None = None
    check_place: str = ""


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """One entry; `places` names the place of each of its values."""

    values: dict[str, Any]
    places: Mapping[str, str]
    place: str
    check: str | None = None
    check_place: str = ""


@dataclass(slots=True)
class HeldFile:
    """What a file says; `entries` is None for a signed statement, which has no table.

    `stray` names places that say something which no signature covers.
    """

    format: str
    head: dict[str, HeldValue] = field(default_factory=dict[str, HeldValue])
    entries: list[HeldEntry] | None = None
    digest: HeldValue | None = None
    signature: HeldValue | None = None
    stray: list[str] = field(default_factory=list[str])

    def content(self) -> dict[str, Any]:
        """What the signature would be over."""
        values = {name: one.value for name, one in self.head.items()}
        return values if self.entries is None else values | {"entries": [one.values for one in self.entries]}
