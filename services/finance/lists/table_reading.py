"""Read an edition from CSV or XLSX, with the cell of every value."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from services.finance.lists.cells import LABELS, head_value, unguarded
from services.finance.lists.held_file import HeldEntry, HeldFile, HeldValue, UnreadableFileError
from services.finance.lists.rendering import LIST_SHEET, PROOF_SHEET, columns_of


def read_csv(text: str) -> HeldFile:
    """Lines that begin with # are the head, the others the table."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    proof = [(number, row) for number, row in enumerate(rows, start=1) if row and row[0].startswith("#")]
    table = [(number, row) for number, row in enumerate(rows, start=1) if row and not row[0].startswith("#")]
    return _read_table("csv", proof, table, "", "")


def read_xlsx(data: bytes) -> HeldFile:
    """The two sheets of an edition's workbook; any other is stray."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFileError("XLSX 已损坏", f"The workbook is damaged: {error}") from None
    if LIST_SHEET not in found or PROOF_SHEET not in found:
        raise UnreadableFileError(
            f"没有工作表“{LIST_SHEET}”和“{PROOF_SHEET}”", "The two sheets of a list are not there"
        )
    rows = {
        name: [(n, [_cell(one) for one in row]) for n, row in enumerate(sheet, start=1)]
        for name, sheet in found.items()
    }
    held = _read_table("xlsx", rows[PROOF_SHEET][1:], rows[LIST_SHEET], f"{PROOF_SHEET}!", f"{LIST_SHEET}!")
    held.stray += [f"工作表 {name}" for name in found if name not in {LIST_SHEET, PROOF_SHEET}]
    return held


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


_Rows = Sequence[tuple[int, list[str]]]


def _read_table(file_format: str, proof: _Rows, table: _Rows, proof_sheet: str, list_sheet: str) -> HeldFile:
    held = HeldFile(file_format, {}, [])
    for number, row in proof:
        if any(row):
            _take_proof(held, row, proof_sheet, number)
    if held.digest is None or held.signature is None or not table:
        raise UnreadableFileError("没有摘要、签名或表头", "Digest, signature or the heading of the table is missing")
    columns = _columns(held, table[0][1])
    assert held.entries is not None  # noqa: S101 (given above)
    for number, row in table[1:]:
        held.entries.append(_row(columns, row, number, list_sheet))
        held.stray += _filled(row, len(columns) + 1, list_sheet, number)
    return held


def _take_proof(held: HeldFile, row: list[str], sheet: str, number: int) -> None:
    """Label, name, value and check. A second one of a name, another label, and further cells are stray."""
    label, name, text, check = [*row, "", "", "", ""][:4]
    place = f"{sheet}C{number}"
    taken = name in held.head or (name == "digest" and held.digest) or (name == "signature" and held.signature)
    if not name or taken or label.removeprefix("#") != LABELS.get(name, name):
        held.stray.append(f"{sheet}A{number}")
    elif name in {"digest", "signature"}:
        setattr(held, name, HeldValue(text, place))
        held.stray += _filled(row, 3, sheet, number)
    else:
        held.head[name] = HeldValue(head_value(name, unguarded(text)), place, check, f"{sheet}D{number}")
        held.stray += _filled(row, 4, sheet, number)


def _filled(row: list[str], begin: int, sheet: str, number: int) -> list[str]:
    """Cells from `begin` on in which something stands."""
    return [f"{sheet}{_letter(index)}{number}" for index, cell in enumerate(row) if index >= begin and cell]


def _columns(held: HeldFile, heading: list[str]) -> list[str]:
    """The columns as the heading names them, in its order."""
    said = held.head["columns"].value if "columns" in held.head else None
    known = columns_of({"columns": said} if isinstance(said, list) else {})
    by_label = {LABELS.get(name, name): name for name in known}
    return [by_label.get(label, label) for label in heading if label != LABELS["check"]]


def _row(columns: list[str], row: list[str], number: int, sheet: str) -> HeldEntry:
    cells = row + [""] * (len(columns) + 1 - len(row))
    values = {name: unguarded(cell) for name, cell in zip(columns, cells, strict=False)}
    places = {name: f"{sheet}{_letter(index)}{number}" for index, name in enumerate(columns)}
    return HeldEntry(values, places, f"{sheet}{number}", cells[len(columns)], f"{sheet}{_letter(len(columns))}{number}")


def _letter(index: int) -> str:
    """A column as spreadsheets name it: A to Z, then AA."""
    beyond, last = divmod(index, 26)
    return (_letter(beyond - 1) if beyond else "") + chr(ord("A") + last)
