"""Write a form as the cells of a workbook: the reader's inverse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from services.intake.imports.cell_values import CellValue
from services.intake.imports.registered_places import Place, registered_places
from services.intake.imports.workbook_columns import CITY, COMPANION, COUNT, Column, Kind
from services.intake.imports.workbook_layout import DETAILS, ENTERPRISES

# Cells by field of the layout, and rows of such cells by sheet key.
CellRow = dict[str, CellValue]
SheetRows = dict[str, list[CellRow]]

# What one unit of a column is worth in the form: 万元 in 元, percent as it is.
_FACTORS: Mapping[Kind, Decimal] = {
    "money": Decimal(10_000),
    "signed_money": Decimal(10_000),
    "percent": Decimal(1),
}
# Excel keeps fifteen significant digits of a number; longer amounts travel as text.
_EXACT_DIGITS = 15


def rows_of(forms: Iterable[Mapping[str, Any]]) -> SheetRows:
    """Rows of every sheet for forms as JSON (`ApplicationForm.model_dump(mode="json")`): money in 元 as text.

    A list that is null has a blank count (not answered), an empty one the count 0. Names that hold a separator
    (、 or ;) or stand for nothing (无, -) do not survive the way back.
    """
    places = {place.code: place for place in registered_places().places}
    rows: SheetRows = {ENTERPRISES.key: [], **{sheet.key: [] for sheet in DETAILS}}
    for form in forms:
        rows[ENTERPRISES.key].append(_enterprise_row(form, places))
        for sheet in DETAILS:
            for item in form.get(sheet.key) or ():
                owner: CellRow = {"uscc": form["uscc"], COMPANION: form["name"]}
                rows[sheet.key].append(owner | _cells(item, sheet.columns[2:]))
    return rows


def _enterprise_row(form: Mapping[str, Any], places: Mapping[str, Place]) -> CellRow:
    row = _cells(form, [column for column in ENTERPRISES.columns if not column.field.startswith("@")])
    place = places.get(form["registered_division"])
    if place:
        row[CITY], row["registered_division"] = place.city_name, place.name
    for sheet in DETAILS:
        items = form.get(sheet.key)
        row[COUNT + sheet.key] = None if items is None else len(items)
    return row


def _cells(values: Mapping[str, Any], columns: Iterable[Column]) -> CellRow:
    return {column.field: _cell(_at(values, column.field), column) for column in columns}


def _at(values: Mapping[str, Any], pointer: str) -> Any:
    found: Any = values
    for part in pointer.split("/"):
        found = None if found is None else found.get(part)
    return found


def _cell(value: Any, column: Column) -> CellValue:
    return None if value is None else _written(value, column)


def _written(value: Any, column: Column) -> CellValue:
    if isinstance(value, list):
        return "、".join(str(part) for part in value) or "无"
    if isinstance(value, bool):
        return "是" if value else "否"
    if column.choices:
        return column.choices().labels[value]
    if column.kind == "date":
        return date.fromisoformat(value)
    factor = _FACTORS.get(column.kind)
    return _number(Decimal(value) / factor) if factor else value


def _number(amount: Decimal) -> CellValue:
    digits = amount.normalize().as_tuple().digits
    return float(amount) if len(digits) <= _EXACT_DIGITS else f"{amount:f}"
