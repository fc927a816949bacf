"""A bounded look into the zip and XML of a workbook before anything is parsed.

Refuses bombs, entity tricks and far-away cells, and finds the cells that show formula errors.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain
from posixpath import join, normpath
from xml.etree import ElementTree as ET

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_OLD_STREAMS = tuple(name.encode("utf-16-le") for name in ("Workbook\0", "Book\0"))
_MAX_PARTS = 5_000
# Deflate reaches 1,032 to 1; a workbook of a million blank rows stays below 30 to 1.
_MAX_RATIO = 150
_RATIO_MATTERS_ABOVE = 10_000_000
_CHUNK = 1 << 20
_OVERLAP = 4_096
_MAX_FORMULA_ERRORS = 10_000

# The parser holds a sheet as a full rectangle, so one cell at XFD1048576 would need terabytes. Tables stay
# within column CZ and row 99,999; empty formatted cells (`<c .../>`) do not count.
_FAR = rb"((?:[D-Z][A-Z]|[A-Z]{3,})\d+|[A-Z]+\d{6,})"
_FAR_CELLS = tuple(re.compile(rb" r=%b%b%b(?:[^>]{0,300}[^/>])?>" % (quote, _FAR, quote)) for quote in (b'"', b"'"))
_ERROR_CELL = re.compile(rb"<(?:\w{1,9}:)?c\s[^>]{0,300}?\bt\s*=\s*[\"']e[\"'][^>]{0,300}>")
_HIDDEN_ROW = re.compile(
    rb"<(?:\w{1,9}:)?row\s(?=[^>]{0,300}\bhidden\s*=\s*[\"'](?:1|true))[^>]{0,300}?\br=[\"'](\d{1,7})[\"']"
)
_MERGE = re.compile(
    rb"<(?:\w{1,9}:)?mergeCell\s[^>]{0,100}?\bref\s*=\s*[\"']([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})[\"']"
)
# More hidden rows or merged areas than this are no form; the rest is read as it stands.
_MOST_NOTED = 100_000
_FAR_REFERENCE = re.compile(_FAR)
# A formula whose result was never saved reads as blank; some programs write such cells.
_UNCOMPUTED_CELL = re.compile(
    rb"<(?:\w{1,9}:)?c\s[^>]{0,300}>\s*<(?:\w{1,9}:)?f\b(?:[^>]{0,300}/>|[^>]{0,300}>[^<]{0,1000}</(?:\w{1,9}:)?f>)\s*"
    rb"(?:<(?:\w{1,9}:)?v\s*(?:/>|>\s*</(?:\w{1,9}:)?v>)\s*)?</(?:\w{1,9}:)?c>"
)
_REFERENCE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3}\d{1,7})[\"']")
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY")
# A quick look that decides whether a chunk is worth the exact pattern.
_ERROR_HINTS = (b't="e"', b"t='e'", b"<f", b":f")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")

_RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION_ID = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


class WorkbookRefusedError(Exception):
    """A whole workbook is refused: `code` of an error kind, and where, when that is known."""

    def __init__(self, code: str, *, cell: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.cell = cell


@dataclass(frozen=True, slots=True)
class ScanLimits:
    """Bytes after unpacking, over all parts."""

    max_unpacked_bytes: int


@dataclass(slots=True)
class SheetMarks:
    """What a sheet's XML says beside its values: references of formula errors, hidden rows, merged areas."""

    errors: set[str] = field(default_factory=set[str])
    hidden: set[int] = field(default_factory=set[int])
    merges: set[str] = field(default_factory=set[str])


def scan(content: bytes, sheets: Iterable[str], limits: ScanLimits) -> dict[str, SheetMarks]:
    """Check the workbook; returns what each of `sheets` that exists has beside its values, by the name it bears.

    Raises WorkbookRefusedError.
    """
    _check_container(content)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            _check_parts(archive, limits)
            for info in archive.infolist():
                _check_xml(archive, info)
            parts = sheet_parts(archive)
            wanted = {name: parts[name] for name in parts if name.strip() in set(sheets)}
            return {name: _check_cells(archive, name, part) for name, part in wanted.items()}
    except zipfile.BadZipFile:
        raise WorkbookRefusedError("not_a_workbook") from None
    except (zlib.error, EOFError, KeyError, ValueError, NotImplementedError, ET.ParseError, OSError):
        raise WorkbookRefusedError("workbook_unreadable") from None


def _check_container(content: bytes) -> None:
    if content.startswith(_OLE):
        # Directory entries of an OLE container hold the stream's name in plain UTF-16.
        if _ENCRYPTED_STREAM in content:
            raise WorkbookRefusedError("workbook_encrypted")
        old = any(stream in content for stream in _OLD_STREAMS)
        raise WorkbookRefusedError("workbook_format_unsupported" if old else "not_a_workbook")
    if not content.startswith(_ZIP):
        raise WorkbookRefusedError("not_a_workbook")


def _check_parts(archive: zipfile.ZipFile, limits: ScanLimits) -> None:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if any(info.flag_bits & 0x1 for info in infos):
        raise WorkbookRefusedError("workbook_encrypted")
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    bomb = unpacked > _RATIO_MATTERS_ABOVE and unpacked > packed * _MAX_RATIO
    if unpacked > limits.max_unpacked_bytes or len(infos) > _MAX_PARTS or bomb:
        raise WorkbookRefusedError("workbook_too_large")
    if "xl/workbook.bin" in names or "mimetype" in names:
        raise WorkbookRefusedError("workbook_format_unsupported")
    if "xl/workbook.xml" not in names:
        raise WorkbookRefusedError("not_a_workbook")


def _chunks(archive: zipfile.ZipFile, part: str | zipfile.ZipInfo) -> Iterator[bytes]:
    """The part in chunks, each beginning with the end of the one before so that no tag is cut in two."""
    tail = b""
    with archive.open(part) as stream:
        while block := stream.read(_CHUNK):
            chunk = tail + block
            yield chunk
            tail = chunk[-_OVERLAP:]


def _check_xml(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Office documents have no document type; whoever adds one wants entities to expand."""
    for number, chunk in enumerate(_chunks(archive, info)):
        if number == 0:
            start = chunk.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
            # Two bytes a character, with or without a mark and blanks before it, would hide what we look for.
            wide = b"\0" in chunk[: len(chunk) - len(start) + 2] or chunk.startswith(_WIDE_MARKS)
            if (start.startswith(b"<") and wide) or (not start and len(chunk) >= _CHUNK):
                raise WorkbookRefusedError("workbook_unreadable")
            if not start.startswith(b"<"):
                return
        if any(mark in chunk for mark in _FORBIDDEN):
            raise WorkbookRefusedError("workbook_unreadable")


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name to part name, as workbook.xml and its relationships say."""
    relations = _tree(archive, "xl/_rels/workbook.xml.rels")
    targets = {node.get("Id"): node.get("Target") or "" for node in relations}
    parts: dict[str, str] = {}
    for node in _tree(archive, "xl/workbook.xml").iter():
        if node.tag.rpartition("}")[2] == "sheet":
            target = targets.get(node.get(_RELATION_ID) or node.get(_STRICT_RELATION_ID)) or ""
            part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            parts[node.get("name") or ""] = part
    return parts


def _tree(archive: zipfile.ZipFile, part: str) -> ET.Element:
    # Any document type was refused before, so no entity is left to expand.
    return ET.fromstring(archive.read(part))  # noqa: S314


def _check_cells(archive: zipfile.ZipFile, sheet: str, part: str) -> SheetMarks:
    marks = SheetMarks()
    errors = marks.errors
    for chunk in _chunks(archive, part):
        if far := _FAR_CELLS[0].search(chunk) or _FAR_CELLS[1].search(chunk):
            raise WorkbookRefusedError("workbook_out_of_range", cell=f"{sheet}!{far.group(1).decode()[:10]}")
        _note_rows(chunk, marks)
        if not any(hint in chunk for hint in _ERROR_HINTS):
            continue
        for match in chain(_ERROR_CELL.finditer(chunk), _UNCOMPUTED_CELL.finditer(chunk)):
            reference = _REFERENCE.search(match.group())
            if reference and _FAR_REFERENCE.fullmatch(reference.group(1)):
                raise WorkbookRefusedError("workbook_out_of_range", cell=f"{sheet}!{reference.group(1).decode()}")
            if reference and len(errors) < _MAX_FORMULA_ERRORS:
                errors.add(reference.group(1).decode())
    return marks


def _note_rows(chunk: bytes, marks: SheetMarks) -> None:
    if b"hidden" in chunk and len(marks.hidden) < _MOST_NOTED:
        marks.hidden.update(int(match.group(1)) for match in _HIDDEN_ROW.finditer(chunk))
    if b"mergeCell" in chunk and len(marks.merges) < _MOST_NOTED:
        marks.merges.update(match.group(1).decode() for match in _MERGE.finditer(chunk))
