"""Find the table on each sheet: the header row by its headings, and each column of the layout by name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.intake.imports import errors
from services.intake.imports.cell_values import MONEY_UNITS
from services.intake.imports.workbook_columns import Column, Sheet
from services.intake.imports.workbook_guard import SheetRow
from services.intake.imports.workbook_layout import ENTERPRISES, SHEETS
from shared.errors import Problem, Violation

_HEADER_WITHIN = 10
_UNIT = re.compile(r"(.+?)\((?:单位[::]?)?(%|人|件|份|" + "|".join(MONEY_UNITS) + r")\)")


@dataclass(frozen=True, slots=True)
class Placed:
    """A column of the layout at a position of this workbook; `unit` as its heading states it."""

    column: Column
    index: int
    unit: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet's table. `columns` by field; `rows` below the header that have a value in some known column."""

    sheet: Sheet
    header_row: int
    columns: Mapping[str, Placed]
    rows: list[SheetRow]
    warnings: tuple[Violation, ...]

    def cell(self, row: int, field: str) -> str:
        """Reference such as `企业!F12`; the key column stands in for a column that the workbook lacks."""
        placed = self.columns.get(field) or self.columns["uscc"]
        return f"{self.sheet.title}!{column_letters(placed.index)}{row}"


def column_letters(index: int) -> str:
    """A for 0, Z for 25, AA for 26."""
    letters = ""
    index += 1
    while index:
        index, remainder = divmod(index - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def find_tables(rows_by_sheet: Mapping[str, Sequence[SheetRow]]) -> dict[str, Table]:
    """Tables by sheet key; a detail sheet that is absent or blank has none, 企业 always has one with rows.

    Raises Problem `workbook_headings_missing`, `workbook_headings_repeated` or `workbook_empty`.
    """
    missing: list[Violation] = []
    tables: dict[str, Table] = {}
    for sheet in SHEETS:
        rows = rows_by_sheet.get(sheet.title)
        if rows:
            table = _find_table(sheet, rows)
            missing += _missing_headings(table)
            tables[sheet.key] = table
        elif sheet is ENTERPRISES and rows is None:
            missing.append(_missing_sheet(sheet))
    if missing:
        raise Problem(errors.WORKBOOK_HEADINGS_MISSING, violations=missing)
    if ENTERPRISES.key not in tables or not tables[ENTERPRISES.key].rows:
        raise Problem(errors.WORKBOOK_EMPTY)
    return tables


def _find_table(sheet: Sheet, rows: Sequence[SheetRow]) -> Table:
    spellings = {_heading(name)[0]: column for column in sheet.columns for name in (column.heading, *column.aliases)}
    head = [row for row in rows if row.number <= rows[0].number + _HEADER_WITHIN][:_HEADER_WITHIN]
    header = max(head, key=lambda row: len({column.field for column, _, _ in _headings(row, spellings) if column}))
    columns, unknown = _place(sheet, header, spellings)
    indexes = [placed.index for placed in columns.values()]
    data = [row for row in rows if row.number > header.number and _has_value(row, indexes)]
    warnings = [_unknown_column(sheet, header.number, index, text) for index, text in unknown]
    warnings += [_absent_column(sheet, column) for column in sheet.columns if _worth_a_warning(column, columns)]
    return Table(sheet, header.number, columns, data, tuple(warnings))


def _headings(row: SheetRow, spellings: Mapping[str, Column]) -> Iterator[tuple[Column | None, int, str]]:
    for index, cell in enumerate(row.cells):
        if isinstance(cell, str):
            yield spellings.get(_heading(cell)[0]), index, cell


def _place(
    sheet: Sheet, header: SheetRow, spellings: Mapping[str, Column]
) -> tuple[dict[str, Placed], list[tuple[int, str]]]:
    columns: dict[str, Placed] = {}
    unknown: list[tuple[int, str]] = []
    for column, index, text in _headings(header, spellings):
        if column is None:
            unknown.append((index, text))
            continue
        if column.field in columns:
            cell = f"{sheet.title}!{column_letters(index)}{header.number}"
            repeated = Violation(
                "heading_repeated", f"表头“{column.heading}”重复", "The heading is repeated", cell=cell
            )
            raise Problem(errors.WORKBOOK_HEADINGS_REPEATED, violations=[repeated])
        unit = _heading(text)[1]
        columns[column.field] = Placed(column, index, unit if unit in MONEY_UNITS else None)
    return columns, unknown


def _heading(text: str) -> tuple[str, str | None]:
    """A heading without ornament, and the unit in its brackets."""
    plain = re.sub(r"[\s*“”\"'‘’]", "", unicodedata.normalize("NFKC", text))
    match = _UNIT.fullmatch(plain)
    return (match.group(1), match.group(2)) if match else (plain, None)


def _has_value(row: SheetRow, indexes: Sequence[int]) -> bool:
    return any(index < len(row.cells) and row.cells[index] is not None for index in indexes)


def _missing_headings(table: Table) -> list[Violation]:
    return [
        _missing_heading(table.sheet, table.header_row, column)
        for column in table.sheet.columns
        if column.required and column.field not in table.columns
    ]


def _missing_sheet(sheet: Sheet) -> Violation:
    return Violation("sheet_missing", f"缺少工作表“{sheet.title}”", f"No sheet {sheet.title}", cell=sheet.title)


def _missing_heading(sheet: Sheet, row: int, column: Column) -> Violation:
    where = f"{sheet.title}!A{row}"
    return Violation("heading_missing", f"缺少表头“{column.heading}”", f"No heading {column.heading}", cell=where)


def _unknown_column(sheet: Sheet, row: int, index: int, text: str) -> Violation:
    cell = f"{sheet.title}!{column_letters(index)}{row}"
    shown = " ".join(text.split())[:30]
    return Violation("unknown_column", f"表头“{shown}”不在模板中，该列未读取", "Unknown column; not read", cell=cell)


def _worth_a_warning(column: Column, columns: Mapping[str, Placed]) -> bool:
    return column.field not in columns and not column.required and not column.field.startswith("@")


def _absent_column(sheet: Sheet, column: Column) -> Violation:
    return Violation(
        "column_absent", f"没有“{column.heading}”列，视为未填报", f"No column {column.heading}", cell=sheet.title
    )
