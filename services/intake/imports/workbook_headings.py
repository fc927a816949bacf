"""Read the head of a table: which row it is, what each column is called, and in which unit its money stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from services.intake.imports.cell_values import MONEY_UNITS
from services.intake.imports.workbook_columns import Column, Sheet
from services.intake.imports.workbook_guard import SheetRow

_HEADER_WITHIN = 10
# Headings often stand in two rows: groups above, their members below.
_ROWS_ABOVE, _ROWS_BELOW = 2, 1
_UNITS = "|".join(sorted(MONEY_UNITS, key=len, reverse=True))
_UNIT = re.compile(rf"(.+?)\((?:单位[::]?)?(?:人民币)?(%|人|件|份|{_UNITS})\)")
_STATED_UNIT = re.compile(rf"单位[::为]?\(?(?:人民币)?({_UNITS})(?=$|[)·,。;])")
Label = tuple[int, str]


class Head:
    """The head of a sheet: `first` and `last` row of it, and the text over each column."""

    def __init__(self, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
        self._spellings = {
            heading_of(name)[0]: column for column in sheet.columns for name in (column.heading, *column.aliases)
        }
        near = [row for row in rows if row.number <= rows[0].number + _HEADER_WITHIN][:_HEADER_WITHIN]
        header = max(near, key=lambda row: len({column.field for column in self._known(row)}))
        self.row = header.number
        self._above = [row for row in near if row.number < header.number]
        self._below = [row for row in near if 0 < row.number - header.number <= _ROWS_BELOW and any(self._known(row))]
        self.last = max([header.number, *(row.number for row in self._below)])
        self._header = header

    def columns(self) -> Iterator[tuple[Column | None, int, str, int]]:
        """The layout's column (None where the heading is not known), index, text and row of each heading."""
        beside = [row for row in self._above if self.row - row.number <= _ROWS_ABOVE][::-1] + self._below
        width = max(len(row.cells) for row in (self._header, *beside))
        for index in range(width):
            labels = [(row.number, text) for row in (self._header, *beside) if (text := _text(row, index))]
            known = next((label for label in labels if self.column(label[1])), None)
            row, text = known or next((label for label in labels if label[0] == self.row), (0, ""))
            if text:
                yield self.column(text), index, text, row

    def column(self, text: str) -> Column | None:
        """The column of the layout that has this heading."""
        return self._spellings.get(heading_of(text)[0])

    def unit(self, index: int, text: str) -> str | None:
        """The unit of money under a heading: its own, that of the group above, or what the title rows say."""
        own = heading_of(text)[1]
        if own in MONEY_UNITS:
            return own
        for row in reversed(self._above[-_ROWS_ABOVE:]):
            group = next((found for at in range(index, -1, -1) if (found := _text(row, at))), "")
            if (unit := heading_of(group)[1]) in MONEY_UNITS:
                return unit
        stated = {unit for row in self._above for unit in _stated(row)}
        return stated.pop() if len(stated) == 1 else None

    def _known(self, row: SheetRow) -> Iterator[Column]:
        return (column for cell in row.cells if isinstance(cell, str) and (column := self.column(cell)))


def _text(row: SheetRow, index: int) -> str:
    cell = row.cells[index] if index < len(row.cells) else None
    return cell if isinstance(cell, str) else ""


def _stated(row: SheetRow) -> Iterator[str]:
    for cell in row.cells:
        if isinstance(cell, str):
            yield from _STATED_UNIT.findall(_plain(cell))


def heading_of(text: str) -> tuple[str, str | None]:
    """A heading without ornament, and the unit in its brackets."""
    plain = _plain(text)
    match = _UNIT.fullmatch(plain)
    return (match.group(1), match.group(2)) if match else (plain, None)


def _plain(text: str) -> str:
    return re.sub(r"[\s\u200b-\u200f\u2060\ufeff*“”\"'‘’]", "", unicodedata.normalize("NFKC", text))


# What people write below a table, or between its parts.
_NOTE = re.compile(
    r"(?:注|备注|说明|填表说明)(?:\d*[::].*)?|(?:合计|总计|小计|共计)[::]?"
    r"|(?:填表人|制表人|审核人|经办人|负责人|单位负责人|填报单位|填表日期|填报日期|联系人|制表日期)[::(].*"
)
_CODE = re.compile(r"[0-9A-Z]{15,}")


def is_note(row: SheetRow, columns: Mapping[str, int]) -> bool:
    """Whether a row below the heading is a remark, a signature or a sum, and not an entry without its code."""
    key = _plain(_text(row, columns["uscc"])).upper()
    first = next((cell for cell in row.cells if cell is not None), None)
    return not _CODE.search(key) and isinstance(first, str) and _NOTE.fullmatch(_plain(first)) is not None
