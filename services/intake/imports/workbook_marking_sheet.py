"""Colour bad cells, say at each what is wrong, and take the marks of an earlier round away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.formatting.formatting import ConditionalFormattingList
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import PatternFill
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.worksheet import Worksheet

AUTHOR = "培育系统 Peiyu"
COLOUR = "FFF4A6A0"
# What the officer had written at the cell comes back when the mark goes.
_EARLIER = "\n—— 原批注 / Earlier note ——\n"
# True, and recognisable: the template's own rules would otherwise paint over the colour of a cell.
_SIGNATURE = 'LEN("peiyu-mark")=10'
# A sheet with more comments than this opens slowly; further cells are coloured without one.
MOST_COMMENTS = 5_000
_MOST_TEXT = 1_500


def clear_marks(worksheet: Worksheet, header_row: int) -> None:
    """Undo `put_marks` of an earlier round, and give the officer's other notes the size of their text."""
    for cell in worksheet._cells.values():  # noqa: SLF001 - iter_rows would create the cells in between
        if not isinstance(cell, Cell) or cell.comment is None:
            continue
        if cell.comment.author != AUTHOR:
            _fit(cell.comment)
            continue
        _, found, earlier = cell.comment.text.partition(_EARLIER)
        cell.comment = _note(earlier, "") if found else None
    for (row, _), cell in worksheet._cells.items():  # noqa: SLF001
        if row > header_row and cell.has_style and cell.fill.fgColor.rgb == COLOUR:
            cell.fill = PatternFill()
    _keep_rules(worksheet, ConditionalFormattingList())


def _keep_rules(worksheet: Worksheet, first: ConditionalFormattingList) -> None:
    """Let the rules of `first` stand before the officer's, in rank and in the file: programs differ in what counts."""
    for area in worksheet.conditional_formatting:
        for rule in area.rules:
            if rule.formula != [_SIGNATURE]:
                rule.priority = first.max_priority + 1
                first.add(str(area.sqref), rule)
    worksheet.conditional_formatting = first


def put_marks(worksheet: Worksheet, marks: Iterable[Mapping[str, Any]]) -> None:
    """Colour the cell `moved` of each mark and comment it with its texts, Chinese first."""
    fill = PatternFill("solid", fgColor=COLOUR, bgColor=COLOUR)
    references: list[str] = []
    for number, mark in enumerate(marks):
        cell = worksheet.cell(*coordinate_to_tuple(mark["moved"]))
        references.append(mark["moved"])
        cell.fill = fill
        if number < MOST_COMMENTS and isinstance(cell, Cell):
            earlier = f"{_EARLIER}{cell.comment.text}" if cell.comment else ""
            cell.comment = _note(f"{_text(mark)}{earlier}", AUTHOR)
    if references:
        rules = ConditionalFormattingList()
        rules.add(" ".join(references[:MOST_COMMENTS]), FormulaRule([_SIGNATURE], stopIfTrue=True, fill=fill))
        _keep_rules(worksheet, rules)


def _text(mark: Mapping[str, Any]) -> str:
    zh, en = "\n".join(mark["texts_zh"]), "\n".join(mark["texts_en"])
    return printable(f"{zh}\n{en}")[:_MOST_TEXT]


def printable(text: str) -> str:
    """The text without what XML cannot hold."""
    return "".join(character if character.isprintable() or character == "\n" else "�" for character in text)


def _note(text: str, author: str) -> Comment:
    note = Comment(text, author)
    _fit(note)
    return note


def _fit(note: Comment) -> None:
    """As wide as the template's notes and as high as the text: a note that is cut off is not read."""
    lines = sum(1 + len(line.encode()) // 48 for line in note.text.split("\n"))
    note.width, note.height = 260, max(60, min(420, 18 * lines + 14))
