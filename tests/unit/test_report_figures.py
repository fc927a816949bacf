"""What reports tell of a member: newest figures, products since admission, progress, and what stays unknown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evaluation.adjustment.members import MEMBER_COLUMNS, members_frame
from services.evaluation.adjustment.outcomes import outcomes
from services.evaluation.adjustment.report_figures import Baseline, Reported, report_columns
from services.evaluation.adjustment.rules import rules_in_force

RULES = rules_in_force(date(2026, 1, 1))
ADMITTED = date(2024, 7, 1)
BASELINE = Baseline(ADMITTED, 1, 2)
END = date(2026, 12, 31)


def product(
    year: int = 2023, on: str | None = "2023-12-20", **amounts: tuple[str | None, str | None]
) -> dict[str, Any]:
    years = [
        {"year": int(name.removeprefix("y")), "sales_cny": sales, "profit_cny": profit}
        for name, (sales, profit) in amounts.items()
    ]
    return {"name": "示范产品", "recognised_year": year, "recognised_on": on, "years": years}


def told(
    covers_to: date, industrialised: int | None = 1, valid: int | None = 2, *products: Any, days: int = 184
) -> Reported:
    form = {
        "patents": {"industrialised_count": industrialised, "valid_count": valid},
        "recognised_products": None if products == (None,) else list(products),
    }
    return Reported(covers_to - timedelta(days=days), covers_to, form)


def columns(*reports: Reported, on: date = END) -> dict[str, Any]:
    return report_columns(RULES, BASELINE, reports, on)


def test_without_a_report_nothing_is_known() -> None:
    found = columns()
    assert {name for name, value in found.items() if value is not None} == {"progress_known"}
    assert found["progress_known"] is False
    assert columns(on=date(2025, 1, 1))["progress_known"] is True


def test_the_newest_report_up_to_the_day_tells_and_what_it_leaves_out_is_unknown() -> None:
    first, second = told(date(2024, 12, 31), 1, 2), told(date(2025, 6, 30), 2, None)
    assert columns(first, second)["latest_industrialised"] == 2
    assert columns(first, second)["latest_valid"] is None
    assert columns(first, second, on=date(2025, 1, 1))["latest_industrialised"] == 1


@pytest.mark.parametrize(
    ("products", "count"),
    [
        ((), 0),
        ((None,), None),
        ((product(2023),), 0),
        ((product(2024, "2024-07-02"),), 1),
        ((product(2024, "2024-07-01"),), 0),
        # Of the year of admission without a day: unknown, unless another is certain.
        ((product(2024, None),), None),
        ((product(2024, None), product(2025, None)), 1),
    ],
)
def test_products_recognised_since_admission(products: tuple[Any, ...], count: int | None) -> None:
    assert columns(told(date(2025, 6, 30), 1, 2, *products))["new_intensive_products"] == count


def test_amounts_are_of_the_products_recognised_by_admission_in_whole_years() -> None:
    held = product(2023, "2023-12-20", y2023=("100.00", "-5.00"), y2024=("120.50", "1.00"), y2025=("999.00", "9.00"))
    new = product(2025, "2025-02-01", y2025=("50.00", "5.00"))
    found = columns(told(date(2025, 6, 30), 1, 2, held, new))
    amounts = [found[name] for name in ("baseline_sales", "latest_sales", "baseline_profit", "latest_profit")]
    assert amounts == [10_000, 12_050, -500, 100]
    assert columns(told(date(2025, 12, 31), 1, 2, held, new))["latest_sales"] == 99_900
    gap = product(2023, "2023-12-20", y2023=("100.00", None), y2024=(None, "1.00"))
    found = columns(told(date(2025, 6, 30), 1, 2, held, gap))
    assert (found["latest_sales"], found["baseline_profit"], found["latest_profit"]) == (None, None, 200)
    assert columns(told(date(2025, 6, 30), 1, 2))["baseline_sales"] == 0


def test_progress_is_the_last_report_that_tells_of_more_and_a_gap_leaves_it_unknown() -> None:
    first, second = told(date(2024, 12, 31), 2, 2), told(date(2025, 6, 30), 2, 2)
    found = columns(first, second, on=date(2025, 12, 31))
    assert (found["progress_on"], found["progress_known"]) == (date(2024, 12, 31), True)
    # Half a year that nobody reported on.
    late = told(date(2025, 12, 31), 2, 2)
    assert columns(first, late, on=date(2026, 1, 31))["progress_known"] is False
    # Progress after the gap makes it certain again.
    better = told(date(2025, 12, 31), 3, 4)
    found = columns(first, better, on=date(2026, 1, 31))
    assert (found["progress_on"], found["progress_known"]) == (date(2025, 12, 31), True)


def test_a_term_that_ran_out_after_the_last_report_is_not_known() -> None:
    reports = [told(date(2024, 12, 31)), told(date(2025, 6, 30)), told(date(2025, 12, 31), days=184)]
    assert columns(*reports, on=date(2026, 7, 1))["progress_known"] is True
    assert columns(*reports, on=date(2026, 7, 2))["progress_known"] is False
    last = told(date(2026, 6, 30)), told(date(2026, 12, 31), days=184)
    assert columns(*reports, *last, on=END)["progress_known"] is True


_amount = st.none() | st.integers(0, 10**6).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
_products = st.lists(
    st.builds(
        lambda year, day, a, b: product(year, day, y2023=(a, b), y2024=(b, a), y2025=(a, a)),
        st.integers(2022, 2025),
        st.none() | st.dates(date(2022, 1, 1), date(2025, 12, 31)).map(date.isoformat),
        _amount,
        _amount,
    ),
    max_size=3,
)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 8), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), st.none() | _products
        ),
        max_size=5,
    ),
    st.integers(0, 1500),
)
def test_whatever_is_reported_can_be_judged(found: list[tuple[int, int | None, int | None, Any]], days: int) -> None:
    on = ADMITTED + timedelta(days=days)
    reports: list[Reported] = []
    end = ADMITTED
    for months, industrialised, valid, products in found:
        end += timedelta(days=30 * months)
        listed = (None,) if products is None else tuple(products)
        reports.append(told(end, industrialised, valid, *listed, days=30 * months - 1))
    row = {
        "membership_id": "m",
        "uscc": "u",
        "city_code": "c",
        "admitted_on": ADMITTED,
        "baseline_industrialised": 1,
        "baseline_valid": 2,
        "incident_kinds": [],
        "held_graduation": False,
        "held_exit": False,
        **report_columns(RULES, BASELINE, reports, on),
    }
    assert row.keys() == MEMBER_COLUMNS.keys()
    assert (row["progress_on"] or on) <= on
    judged = outcomes(RULES, members_frame([row]), on)
    assert judged.height == 1
    # What was reported after the day says nothing of it.
    assert report_columns(RULES, BASELINE, [one for one in reports if one.covers_to <= on], on).items() <= row.items()
