"""Keep drop-downs that openpyxl would lose: Excel saves lists on another sheet in an extension of its own."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import Any
from xml.etree import ElementTree as ET

from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from services.intake.imports.workbook_scan import sheet_parts

_EXTENDED = re.compile(rb"<(\w+):dataValidations\b.*?</\1:dataValidations>", re.DOTALL)
_PREFIXES = re.compile(rb"(</?)\w+:(?=\w)")
_DECLARED = re.compile(rb"\s[\w]+:[\w]+=(\"[^\"]*\"|'[^']*')")


def restore_entry_rules(content: bytes, worksheet: Worksheet) -> None:
    """Add the extension's entry rules of this sheet as ordinary ones, which every program since 2010 reads."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        part = archive.read(sheet_parts(archive)[worksheet.title])
    found = _EXTENDED.search(part, part.rfind(b"</sheetData>") + 1)
    if found is None:
        return
    # Without prefixes and their declarations; any document type was refused before.
    plain = _DECLARED.sub(b"", _PREFIXES.sub(rb"\1", found.group()))
    for rule in ET.fromstring(plain):  # noqa: S314
        worksheet.add_data_validation(_ordinary(rule))


def _ordinary(rule: ET.Element) -> DataValidation:
    names = ("type", "operator", "errorStyle", "errorTitle", "error", "promptTitle", "prompt")
    flags = ("allowBlank", "showErrorMessage", "showInputMessage", "showDropDown")
    said: dict[str, Any] = {name: rule.get(name) for name in names if rule.get(name)}
    said |= {name: rule.get(name) in ("1", "true") for name in flags}
    return DataValidation(
        **said,
        formula1=rule.findtext("formula1/f"),
        formula2=rule.findtext("formula2/f"),
        sqref=rule.findtext("sqref") or "",
    )
