"""Find the table on each sheet: the header row by its headings, and each column of the layout by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.intake.imports import errors
from services.intake.imports.cell_values import DEFAULT_UNIT, CellValue, FormValue
from services.intake.imports.workbook_columns import Column, Sheet
from services.intake.imports.workbook_guard import SheetRow
from services.intake.imports.workbook_headings import Head, is_note
from services.intake.imports.workbook_layout import ENTERPRISES, SHEETS
from shared.errors import Problem, Violation

# A warning names the first few rows.
_SHOWN_ROWS = 10


@dataclass(frozen=True, slots=True)
class Placed:
    """A column of the layout at a position of this workbook; `unit` as its heading states it.

    `others`: positions and units of further columns for the same figure.
    """

    column: Column
    index: int
    unit: str | None
    others: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A position that a field is read from; `known` is what its texts and days were read as so far."""

    name: str
    index: int
    column: Column
    unit: str | None
    known: dict[CellValue, FormValue] = field(default_factory=dict[CellValue, FormValue])


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet's table. `columns` by field; `rows` below the header that have a value in some known column.

    `sources`: every position that is read, those of one field together.
    """

    sheet: Sheet
    header_row: int
    columns: Mapping[str, Placed]
    rows: list[SheetRow]
    warnings: tuple[Violation, ...]
    sources: tuple[Source, ...]

    def cell(self, row: int, name: str) -> str:
        """Reference such as `企业!F12`; the key column stands in for a column that the workbook lacks."""
        placed = self.columns.get(name) or self.columns["uscc"]
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
    head = Head(sheet, rows)
    columns, unknown = _place(sheet, head)
    indexes = [index for placed in columns.values() for index, _ in ((placed.index, None), *placed.others)]
    positions = {name: placed.index for name, placed in columns.items()}
    below = [row for row in rows if row.number > head.last and _has_value(row, indexes)]
    notes = [row for row in below if "uscc" in positions and is_note(row, positions)]
    skipped = {row.number for row in notes}
    data = [row for row in below if row.number not in skipped]
    warnings = [_unknown_column(sheet, row, index, text) for row, index, text in unknown]
    warnings += [_absent_column(sheet, column) for column in sheet.columns if _worth_a_warning(column, columns)]
    warnings += [_note_row(sheet, row) for row in notes]
    hidden = [row.number for row in data if row.hidden]
    warnings += [_hidden_rows(sheet, hidden)] if hidden else []
    return Table(sheet, head.last, columns, data, tuple(warnings), tuple(_sources(columns)))


def _sources(columns: Mapping[str, Placed]) -> Iterator[Source]:
    for name, placed in columns.items():
        for index, unit in ((placed.index, placed.unit), *placed.others):
            yield Source(name, index, placed.column, unit)


def _place(sheet: Sheet, head: Head) -> tuple[dict[str, Placed], list[tuple[int, int, str]]]:
    columns: dict[str, Placed] = {}
    unknown: list[tuple[int, int, str]] = []
    for column, index, text, row in head.columns():
        if column is None:
            unknown.append((row, index, text))
            continue
        unit = head.unit(index, text) if column.kind in ("money", "signed_money") else None
        placed = columns.get(column.field)
        if placed is None:
            columns[column.field] = Placed(column, index, unit)
        elif unit and unit not in {placed.unit or DEFAULT_UNIT, *(other for _, other in placed.others)}:
            # The same figure in 万元 and in 元, side by side.
            columns[column.field] = Placed(column, placed.index, placed.unit, (*placed.others, (index, unit)))
        else:
            cell = f"{sheet.title}!{column_letters(index)}{row}"
            repeated = Violation(
                "heading_repeated", f"表头“{column.heading}”重复", "The heading is repeated", cell=cell
            )
            raise Problem(errors.WORKBOOK_HEADINGS_REPEATED, violations=[repeated])
    return columns, unknown


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


def _note_row(sheet: Sheet, row: SheetRow) -> Violation:
    first = next(cell for cell in row.cells if isinstance(cell, str))
    shown = " ".join(first.split())[:20]
    cell = f"{sheet.title}!A{row.number}"
    return Violation(
        "note_row",
        f"第 {row.number} 行“{shown}”按说明或合计处理，未读取",
        "Taken for a note or a sum; not read",
        cell=cell,
    )


def _hidden_rows(sheet: Sheet, rows: Sequence[int]) -> Violation:
    """Hidden rows are entries all the same: a filter left on must not lose an enterprise without a word."""
    named = "、".join(str(row) for row in rows[:_SHOWN_ROWS]) + ("等" if len(rows) > _SHOWN_ROWS else "")
    return Violation(
        "hidden_rows_read",
        f"“{sheet.title}”有 {len(rows)} 行被隐藏或筛选（第 {named} 行），已照常读取；不申报的请删除",
        f"{len(rows)} hidden or filtered rows were read like the others; delete what is not meant",
        cell=f"{sheet.title}!A{rows[0]}",
    )
