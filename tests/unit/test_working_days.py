"""Working days: 调休 both ways, long holidays, and years that nobody has arranged yet."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import working_days
from shared.errors import Problem
from shared.reference.province import CalendarYear, load_province, province
from shared.working_days import end_of_term, is_working_day, working_days_left

COVERED = st.dates(date(2024, 1, 1), date(2026, 10, 1))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-09-28", True),  # a Sunday worked for 国庆、中秋 2025
        ("2025-10-08", False),  # a Wednesday off
        ("2025-10-11", True),  # a Saturday worked
        ("2026-09-20", True),  # a Sunday worked for 国庆 2026
        ("2026-10-07", False),
        ("2026-10-10", True),
        ("2026-11-21", False),
        ("2026-11-23", True),
    ],
)
def test_weekends_that_are_worked_and_weekdays_that_are_not(day: str, works: bool) -> None:
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2025-09-26", 5, "2025-10-10"),  # 28, 29, 30 September, then 9 and 10 October
        ("2025-09-26", 6, "2025-10-11"),  # the Saturday is worked
        ("2026-09-30", 3, "2026-10-10"),  # 8, 9 October and the Saturday
        ("2026-11-23", 5, "2026-11-30"),
        ("2026-11-21", 1, "2026-11-23"),  # published on a Saturday
        ("2026-11-21", 0, "2026-11-21"),
    ],
)
def test_a_term_begins_after_its_first_day(start: str, days: int, end: str) -> None:
    assert end_of_term(date.fromisoformat(start), days).isoformat() == end


@given(start=COVERED, days=st.integers(1, 30))
def test_a_term_ends_on_a_working_day_and_has_so_many(start: date, days: int) -> None:
    last = end_of_term(start, days)
    assert is_working_day(last)
    assert working_days_left(start, last) == days
    assert working_days_left(last, last) == 0
    assert end_of_term(start, days - 1) < last


def test_a_year_that_nobody_has_arranged_is_refused() -> None:
    with pytest.raises(Problem) as refusal:
        end_of_term(date(2026, 12, 30), 5)
    assert (refusal.value.kind.code, refusal.value.detail_zh) == ("calendar_year_not_covered", "2027")
    assert end_of_term(date(2026, 12, 30), 1) == date(2026, 12, 31)


def _with_year(
    tmp_path: Path, holidays: str, workdays: str, source: str = "国办发明电〔2026〕0号（虚构）"
) -> CalendarYear:
    shutil.copytree(province().folder, tmp_path, dirs_exist_ok=True)
    text = (tmp_path / "province.toml").read_text(encoding="utf-8")
    text += f'\n[[calendar_year]]\nyear = 2027\nsource = "{source}"\nholidays = [{holidays}]\nworkdays = [{workdays}]\n'
    (tmp_path / "province.toml").write_text(text, encoding="utf-8")
    return load_province(tmp_path).calendar_years[2027]


def test_the_provinces_data_may_arrange_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_year(tmp_path, "2027-01-01", "2027-01-03")
    monkeypatch.setattr(working_days, "province", lambda: load_province(tmp_path))
    assert not is_working_day(date(2027, 1, 1))
    assert is_working_day(date(2027, 1, 3))  # a Sunday worked
    assert end_of_term(date(2026, 12, 31), 2) == date(2027, 1, 4)
    with pytest.raises(Problem):
        is_working_day(date(2027, 1, 1) + timedelta(days=365))


@pytest.mark.parametrize(
    ("holidays", "workdays", "source"),
    [("2026-01-01", "", "x"), ("2027-01-01", "2027-01-01", "x"), ("2027-01-01", "", " ")],
)
def test_days_of_another_year_both_kinds_or_without_a_source_are_refused(
    tmp_path: Path, holidays: str, workdays: str, source: str
) -> None:
    with pytest.raises(ValueError, match="calendar_year 2027"):
        _with_year(tmp_path, holidays, workdays, source)
