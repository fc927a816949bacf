"""Qualifications that a form names and the catalogue does not know as facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from shared.reference.qualifications import qualification_types

SINGLE_CHAMPION = ("single_champion", "single_champion_provincial")


def held(form: Mapping[str, Any] | None, types: Collection[str], on: date) -> bool | None:
    """Whether a form names one of the types as in force on a day; None where it does not say, or no form is there."""
    listed = None if form is None else form.get("qualifications")
    if listed is None:
        return None
    answers = [_in_force(one, on) for one in listed if one.get("type") in types]
    return True if True in answers else None if None in answers else False


def _in_force(one: Mapping[str, Any], on: date) -> bool | None:
    issued = one.get("issued_on")
    if issued is None:
        return None
    first, last = date.fromisoformat(issued), one.get("expires_on")
    if last is not None:
        return first <= on <= date.fromisoformat(last)
    years = qualification_types()[one["type"]].validity_years
    # Issued on 1 November 2022 for three years: 31 October 2025 is the last day.
    return first <= on and (years is None or on <= _years_later(first, years) - timedelta(days=1))


def _years_later(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, month=3 if leap_day else day.month, day=1 if leap_day else day.day)
