"""Working days in China, 调休 included: by the library's calendar, and by the province's data beyond it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import date, timedelta

import chinese_calendar

from shared.errors import ErrorKind, Problem
from shared.reference.province import province

CALENDAR_NOT_COVERED = ErrorKind(
    "calendar_year_not_covered",
    409,
    "The holidays of that year are not known yet; list them in the province's data with their source",
    "该年度放假安排尚未收录，请先在本省数据中补充并注明来源",
)
_DAY = timedelta(days=1)
_assumed = False


@contextmanager
def weekdays_assumed() -> Generator[None]:
    """For simulations of years to come: where nobody has said which days are off, Monday to Friday are worked."""
    global _assumed  # noqa: PLW0603 (one calendar per process)
    before, _assumed = _assumed, True
    try:
        yield
    finally:
        _assumed = before


def is_working_day(day: date) -> bool:
    """Whether offices work on `day`; Problem `calendar_year_not_covered` where nobody has said so of its year.

    What the province's data file says of a year goes before the library.
    """
    stated = province().calendar_years.get(day.year)
    if stated is not None and day in stated.holidays:
        return False
    if stated is not None and day in stated.workdays:
        return True
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        if stated is None and not _assumed:
            year = str(day.year)
            raise Problem(CALENDAR_NOT_COVERED, detail_en=year, detail_zh=year) from None
        return day.isoweekday() <= 5


def end_of_term(start: date, working_days: int) -> date:
    """The last day of a term of so many working days; the day on which it starts does not count (民法典第二百零一条).

    A term of no days ends on the day on which it starts.
    """
    day = start
    for _ in range(working_days):
        day += _DAY
        while not is_working_day(day):
            day += _DAY
    return day


def working_days_left(today: date, last: date) -> int:
    """How many working days follow `today` up to and including `last`."""
    days = (today + index * _DAY for index in range(1, (last - today).days + 1))
    return sum(is_working_day(day) for day in days)
