"""Leave rows out of a worksheet and move the others up, with their heights, merges and links."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.dimensions import DimensionHolder
from openpyxl.worksheet.merge import MergedCellRange
from openpyxl.worksheet.worksheet import Worksheet

Moved = Callable[[int], int]


def leave_out(worksheet: Worksheet, header_row: int, dropped: Sequence[int]) -> Moved:
    """Remove the rows `dropped` (in order, all below `header_row`); returns where each other row stands now.

    openpyxl's own delete_rows moves every cell once per gap and leaves heights, merges and links behind.
    """
    gone = set(dropped)

    def moved(row: int) -> int:
        return row - bisect_left(dropped, row)

    if gone:
        _move_cells(worksheet, gone, moved)
        _move_heights(worksheet, gone, moved)
        _move_merges(worksheet, gone, moved)
    _show_all(worksheet, header_row)
    return moved


def _move_cells(worksheet: Worksheet, gone: set[int], moved: Moved) -> None:
    cells = worksheet._cells  # noqa: SLF001 - the only way to move a million cells once
    kept = [(key, cell) for key, cell in cells.items() if key[0] not in gone]
    cells.clear()
    for (row, column), cell in kept:
        cell.row = moved(row)
        cells[cell.row, column] = cell
        link = getattr(cell, "hyperlink", None)
        if link is not None:
            link.ref = cell.coordinate


def _move_heights(worksheet: Worksheet, gone: set[int], moved: Moved) -> None:
    dimensions = worksheet.row_dimensions
    kept = [(row, dimension) for row, dimension in dimensions.items() if row not in gone]
    dimensions.clear()
    for row, dimension in kept:
        dimension.index = moved(row)
        dimensions[moved(row)] = dimension


def _move_merges(worksheet: Worksheet, gone: set[int], moved: Moved) -> None:
    for area in list(worksheet.merged_cells.ranges):
        if not isinstance(area, MergedCellRange):
            continue
        if any(row in gone for row in range(area.min_row, area.max_row + 1)):
            worksheet.merged_cells.ranges.remove(area)
        else:
            area.min_row, area.max_row = moved(area.min_row), moved(area.max_row)


def _show_all(worksheet: Worksheet, header_row: int) -> None:
    """What needs work must be seen: no row stays hidden, by hand or by a filter; the filter's buttons stay."""
    worksheet.auto_filter.filterColumn = []
    dimensions: DimensionHolder[Any, Any] = worksheet.row_dimensions
    for row, dimension in dimensions.items():
        if row > header_row:
            dimension.hidden = False


def settle_formulas(content: bytes, worksheet: Worksheet, header_row: int, moved: Moved) -> None:
    """Replace formulas below the heading by their last results: they point at rows that moved.

    A formula without a result, or in error, stays: somebody has to look at it.
    """
    formulas = {
        place: cell
        for place, cell in worksheet._cells.items()  # noqa: SLF001
        if place[0] > header_row and isinstance(cell, Cell) and cell.data_type == "f"
    }
    if not formulas:
        return
    results = load_workbook(BytesIO(content), read_only=True, data_only=True)[worksheet.title]
    results.reset_dimensions()
    for row in results.iter_rows(min_row=header_row + 1):
        for result in row:
            if result.value is None or result.data_type == "e":
                continue
            cell = formulas.get((moved(result.row), result.column))
            if cell is not None and cell.data_type == "f":
                cell.value = result.value
                cell.data_type = result.data_type
