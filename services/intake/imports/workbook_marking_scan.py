"""Refuse workbooks whose merged or linked areas would have openpyxl create cells by the billion."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

from openpyxl.utils.cell import range_boundaries

from services.intake.imports.workbook_scan import WorkbookRefusedError, sheet_parts

# openpyxl creates every cell of a merged or linked area. Headings of a few full rows stay far below.
_MOST_CELLS = 300_000
_AREA = re.compile(rb"<(?:\w{1,9}:)?(?:mergeCell|hyperlink)\s[^>]{0,600}?\bref\s*=\s*[\"']([^\"']{1,40})[\"']")


def check_areas(content: bytes) -> None:
    """Raise WorkbookRefusedError when all areas together cover more cells than any form has."""
    covered = 0
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for title, part in sheet_parts(archive).items():
            xml = archive.read(part)
            # Both kinds stand behind the cells.
            for match in _AREA.finditer(xml, max(0, xml.rfind(b"</sheetData>"))):
                covered += _cells(match.group(1).decode(errors="replace"), title)
            if covered > _MOST_CELLS:
                raise WorkbookRefusedError("workbook_out_of_range", cell=title)


def _cells(reference: str, title: str) -> int:
    try:
        left, top, right, bottom = range_boundaries(reference)
    except ValueError:
        raise WorkbookRefusedError("workbook_unreadable", cell=title) from None
    if left is None or top is None or right is None or bottom is None:
        return _MOST_CELLS + 1
    return (right - left + 1) * (bottom - top + 1)
