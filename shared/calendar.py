"""Business time: timestamps are UTC, dates are those of Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

_SHANGHAI = ZoneInfo("Asia/Shanghai")


_reading: Callable[[], datetime] | None = None


def now() -> datetime:
    """The business clock: the real one, unless a simulation has put another in its place."""
    return datetime.now(UTC) if _reading is None else _reading()


@contextmanager
def clock(reading: Callable[[], datetime]) -> Generator[None]:
    """For simulations: what `now` answers in this process inside the block. Tokens and the database keep real time."""
    global _reading  # noqa: PLW0603 (one clock per process)
    before, _reading = _reading, reading
    try:
        yield
    finally:
        _reading = before


def business_date(moment: datetime) -> date:
    """The calendar date in China at `moment`."""
    return moment.astimezone(_SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """The moment at which `day` begins in China."""
    return datetime.combine(day, time.min, _SHANGHAI)


def business_time(moment: datetime) -> time:
    """The time of day that a clock in China shows at `moment`."""
    return moment.astimezone(_SHANGHAI).time()


def iso_utc(moment: datetime) -> str:
    """`2024-06-06T01:02:03Z`, whole seconds: the form used in everything that is signed."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_minute(moment: datetime) -> str:
    """`2024-06-06 09:00` as a clock in China shows it."""
    return moment.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")
