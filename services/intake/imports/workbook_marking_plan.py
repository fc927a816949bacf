"""Decide what a marked workbook keeps: the rows that still need work, and what to say at which of their cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from services.intake.imports.workbook_assembly import ParsedRow, parse_row
from services.intake.imports.workbook_columns import Sheet
from services.intake.imports.workbook_guard import SheetRow
from services.intake.imports.workbook_layout import DETAILS, ENTERPRISES
from services.intake.imports.workbook_reader import RejectedRowReading
from services.intake.imports.workbook_tables import Table
from shared.errors import Violation
from shared.identifiers import IdentifierError, parse_uscc

# On 企业 a second row of an enterprise is refused for itself alone: details belong to the first.
_NOT_THE_OWNER = {"duplicate_in_workbook"}
Position = tuple[str, int]


@dataclass(slots=True)
class Mark:
    """What is wrong at one cell; `reference` is without its sheet, `row` and `code` say whose it is.

    `follows`: the cell repeats what is marked on 企业 and changes with it.
    """

    reference: str
    row: int
    code: str
    texts_zh: list[str] = field(default_factory=list[str])
    texts_en: list[str] = field(default_factory=list[str])
    follows: bool = False

    def say(self, text_zh: str, text_en: str) -> None:
        """Add a reason, once."""
        if text_zh not in self.texts_zh:
            self.texts_zh.append(text_zh)
            self.texts_en.append(text_en)


@dataclass(slots=True)
class SheetPlan:
    """`dropped` rows are left out, in order; `marks` by reference such as C5, as in the workbook that came."""

    header_row: int
    dropped: list[int]
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])


@dataclass(slots=True)
class MarkingPlan:
    """By sheet title. `enterprises` counts the rows of 企业 that need mending, `strays` detail rows without an enterprise.

    `untouched` counts rows of 企业 that are good and stay all the same: the file was rehearsed, or taken in whole or not at all.
    """

    sheets: dict[str, SheetPlan]
    enterprises: int = 0
    untouched: int = 0
    strays: int = 0


def plan_marking(tables: Mapping[str, Table], rejected: Sequence[RejectedRowReading]) -> MarkingPlan:
    """`tables` by sheet key, as the reader finds them, and every row that was rejected from the same workbook."""
    by_position: dict[Position, list[Violation]] = {}
    for one in rejected:
        by_position.setdefault((one.sheet, one.row), []).extend(one.violations)
    kept, owners = _kept_enterprises(tables[ENTERPRISES.key], by_position)
    wrong = {code for code in owners if not _is_code(code)}
    faulty = sum(bool(by_position[position]) for position in kept)
    plan = MarkingPlan({}, enterprises=faulty, untouched=len(kept) - faulty)
    codes: dict[Position, str] = dict(kept)
    plan.sheets[ENTERPRISES.title] = _sheet_plan(tables[ENTERPRISES.key], {row for _, row in kept})
    for sheet in _present(DETAILS, tables):
        table = tables[sheet.key]
        rows = _kept_details(table, by_position, owners)
        codes |= rows
        plan.strays += sum(position in by_position for position in rows)
        plan.sheets[sheet.title] = _sheet_plan(table, {row for _, row in rows})
        for (_, row), code in rows.items():
            if code in wrong:
                _follow(plan.sheets[sheet.title], table, row, code)
    for position, violations in by_position.items():
        _mark_all(plan, tables, codes, position, violations)
    return plan


def _present(sheets: Iterable[Sheet], tables: Mapping[str, Table]) -> Iterable[Sheet]:
    return (sheet for sheet in sheets if sheet.key in tables)


def _kept_enterprises(
    table: Table, by_position: Mapping[Position, Sequence[Violation]]
) -> tuple[dict[Position, str], set[str]]:
    kept: dict[Position, str] = {}
    owners: set[str] = set()
    for row in table.rows:
        position = (table.sheet.title, row.number)
        if position in by_position:
            kept[position] = _code(table, row) or ""
            reasons = {violation.code for violation in by_position[position]}
            # A good row that was not taken in has none.
            if not reasons or not reasons <= _NOT_THE_OWNER:
                owners.add(kept[position])
    return kept, owners - {""}


def _kept_details(
    table: Table, by_position: Mapping[Position, Sequence[Violation]], owners: set[str]
) -> dict[Position, str]:
    kept: dict[Position, str] = {}
    for row in table.rows:
        position = (table.sheet.title, row.number)
        code = _code(table, row) or ""
        if code in owners or position in by_position:
            kept[position] = code
    return kept


def _code(table: Table, row: SheetRow) -> str | None:
    key = tuple(source for source in table.sources if source.name == "uscc")
    return parse_row(replace(table, sources=key), row).uscc


def _sheet_plan(table: Table, kept: set[int]) -> SheetPlan:
    return SheetPlan(table.header_row, [row.number for row in table.rows if row.number not in kept])


def _is_code(text: str) -> bool:
    try:
        return bool(parse_uscc(text))
    except IdentifierError:
        return False


def _follow(sheet: SheetPlan, table: Table, row: int, code: str) -> None:
    """Details name their enterprise by a code that is wrong: whoever mends it on 企业 must mend it here."""
    reference = ParsedRow(table, row).cell("uscc").rpartition("!")[2]
    mark = sheet.marks[reference] = Mark(reference, row, code, follows=True)
    mark.say(
        f"请改为“{ENTERPRISES.title}”表中改正后的统一社会信用代码",
        f"Write the code as mended on {ENTERPRISES.title}",
    )


def _mark_all(
    plan: MarkingPlan,
    tables: Mapping[str, Table],
    codes: Mapping[Position, str],
    position: Position,
    violations: Sequence[Violation],
) -> None:
    own = next((table for table in tables.values() if table.sheet.title == position[0]), None)
    if own is None or position not in codes:
        return
    for violation in violations:
        title, _, reference = (violation.cell or "").rpartition("!")
        digits = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        place = (title, int(digits)) if digits.isdecimal() else None
        if place is None or place not in codes:
            # A fault of the whole row, or of a row that is not in the file any more, is told at the row's code.
            place, reference = position, ParsedRow(own, position[1]).cell("uscc").rpartition("!")[2]
        marks = plan.sheets[place[0]].marks
        mark = marks.setdefault(reference, Mark(reference, place[1], codes[place] or codes[position]))
        mark.say(violation.message_zh, violation.message_en)
        mark.follows = False
