"""Tiny whole files of each accepted type, made by code, and files that only pretend."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from support.workbooks import plain_workbook

DOCX_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
XLSM_MAIN = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"


def pdf(text: str = "evidence", *, padding: int = 0) -> bytes:
    """A PDF of one empty page; `padding` bytes of a comment make it as large as a test wants."""
    head = b"%PDF-1.7\n%" + text.encode() + b"." * padding + b"\n"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R>>"]
    body, offsets = head, []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj%bendobj\n" % (number, content)
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + table + b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)


def png(side: int = 1) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x7f" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(comment: bytes = b"evidence") -> bytes:
    def segment(marker: int, data: bytes) -> bytes:
        return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data

    frame = struct.pack(">BHHBBBB", 8, 1, 1, 1, 1, 0x11, 0)
    scan = b"\x01\x01\x00\x00\x3f\x00"
    return b"\xff\xd8" + segment(0xFE, comment) + segment(0xC0, frame) + segment(0xDA, scan) + b"\x3f\xff\xd9"


def package(parts: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def ofd_parts() -> dict[str, str | bytes]:
    namespace = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    return {
        "OFD.xml": f'<?xml version="1.0" encoding="UTF-8"?><ofd:OFD {namespace} Version="1.0" DocType="OFD"><ofd:DocBody>'
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {namespace}/>",
    }


def ofd() -> bytes:
    return package(ofd_parts())


def xlsx() -> bytes:
    return plain_workbook({"表": [["研发费用", 1]]})


def office(main: str, content_type: str, **more: str | bytes) -> bytes:
    """A package of Office's kind around one main part; `__` in a name stands for `/`, `_dot_` for a point."""
    types = f'<Types xmlns="t"><Override PartName="/{main}" ContentType="{content_type}"/></Types>'
    extra = {name.replace("__", "/").replace("_dot_", "."): content for name, content in more.items()}
    root = "workbook" if "workbook" in main else "document"
    return package({"[Content_Types].xml": types, main: f"<{root}/>", **extra})


WHOLE = {
    "application/pdf": pdf,
    "image/png": png,
    "image/jpeg": jpeg,
    "application/ofd": ofd,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": xlsx,
}
