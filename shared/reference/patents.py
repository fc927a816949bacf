"""How long a patent lasts by its kind and its day of filing (专利法第四十二条)."""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta
from functools import cache

from shared.identifiers import patent_kind
from shared.reference.tables import national_table


@cache
def _terms() -> tuple[tuple[str, date, int], ...]:
    rows = [
        (row["kind"], date.fromisoformat(row["filed_from"]), int(row["years"]))
        for row in national_table("patent-terms")
    ]
    return tuple(sorted(rows, key=lambda row: row[1], reverse=True))


def last_day_of_patent(patent_no: str, filed_on: date) -> date | None:
    """The last day of its term, if every fee is paid; None where the table has no term for it."""
    kind = patent_kind(patent_no)
    years = next((years for of, since, years in _terms() if of == kind and filed_on >= since), None)
    if years is None:
        return None
    # A day that the last year lacks is its month's last.
    missing = (filed_on.month, filed_on.day) == (2, 29) and not isleap(filed_on.year + years)
    end = filed_on.replace(year=filed_on.year + years, day=28 if missing else filed_on.day)
    return end - timedelta(days=1)
