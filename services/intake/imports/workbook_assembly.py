"""Put one enterprise's row and its detail rows together into a form, and lead every violation back to its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
from pydantic import ValidationError

from services.intake.applications.schemas import ApplicationForm
from services.intake.imports.cell_values import CellError, CellValue, FormValue, parse_cell
from services.intake.imports.registered_places import PlaceIndex
from services.intake.imports.workbook_choices import plain
from services.intake.imports.workbook_columns import CITY, COUNT, Sheet
from services.intake.imports.workbook_guard import SheetRow
from services.intake.imports.workbook_layout import DETAILS, ENTERPRISES
from services.intake.imports.workbook_tables import Source, Table
from shared.errors import Violation
from shared.validation import violations_of_model

# A hostile or hopeless row has its first hundred faults listed.
_MOST_VIOLATIONS = 100
_UNKNOWN: Any = object()


@dataclass(slots=True)
class ParsedRow:
    """One row's values by field, and what could not be read, by cell."""

    table: Table
    number: int
    values: dict[str, FormValue] = field(default_factory=dict[str, FormValue])
    faults: dict[str, Violation] = field(default_factory=dict[str, Violation])

    @property
    def uscc(self) -> str | None:
        """The code as written (not validated), or None."""
        value = self.values.get("uscc")
        return value if isinstance(value, str) else None

    def cell(self, name: str) -> str:
        """Reference of this row's cell under the column `name`."""
        return self.table.cell(self.number, name)

    def fault(self, name: str, code: str, message_zh: str, message_en: str) -> None:
        """Note what is wrong with the cell under `name`; the first fault of a cell stands."""
        cell = self.cell(name)
        self.faults.setdefault(cell, Violation(code, message_zh, message_en, cell=cell))


def parse_row(table: Table, row: SheetRow) -> ParsedRow:
    """Read every known column of a row; a cell that cannot be read is a fault and its field stays missing."""
    parsed = ParsedRow(table, row.number)
    cells, width = row.cells, len(row.cells)
    for source in table.sources:
        if source.index < width and (cell := cells[source.index]) is not None:
            _parse_into(parsed, source, cell)
    return parsed


def _parse_into(parsed: ParsedRow, source: Source, cell: CellValue) -> None:
    name = source.name
    try:
        value = _parsed(source, cell)
    except CellError as error:
        parsed.fault(name, error.code, error.message_zh, error.message_en)
        return
    if value is not None and parsed.values.setdefault(name, value) != value:
        parsed.fault(name, "units_disagree", "同一金额的两列（万元、元）不一致", "The columns in 万元 and in 元 differ")


def _parsed(source: Source, cell: CellValue) -> FormValue:
    """Most texts and days stand in many cells of their column. Numbers are not kept: 1 and true are equal keys."""
    if not isinstance(cell, str | date):
        return parse_cell(cell, source.column, source.unit)
    value = source.known.get(cell, _UNKNOWN)
    if value is _UNKNOWN:
        value = source.known[cell] = parse_cell(cell, source.column, source.unit)
    return value


Details = Mapping[str, Sequence[ParsedRow]]


def assemble(row: ParsedRow, details: Details, places: PlaceIndex) -> ApplicationForm | list[Violation]:
    """The enterprise's form, or everything that is wrong with its row and its `details` (rows by sheet key)."""
    _resolve_division(row, places)
    lists = {sheet.key: _detail_list(row, sheet, details.get(sheet.key, ())) for sheet in DETAILS}
    _link_products(details)
    document = _nested(row) | {
        key: None if rows is None else [_nested(item) for item in rows] for key, rows in lists.items()
    }
    faults = dict(row.faults)
    for rows in details.values():
        for item in rows:
            faults |= item.faults
    form: ApplicationForm | None = None
    try:
        # As JSON, which is how forms come by any other way, and quicker.
        form = ApplicationForm.model_validate_json(orjson.dumps(document))
    except ValidationError as error:
        for violation in violations_of_model(error, most=None):
            for cell in _cells_of(violation, row, details):
                # A field that could not be read is missing in the form; the reader's own reason says more.
                faults.setdefault(
                    cell, Violation(violation.code, violation.message_zh, violation.message_en, cell=cell)
                )
    return form if form is not None and not faults else list(faults.values())[:_MOST_VIOLATIONS]


def _resolve_division(row: ParsedRow, places: PlaceIndex) -> None:
    county, city = _text(row.values.get("registered_division")), _text(row.values.pop(CITY, None))
    try:
        places.check_city(city)
    except CellError as error:
        row.fault(CITY, error.code, error.message_zh, error.message_en)
        city = None
    try:
        code = places.find(county, city)
    except CellError as error:
        row.fault("registered_division", error.code, error.message_zh, error.message_en)
    else:
        row.values |= {"registered_division": code} if code else {}


def _text(value: FormValue) -> str | None:
    return value if isinstance(value, str) else None


def _detail_list(row: ParsedRow, sheet: Sheet, rows: Sequence[ParsedRow]) -> Sequence[ParsedRow] | None:
    """The rows; None (not answered) when there are none and the count is blank. A wrong count is a fault."""
    count = row.values.pop(COUNT + sheet.key, None)
    if count is None:
        return rows or None
    if count != len(rows):
        row.fault(
            COUNT + sheet.key,
            "detail_count_mismatch",
            f"填报 {count}，但“{sheet.title}”表中找到 {len(rows)} 行",
            f"{count} stated, {len(rows)} rows found",
        )
    return rows


def _link_products(details: Details) -> None:
    """Spell the patents' linked products as the product sheet does: width, case and spaces do not matter."""
    names = {
        plain(name): name for row in details.get("products", ()) if isinstance(name := row.values.get("name"), str)
    }
    for patent in details.get("patents", ()):
        linked = patent.values.get("product_names")
        if isinstance(linked, list):
            patent.values["product_names"] = [names.get(plain(name), name) for name in linked]


def _nested(row: ParsedRow) -> dict[str, Any]:
    """The row's values as the form's JSON; the key column of a detail row belongs to no item."""
    document: dict[str, Any] = {}
    is_item = row.table.sheet is not ENTERPRISES
    for name, value in row.values.items():
        if name == "uscc" and is_item:
            continue
        if "/" in name:
            parent, leaf = name.split("/")
            document.setdefault(parent, {})[leaf] = value
        else:
            document[name] = value
    if not is_item:
        document.setdefault("declarations", {})
    return document


def _cells_of(violation: Violation, row: ParsedRow, details: Details) -> list[str]:
    parts = (violation.pointer or "").split("/")[1:]
    if not parts or parts[0] not in details:
        return [row.cell(_scalar_field(parts, row.table))]
    rows = details[parts[0]]
    index, *inner = parts[1:] or [""]
    if index.isdecimal():
        item = rows[int(index)]
        return [item.cell(inner[0] if inner else item.table.sheet.fault_fields.get(violation.code, "uscc"))]
    return _list_cells(violation.code, rows, details) or [row.cell(COUNT + parts[0])]


def _scalar_field(parts: Sequence[str], table: Table) -> str:
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in table.columns:
            return name
    return COUNT + parts[0] if parts else "uscc"


def _list_cells(code: str, rows: Sequence[ParsedRow], details: Details) -> list[str]:
    """Where a rule over a whole list was broken: the repeated rows, or the patents with unknown products."""
    if code == "duplicate_patent":
        return _repeated(rows, "application_no")
    if code == "duplicate_product":
        return _repeated(rows, "name")
    if code == "product_unknown":
        known = {str(row.values.get("name")) for row in details.get("products", ())}
        return [row.cell("product_names") for row in rows if not _linked(row) <= known]
    return []


def _linked(row: ParsedRow) -> set[str]:
    linked = row.values.get("product_names")
    return set(linked) if isinstance(linked, list) else set()


def _repeated(rows: Sequence[ParsedRow], name: str) -> list[str]:
    seen: set[str] = set()
    cells: list[str] = []
    for row in rows:
        key = plain(str(row.values.get(name))).removeprefix("ZL").replace(".", "")
        if key in seen:
            cells.append(row.cell(name))
        seen.add(key)
    return cells
