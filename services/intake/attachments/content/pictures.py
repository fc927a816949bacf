"""The structure of JPEG and PNG files: a header that states a size, well-formed parts, and nothing after the end."""

from __future__ import annotations

from typing import BinaryIO

from services.intake.attachments.content.reading import read_at, size_of, tail_of
from services.intake.attachments.errors import wrong_type

_START_OF_SCAN = 0xDA
# Frame headers (SOF0 to SOF15) without the three codes of that row that mean something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
# A picture of the largest size has a few thousand parts; walking more would only cost time.
_MOST_PARTS = 50_000


def check_jpeg(file: BinaryIO) -> None:
    """Problem `attachment_type` unless segments lead to a frame and a scan, and the file ends with its end marker."""
    if not _leads_to_scan(file):
        raise wrong_type("损坏的 JPEG 图片", "a damaged JPEG picture")
    if not tail_of(file, 64).rstrip(b"\0\r\n").endswith(b"\xff\xd9"):
        raise wrong_type("不完整或尾部有多余内容的 JPEG 图片", "a JPEG picture without its end, or with more after it")


def _leads_to_scan(file: BinaryIO) -> bool:
    offset, framed = 2, False
    for _ in range(_MOST_PARTS):
        segment = read_at(file, offset, 9)
        if len(segment) < 9 or segment[0] != 0xFF:
            return False
        marker, length = segment[1], int.from_bytes(segment[2:4])
        if marker == 0xFF:  # a fill byte
            offset += 1
            continue
        if marker == _START_OF_SCAN or length < 2:
            return framed and length >= 2
        # A height of 0 is told later in the file, a width of 0 never.
        framed = framed or (marker in _FRAMES and int.from_bytes(segment[7:9]) > 0)
        offset += 2 + length
    return False


def check_png(file: BinaryIO) -> None:
    """Problem `attachment_type` unless chunks lead from a header with a size over data to the end of the file."""
    header = read_at(file, 8, 25)
    width, height = int.from_bytes(header[8:12]), int.from_bytes(header[12:16])
    if header[:8] != b"\0\0\0\rIHDR" or not width or not height or not _leads_to_end(file):
        raise wrong_type("损坏或尾部有多余内容的 PNG 图片", "a damaged PNG picture, or one with more after its end")


def _leads_to_end(file: BinaryIO) -> bool:
    offset, size, data = 33, size_of(file), False
    for _ in range(_MOST_PARTS):
        chunk = read_at(file, offset, 12)
        if chunk == _PNG_END:
            return data and offset + 12 == size
        if len(chunk) < 12 or not chunk[4:8].isalpha():
            return False
        data = data or chunk[4:8] == b"IDAT"
        offset += 12 + int.from_bytes(chunk[:4])
    return False
