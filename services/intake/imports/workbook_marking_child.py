"""The short-lived process that marks a workbook: bounded memory and time, nothing but standard streams.

The scan has refused document types, bombs and far cells before openpyxl sees a byte; no file is ever written.
"""

from __future__ import annotations

import json
import sys
import warnings
import zipfile
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.worksheet.worksheet import Worksheet
from openpyxl.writer.excel import ExcelWriter

from services.intake.imports.workbook_confinement import receive
from services.intake.imports.workbook_marking_rows import leave_out, settle_formulas
from services.intake.imports.workbook_marking_rules import restore_entry_rules
from services.intake.imports.workbook_marking_scan import check_areas
from services.intake.imports.workbook_marking_sheet import clear_marks, put_marks
from services.intake.imports.workbook_marking_summary import add_summary
from services.intake.imports.workbook_marking_thinning import without_rows
from services.intake.imports.workbook_scan import ScanLimits, WorkbookRefusedError, scan


def main() -> None:
    """The wishes name a `plan` (a MarkingPlan as JSON) beside the limits of this process."""
    wishes, content = receive()
    warnings.simplefilter("ignore")  # openpyxl warns of what it leaves out; nobody reads this process
    try:
        scan(content, wishes["plan"]["sheets"], ScanLimits(wishes["max_unpacked_bytes"]))
        check_areas(content)
        sys.stdout.buffer.write(_marked(content, wishes["plan"]))
    except WorkbookRefusedError as refusal:
        sys.stdout.write(json.dumps({"refused": refusal.code, "cell": refusal.cell}))


def _marked(content: bytes, plan: dict[str, Any]) -> bytes:
    content = without_rows(content, {title: sheet["dropped"] for title, sheet in plan["sheets"].items()})
    workbook = load_workbook(BytesIO(content), rich_text=True)
    sheets = _sheets(workbook, plan["sheets"])
    for title, worksheet in sheets.items():
        sheet_plan = plan["sheets"][title]
        clear_marks(worksheet, sheet_plan["header_row"])
        restore_entry_rules(content, worksheet)
        moved = leave_out(worksheet, sheet_plan["header_row"], sheet_plan["dropped"])
        settle_formulas(content, worksheet, sheet_plan["header_row"], moved)
        for mark in sheet_plan["marks"].values():
            mark["moved"] = mark["reference"].rstrip("0123456789") + str(moved(mark["row"]))
        put_marks(worksheet, sheet_plan["marks"].values())
    add_summary(workbook, plan, {title: worksheet.title for title, worksheet in sheets.items()})
    return _saved(workbook)


def _sheets(workbook: Workbook, wanted: dict[str, Any]) -> dict[str, Worksheet]:
    """Worksheets by the layout's title; as for the reader, the first of several counts and spaces do not."""
    found: dict[str, Worksheet] = {}
    for worksheet in workbook.worksheets:
        if worksheet.title.strip() in wanted:
            found.setdefault(worksheet.title.strip(), worksheet)
    return found


class _MemoryWriter(ExcelWriter):
    """openpyxl passes each sheet through a temporary file, which this process may not write."""

    def write_worksheet(self, ws: Worksheet) -> None:
        part = BytesIO()
        writer: Any = WorksheetWriter(ws, part)
        writer.write()
        own: Any = self
        sheet: Any = ws
        sheet._rels = writer._rels  # noqa: SLF001 - as the method that this one replaces
        own._archive.writestr(ws.path[1:], part.getvalue())  # noqa: SLF001
        self.manifest.append(ws)


def _saved(workbook: Workbook) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        _MemoryWriter(workbook, archive).write_data()
    return stream.getvalue()


if __name__ == "__main__":
    main()
