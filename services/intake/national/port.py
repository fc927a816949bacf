"""What we need of the national system, whichever way it is reached: a port; its adapters are `http` and `file`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.intake.national.wire import ListingPage, OutRecord, RecordAnswer


@dataclass(frozen=True, slots=True)
class Parcel:
    """Records that go out together. `id` makes a repeated attempt the same one."""

    id: uuid.UUID
    records: Sequence[OutRecord]


class NationalPort(Protocol):
    """Both methods may take long and are called outside any transaction."""

    async def deliver(self, parcel: Parcel) -> Mapping[str, RecordAnswer]:
        """Answers by record key. A record without an answer has none yet. LineError, AnswerError or RefusedError."""
        ...

    async def listing(self, cursor: str | None) -> ListingPage:
        """A page of all records that the national system holds of us; LineError or AnswerError."""
        ...


class LineError(Exception):
    """The line is down, busy, or does not let us in: no record is at fault. `retry_after_seconds` is their wish."""

    def __init__(self, message: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class AnswerError(Exception):
    """They failed, or answered what cannot be understood: perhaps because of a record."""


class RefusedError(Exception):
    """They refused the parcel as a whole, for its content."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
