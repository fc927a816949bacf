"""二(六)12 once more, one member at a time with fractions and words of its own: slow, plain, independent."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

ON = date(2026, 7, 31)
NO, UNKNOWN, YES = 0, 1, 2
WORDS = {NO: False, UNKNOWN: None, YES: True}
IMMEDIATE = ("safety_accident", "serious_dishonesty", "tax_evasion")
AFTER_NOTICE = ("data_falsification", "abnormal_patent_filings", "other_violation")
LARGEST = 10**15


@dataclass(frozen=True)
class Reading:
    """The numbers and readings judged by."""

    rate_and_either: bool = True
    rate_needs: str = "either"
    points: Fraction = Fraction(5)
    relative: Fraction = Fraction(10)
    products: int = 1
    sales: Fraction = Fraction(20)
    profit: Fraction = Fraction(20)
    months: int = 24
    from_admission: bool = False
    stall_at_once: bool = False

    def settings(self) -> dict[str, str | int | bool]:
        """As the parameters of the rules."""
        return {
            "grouping": "rate_and_either" if self.rate_and_either else "rate_and_new_or_growth",
            "rate_needs": self.rate_needs,
            "rate_points": text(self.points),
            "rate_relative_percent": text(self.relative),
            "new_products": self.products,
            "sales_growth_percent": text(self.sales),
            "profit_growth_percent": text(self.profit),
            "stall_months": self.months,
            "stall_from": "admission" if self.from_admission else "last_progress",
            "stall_effect": "immediate" if self.stall_at_once else "after_notice",
        }


def text(number: Fraction) -> str:
    """A decimal of at most four places."""
    whole, part = divmod(int(number * 10000), 10000)
    return f"{whole}.{part:04}"


def quotient(part: int | None, whole: int | None) -> Fraction | None:
    return None if part is None or whole is None or whole <= 0 else Fraction(part, whole)


def share(part: int | None, whole: int | None) -> Fraction | None:
    found = quotient(part, whole)
    return None if found is None or found > 1 else found


def at_least(value: Fraction | None, threshold: Fraction) -> int:
    return UNKNOWN if value is None else YES if value >= threshold else NO


def months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def tests(row: Mapping[str, Any], reading: Reading) -> dict[str, int]:
    """Each test of graduation."""
    was = share(row["baseline_industrialised"], row["baseline_valid"])
    now = share(row["latest_industrialised"], row["latest_valid"])
    both_known = was is not None and now is not None
    points = at_least(now - was if both_known else None, reading.points / 100)
    relative = at_least((now - was) / was if both_known and was else None, reading.relative / 100)
    sales, profit = (
        NO
        if None not in (before, after) and before <= 0 and after <= before
        else at_least(
            quotient(None if None in (before, after) else after - before, before),
            percent / 100,
        )
        for before, after, percent in (
            (row["baseline_sales"], row["latest_sales"], reading.sales),
            (row["baseline_profit"], row["latest_profit"], reading.profit),
        )
    )
    new = row["new_intensive_products"]
    return {
        "rate_improved": {
            "points": points,
            "relative": relative,
            "either": max(points, relative),
            "both": min(points, relative),
        }[reading.rate_needs],
        "new_product": at_least(None if new is None else Fraction(new), Fraction(reading.products)),
        "sales_growth": sales,
        "profit_growth": profit,
        "product_growth": min(sales, profit),
    }


def without_progress(row: Mapping[str, Any], reading: Reading, on: date) -> int:
    progress = row["progress_on"]
    counts = progress is not None and progress >= row["admitted_on"]
    if reading.from_admission and counts:
        return NO
    since = progress if counts else row["admitted_on"]
    if on <= months_later(since, reading.months):
        return NO
    return YES if row["progress_known"] else UNKNOWN


def expected(row: Mapping[str, Any], reading: Reading, on: date = ON) -> dict[str, Any]:
    """outcome, reason_code and every three-valued result."""
    found = tests(row, reading)
    rate, new, grown = found["rate_improved"], found["new_product"], found["product_growth"]
    graduation = min(rate, max(new, grown)) if reading.rate_and_either else max(min(rate, new), grown)
    idle = without_progress(row, reading, on)
    kinds = [kind for kind in (*IMMEDIATE, *AFTER_NOTICE) if kind in row["incident_kinds"]]
    reason = kinds[0] if kinds else "no_progress" if idle == YES else None
    outcome, code = _decided(row, reading, graduation, idle, kinds)
    return {
        "outcome": outcome,
        "reason_code": code or reason,
        "graduation": WORDS[graduation],
        "exit": True if kinds else WORDS[idle],
        "exit_reason": reason,
        "no_progress": WORDS[idle],
        "misconduct": bool(kinds),
        **{name: WORDS[value] for name, value in found.items()},
    }


def _decided(
    row: Mapping[str, Any], reading: Reading, graduation: int, idle: int, kinds: list[str]
) -> tuple[str, str | None]:
    if kinds:
        if row["held_exit"]:
            return "hold_exit", None
        return ("exit" if set(kinds) & set(IMMEDIATE) else "exit_after_notice"), None
    if graduation == YES:
        return ("hold_graduation" if row["held_graduation"] else "graduate"), "graduation_met"
    if idle == YES:
        return ("hold_exit" if row["held_exit"] else "exit" if reading.stall_at_once else "exit_after_notice"), None
    if graduation == UNKNOWN:
        return ("unknown", "both_unknown") if idle == UNKNOWN else ("unknown_graduation", "graduation_unknown")
    return ("unknown_exit", "exit_unknown") if idle == UNKNOWN else ("stay", "criteria_not_met")


COUNTS = st.none() | st.integers(0, 40) | st.sampled_from((0, LARGEST, LARGEST - 1))
PERCENTS = st.sampled_from([Fraction(n, 10000) for n in (1, 5000, 20000, 50000, 100000, 999999, 333333)])


@st.composite
def members(draw: st.DrawFn) -> dict[str, Any]:
    """A member whose figures are often on a threshold, missing, zero or enormous."""
    baselines = [draw(COUNTS) for _ in range(2)]
    profit = draw(st.none() | st.integers(-LARGEST, LARGEST) | st.sampled_from((0, 100)))
    sales = draw(COUNTS | st.just(100))
    admitted = ON - timedelta(days=draw(st.integers(0, 1000) | st.integers(725, 735)))
    return {
        "uscc": "u",
        "city_code": "420100",
        "admitted_on": admitted,
        "baseline_industrialised": baselines[0],
        "baseline_valid": baselines[1],
        "latest_industrialised": draw(COUNTS),
        "latest_valid": draw(COUNTS),
        "new_intensive_products": draw(st.none() | st.integers(0, 3)),
        "baseline_sales": sales,
        "latest_sales": draw(COUNTS | st.sampled_from((119, 120, 121))),
        "baseline_profit": profit,
        "latest_profit": draw(st.none() | st.integers(-LARGEST, LARGEST) | st.sampled_from((119, 120))),
        "progress_on": draw(st.none() | st.integers(0, 1200).map(lambda days: ON - timedelta(days=days))),
        "progress_known": draw(st.booleans()),
        "incident_kinds": draw(st.lists(st.sampled_from((*IMMEDIATE, *AFTER_NOTICE)), max_size=2) | st.just([])),
        "held_graduation": draw(st.booleans()),
        "held_exit": draw(st.booleans()),
    }


READINGS = st.builds(
    Reading,
    rate_and_either=st.booleans(),
    rate_needs=st.sampled_from(("points", "relative", "either", "both")),
    points=PERCENTS,
    relative=PERCENTS,
    products=st.integers(1, 3),
    sales=PERCENTS,
    profit=PERCENTS,
    months=st.integers(1, 40),
    from_admission=st.booleans(),
    stall_at_once=st.booleans(),
)
