"""Read a workbook of applications: good rows become forms, bad rows are reported by sheet, row, column and reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.intake.applications.schemas import ApplicationForm
from services.intake.imports import errors
from services.intake.imports.registered_places import registered_places
from services.intake.imports.workbook_assembly import ParsedRow, assemble, parse_row
from services.intake.imports.workbook_guard import WorkbookLimits, sheet_rows
from services.intake.imports.workbook_layout import DETAILS, ENTERPRISES
from services.intake.imports.workbook_tables import Table, find_tables
from shared.errors import Problem, Violation


@dataclass(frozen=True, slots=True)
class ReadForm:
    """A good row of 企业 with its details; `key_cell` is its 统一社会信用代码."""

    sheet: str
    row: int
    key_cell: str
    form: ApplicationForm


@dataclass(frozen=True, slots=True)
class RejectedRowReading:
    """A bad row. For an enterprise it is the row of 企业, even where the violations stand on a detail sheet."""

    sheet: str
    row: int
    uscc: str | None
    violations: list[Violation]


@dataclass(slots=True)
class WorkbookReading:
    """`rows_read` counts the rows of 企业; every one is in `forms` or, with its own row number, in `rejections`.

    `rejections` also holds detail rows that belong to no enterprise. `warnings` name columns that were not read.
    """

    rows_read: int
    forms: list[ReadForm] = field(default_factory=list[ReadForm])
    rejections: list[RejectedRowReading] = field(default_factory=list[RejectedRowReading])
    warnings: list[Violation] = field(default_factory=list[Violation])


# What stands in the code's place may be anything; the report shows its beginning.
_SHOWN_CODE = 40
_DEFAULT_LIMITS = WorkbookLimits()


def read_workbook(content: bytes, limits: WorkbookLimits = _DEFAULT_LIMITS) -> WorkbookReading:
    """Read the bytes of an uploaded .xlsx; synchronous and CPU-bound.

    Raises Problem with a kind of `services.intake.imports.errors` when the file as a whole is refused; a bad row
    never is a reason for that. Money is read as 万元 unless the heading or the cell says otherwise.
    """
    tables = find_tables(sheet_rows(content, limits))
    enterprises = tables[ENTERPRISES.key]
    if len(enterprises.rows) > limits.max_enterprises:
        found = f"“{ENTERPRISES.title}”有 {len(enterprises.rows)} 行，最多 {limits.max_enterprises} 行"
        raise Problem(errors.WORKBOOK_TOO_MANY_ROWS, detail_zh=found)
    reading = WorkbookReading(len(enterprises.rows))
    reading.warnings = [warning for table in tables.values() for warning in table.warnings]
    details, homeless = _details(tables)
    owners = _read_enterprises(enterprises, details, reading)
    reading.rejections += [_orphan(row) for row in homeless]
    reading.rejections += [
        _orphan(row)
        for sheets in details.values()
        for rows in sheets.values()
        for row in rows
        if row.uscc not in owners
    ]
    return reading


Grouped = Mapping[str, Mapping[str, list[ParsedRow]]]


def _details(tables: Mapping[str, Table]) -> tuple[Grouped, list[ParsedRow]]:
    """Detail rows by enterprise code and sheet key, and those without a code."""
    grouped: dict[str, dict[str, list[ParsedRow]]] = defaultdict(lambda: defaultdict(list))
    homeless: list[ParsedRow] = []
    for sheet in DETAILS:
        table = tables.get(sheet.key)
        if table is None:
            continue
        for row in table.rows:
            parsed = parse_row(table, row)
            if parsed.uscc is None:
                homeless.append(parsed)
            else:
                grouped[parsed.uscc][sheet.key].append(parsed)
    return grouped, homeless


def _read_enterprises(table: Table, details: Grouped, reading: WorkbookReading) -> set[str]:
    """Fill `reading` row by row; returns the codes that stand on 企业, good or bad."""
    places = registered_places()
    first_rows: dict[str, int] = {}
    for row in table.rows:
        parsed = parse_row(table, row)
        code = parsed.uscc
        if code is not None and first_rows.setdefault(code, row.number) != row.number:
            reading.rejections.append(_duplicate(parsed, first_rows[code]))
            continue
        form = assemble(parsed, details.get(code or "", {}), places)
        if isinstance(form, ApplicationForm):
            reading.forms.append(ReadForm(table.sheet.title, row.number, parsed.cell("uscc"), form))
        else:
            reading.rejections.append(_rejected(parsed, form))
    return set(first_rows)


def _duplicate(row: ParsedRow, first: int) -> RejectedRowReading:
    violation = Violation(
        "duplicate_in_workbook",
        f"与第 {first} 行是同一企业，本行未采用",
        f"Same enterprise as row {first}; this row is not used",
        cell=row.cell("uscc"),
    )
    return _rejected(row, [violation])


def _orphan(row: ParsedRow) -> RejectedRowReading:
    title = ENTERPRISES.title
    violation = (
        Violation("required", "必填", "Required", cell=row.cell("uscc"))
        if row.uscc is None and row.cell("uscc") not in row.faults
        else Violation(
            "detail_orphan", f"“{title}”表中没有该企业", f"No such enterprise on {title}", cell=row.cell("uscc")
        )
    )
    found = {row.cell("uscc"): violation} | row.faults
    return _rejected(row, list(found.values()))


def _rejected(row: ParsedRow, violations: list[Violation]) -> RejectedRowReading:
    shown = row.uscc[:_SHOWN_CODE] if row.uscc else None
    return RejectedRowReading(row.table.sheet.title, row.number, shown, violations)
