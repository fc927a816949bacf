"""Colours and cell formats of the workbooks that the system writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from services.intake.imports.workbook_columns import Column, Kind

INK, NAVY, MIST, RULE, PAPER = "#1F2A37", "#17375E", "#F4F8FC", "#D5DCE4", "#FFFFFF"
_FONT = "微软雅黑"
# Band colour and tint of each group of columns, in the order in which groups stand on a sheet.
PALETTE = (
    ("#1F5C99", "#DCE9F5"),
    ("#1B6F7A", "#DAEFF1"),
    ("#2E7D5B", "#DDF0E6"),
    ("#8A5A12", "#F8EBD3"),
    ("#6A4C93", "#EAE2F3"),
    ("#A63D40", "#F9E0DF"),
    ("#5A6672", "#E8EBEE"),
)
_NUMBER_FORMATS: Mapping[Kind, str] = {
    "money": "#,##0.00####",
    "signed_money": "#,##0.00####;[Red]-#,##0.00####",
    "percent": "0.00",
    "integer": "#,##0",
    "year": "0",
    "date": "yyyy-mm-dd",
}
_CENTRED: frozenset[Kind] = frozenset(
    {"boolean", "absence", "date", "year", "choice", "industry", "percent", "integer"}
)
_RIGHT: frozenset[Kind] = frozenset({"money", "signed_money"})
_CODES: frozenset[Kind] = frozenset({"uscc", "patent_no", "ipc", "code", "industry"})


@dataclass(slots=True)
class Styles:
    """Formats of one workbook, made once each."""

    workbook: Workbook

    def of(self, **properties: Any) -> Format:
        """A format in the house font, on top of which `properties` (XlsxWriter's names) apply."""
        base = {"font_name": _FONT, "font_size": 10, "font_color": INK, "valign": "vcenter", "locked": True}
        return self.workbook.add_format(base | properties)

    def title(self) -> Format:
        """The sheet's name on the band at the top."""
        return self.of(bold=True, font_size=18, font_color=PAPER, bg_color=NAVY, align="left", indent=1)

    def subtitle(self) -> Format:
        """The line under the sheet's name."""
        return self.of(font_size=9, font_color="#C9D8EA", bg_color=NAVY, align="left", indent=1, valign="top")

    def band(self, colour: str) -> Format:
        """The name of a group of columns."""
        return self.of(bold=True, font_color=PAPER, bg_color=colour, align="center", border=1, border_color=PAPER)

    def heading(self, colour: str, tint: str) -> Format:
        """A column's heading, in its group's tint."""
        edges = {"left": 1, "right": 1, "left_color": PAPER, "right_color": PAPER, "bottom": 2, "bottom_color": colour}
        return self.of(bold=True, font_color=colour, bg_color=tint, align="center", text_wrap=True, **edges)

    def data(self, column: Column) -> Format:
        """A cell to fill in: unlocked; codes and names are text so that no digit is lost."""
        align = "center" if column.kind in _CENTRED else "right" if column.kind in _RIGHT else "left"
        look: dict[str, Any] = {
            "locked": False,
            "num_format": _NUMBER_FORMATS.get(column.kind, "@"),
            "align": align,
            "border": 1,
            "border_color": RULE,
        }
        if align == "left":
            look["indent"] = 1
        if column.kind in _CODES:
            look["font_name"] = "Consolas"
        if column.kind == "ignored":
            look["font_color"] = "#6B7785"
        return self.of(**look)


def group_colours(columns: tuple[Column, ...]) -> dict[str, tuple[str, str]]:
    """Band colour and tint by group, in order of appearance."""
    groups = list(dict.fromkeys(column.group for column in columns))
    return {group: PALETTE[index % len(PALETTE)] for index, group in enumerate(groups)}
