"""The demo's workbook and single submissions: invented enterprises of every city, and what should become of them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from services.demo.awkward_cases import ACCEPTED, REJECTED, AwkwardCase, Verdict
from services.demo.invented_forms import Form, Inventor
from services.demo.invented_trades import TRADES
from services.intake.imports.workbook_columns import COMPANION
from services.intake.imports.workbook_layout import FIRST_DATA_ROW
from services.intake.imports.workbook_rows import SheetRows, rows_of
from services.intake.imports.workbook_template import write_workbook
from shared.reference.divisions import Division

DUPLICATE = "duplicate_in_workbook"
# The awkward cases, one duplicate and some ordinary neighbours.
_FEWEST = len(ACCEPTED) + len(REJECTED) + 7
_LATER_ROW = 25
_WORKBOOK_SERIES, _FORM_SERIES = "W", "H"
_MOST = 9_999
DEFAULT_AS_OF = date(2026, 11, 20)


@dataclass(frozen=True, slots=True)
class Case:
    """One row of 企业 and what should become of it.

    `label` is a profile such as `strong` or `weak`, or an awkward case; `criteria` are the verdicts it is about;
    `code` is the reason for which the row is rejected.
    """

    row: int
    uscc: str
    name: str
    label: str
    effect: Literal["accepted", "rejected"]
    criteria: Mapping[int, Verdict] = field(default_factory=dict[int, Verdict])
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What reading the workbook must give. `rows` = `good_rows` + `rejected_rows`; orphans are detail rows."""

    cases: tuple[Case, ...]
    orphan_rows: int

    @property
    def rows(self) -> int:
        """Rows of 企业."""
        return len(self.cases)

    @property
    def good_rows(self) -> int:
        """Rows that become applications."""
        return sum(case.effect == "accepted" for case in self.cases)

    @property
    def rejected_rows(self) -> int:
        """Rows of 企业 that are refused."""
        return self.rows - self.good_rows

    @property
    def rejected_by_label(self) -> Mapping[str, int]:
        """Refused rows of 企业 by label."""
        return Counter(case.label for case in self.cases if case.effect == "rejected")

    @property
    def accepted_by_label(self) -> Mapping[str, int]:
        """Rows that become applications, by label."""
        return Counter(case.label for case in self.cases if case.effect == "accepted")

    def case(self, label: str) -> Case:
        """The (first) row with this label; LookupError where there is none."""
        found = next((case for case in self.cases if case.label == label), None)
        if found is None:
            raise LookupError(label)
        return found


def invented_workbook(
    seed: int = 2024, enterprises: int = 200, as_of: date = DEFAULT_AS_OF
) -> tuple[bytes, Expectation]:
    """A workbook with `enterprises` rows on 企业 and what reading it must give.

    The same arguments give the same bytes. `as_of` is the date on which the applications are to be judged; the
    expected verdicts hold on it and for about two months after. ValueError for fewer than forty rows or so.
    """
    if not _FEWEST <= enterprises <= _MOST:
        raise ValueError(f"{_FEWEST} to {_MOST} enterprises")
    inventor = Inventor(seed, _WORKBOOK_SERIES, as_of)
    entries = _entries(inventor, enterprises - 1)
    entries.insert(_LATER_ROW, _second_row_of(entries[0]))
    rows: SheetRows = {}
    cases: list[Case] = []
    for number, (case, sheets) in enumerate(entries, start=FIRST_DATA_ROW):
        for key, more in sheets.items():
            rows.setdefault(key, []).extend(more)
        cases.append(_case(number, case, sheets))
    rows["patents"].append(_orphan(inventor, rows))
    return write_workbook(rows), Expectation(tuple(cases), orphan_rows=1)


def invented_forms(seed: int = 2024, count: int = 20, as_of: date = DEFAULT_AS_OF) -> list[dict[str, Any]]:
    """Applications as JSON (the shape of ApplicationForm) in the usual mixture; codes differ from the workbook's."""
    if count > _MOST:
        raise ValueError(f"at most {_MOST}")
    inventor = Inventor(seed, _FORM_SERIES, as_of)
    counties = inventor.counties(count)
    return [inventor.form(county, profile) for county, profile in zip(counties, inventor.profiles(count), strict=True)]


Entry = tuple[AwkwardCase, SheetRows]


def _entries(inventor: Inventor, count: int) -> list[Entry]:
    """`count` enterprises: an ordinary one first, the awkward ones mixed in, the one with most patents last."""
    counties = inventor.counties(count)
    awkward = [*ACCEPTED, *REJECTED]
    ordinary = [AwkwardCase(profile) for profile in inventor.profiles(count - len(awkward))]
    first, rest = ordinary[0], [*ordinary[1:], *awkward]
    inventor.random.shuffle(rest)
    bulky = "industrialisation_just_under_half"
    ordered = [first, *sorted(rest, key=lambda case: case.label == bulky)]
    return [(case, _written(inventor, county, case)) for case, county in zip(ordered, counties, strict=True)]


def _written(inventor: Inventor, county: Division, case: AwkwardCase) -> SheetRows:
    rows = rows_of([_shaped(inventor, county, case)])
    case.damage(rows)
    return rows


def _shaped(inventor: Inventor, county: Division, case: AwkwardCase) -> Form:
    if case.label in ("strong", "deviation", "unknown", "weak"):
        return inventor.form(county, case.label)
    form = inventor.strong_form(county, inventor.random.choice(TRADES))
    case.shape(inventor, form)
    return form


def _second_row_of(entry: Entry) -> Entry:
    """The first enterprise once more, with another revenue and no details of its own."""
    again = deepcopy(entry[1]["enterprises"])
    again[0]["finance/revenue_cny"] = 8_888.88
    return AwkwardCase(DUPLICATE, code=DUPLICATE), {"enterprises": again}


def _case(number: int, case: AwkwardCase, sheets: SheetRows) -> Case:
    row = sheets["enterprises"][0]
    effect = "rejected" if case.code else "accepted"
    code = unicodedata.normalize("NFKC", str(row["uscc"])).strip()
    return Case(number, code, str(row["name"]), case.label, effect, case.criteria, case.code)


def _orphan(inventor: Inventor, rows: SheetRows) -> dict[str, Any]:
    """A patent of an enterprise that is not on 企业."""
    county = next(inventor.counties(1))
    stray = inventor.strong_form(county, TRADES[0])
    return rows["patents"][0] | {"uscc": stray["uscc"], COMPANION: stray["name"]}
