"""Names for what is not accepted, so that a refusal tells what the file seems to be."""

from __future__ import annotations

import puremagic

Name = tuple[str, str]

_BEGINNINGS: tuple[tuple[bytes, Name], ...] = (
    (b"MZ", ("Windows 可执行程序", "a Windows program")),
    (b"\x7fELF", ("Linux 可执行程序", "a Linux program")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("旧版或加密的 Office 文件", "an old or password-protected Office file")),
    (b"Rar!", ("RAR 压缩包", "a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", ("7z 压缩包", "a 7z archive")),
    (b"\x1f\x8b", ("gzip 压缩文件", "a gzip file")),
    (b"PK", ("ZIP 压缩包", "a ZIP archive")),
    (b"GIF8", ("GIF 图片", "a GIF picture")),
    (b"BM", ("BMP 图片", "a BMP picture")),
    (b"II*\0", ("TIFF 图片", "a TIFF picture")),
    (b"MM\0*", ("TIFF 图片", "a TIFF picture")),
    (b"{\\rtf", ("RTF 文档", "an RTF document")),
    (b"#!", ("脚本", "a script")),
)
# Text that a browser would run is recognised behind blanks, comments and a byte order mark.
_MARKUP: tuple[tuple[bytes, Name], ...] = (
    (b"<svg", ("SVG 图片", "an SVG picture")),
    (b"<html", ("HTML 网页", "an HTML page")),
    (b"<!doctype html", ("HTML 网页", "an HTML page")),
    (b"<script", ("HTML 网页", "an HTML page")),
    (b"<?xml", ("XML 文件", "an XML file")),
)
_TEXT: Name = ("文本文件", "plain text")
_UNKNOWN: Name = ("无法识别的内容", "unknown content")
# Parts that only one kind of package has, in the order in which they decide.
_PACKAGE_PARTS: tuple[tuple[str, Name], ...] = (
    ("xl/vbaProject.bin", ("含宏的 Excel 工作簿（.xlsm）", "an Excel workbook with macros (.xlsm)")),
    ("xl/workbook.bin", ("二进制 Excel 工作簿（.xlsb）", "a binary Excel workbook (.xlsb)")),
    ("word/document.xml", ("Word 文档（.docx）", "a Word document (.docx)")),
    ("ppt/presentation.xml", ("PowerPoint 演示文稿（.pptx）", "a PowerPoint presentation (.pptx)")),
    ("AndroidManifest.xml", ("安卓安装包", "an Android package")),
    ("META-INF/MANIFEST.MF", ("Java 程序包", "a Java archive")),
    ("content.xml", ("OpenDocument 文档", "an OpenDocument file")),
)
ARCHIVE: Name = ("普通 ZIP 压缩包", "a plain ZIP archive")


def name_of(head: bytes) -> Name:
    """What a file that begins so seems to be, in Chinese and English."""
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    lowered = head[:1024].lower()
    for mark, name in _MARKUP:
        if mark in lowered:
            return name
    return _by_magic(head) or (_TEXT if _is_text(head) else _UNKNOWN)


def name_of_package(parts: set[str]) -> Name:
    """What a zip with these parts seems to be."""
    return next((name for part, name in _PACKAGE_PARTS if part in parts), ARCHIVE)


def _by_magic(head: bytes) -> Name | None:
    try:
        best = puremagic.magic_string(head)[0]
    except (puremagic.PureError, ValueError, IndexError):
        return None
    # Two matching bytes are a guess, not a finding.
    return (best.name, best.name) if best.name and best.confidence >= 0.4 else None


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head[:-4].decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
