"""The types of evidence and what their file names end in."""

from __future__ import annotations

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
OFD = "application/ofd"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The first ending is the one that a name gets which has none of them.
ENDINGS: dict[str, tuple[str, ...]] = {
    PDF: (".pdf",),
    JPEG: (".jpg", ".jpeg"),
    PNG: (".png",),
    OFD: (".ofd",),
    XLSX: (".xlsx",),
}


def named_after_type(file_name: str, media_type: str) -> str:
    """The name with an ending of its type: a PDF sent as `report.exe` is served as `report.exe.pdf`."""
    endings = ENDINGS[media_type]
    return file_name if file_name.lower().endswith(endings) else f"{file_name}{endings[0]}"
