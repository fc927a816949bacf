"""The structure of a PDF file: a header at the very beginning and a trailer at the very end."""

from __future__ import annotations

import re
from typing import BinaryIO

from services.intake.attachments.content.reading import read_at, size_of, tail_of
from services.intake.attachments.errors import wrong_type

_HEADER = re.compile(rb"%PDF-[12]\.\d")
_TRAILER = re.compile(rb"startxref\s{1,8}(\d{1,12})\s{1,8}%%EOF\s*\Z")
_TAIL = 2048
# What programs pad a finished file with.
_PADDING = b"\0\t\n\r "


def check_pdf(file: BinaryIO) -> None:
    """Problem `attachment_type` where the header or the trailer is not a PDF's, or more follows."""
    if not _HEADER.match(read_at(file, 0, 8)):
        raise wrong_type("文件头不符合规范的 PDF", "a PDF with an unknown header")
    trailer = _TRAILER.search(tail_of(file, _TAIL).rstrip(_PADDING))
    if trailer is None:
        raise wrong_type("不完整或尾部有多余内容的 PDF", "a PDF without its end, or with more after it")
    if not 0 < int(trailer.group(1)) < size_of(file):
        raise wrong_type("交叉引用表缺失的 PDF", "a PDF whose cross-references lie outside it")
