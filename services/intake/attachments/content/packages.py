"""The two types that are zip packages, OFD and XLSX, told apart by a bounded look that unpacks a few small parts."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from typing import BinaryIO
from xml.etree import ElementTree as ET

from services.intake.attachments.content.foreign import name_of_package
from services.intake.attachments.content.reading import ZIP_END, ZIP_END_SIZE, read_at, size_of, tail_of
from services.intake.attachments.errors import wrong_type
from services.intake.attachments.media_types import OFD, XLSX

LOCAL_ENTRY = b"PK\x03\x04"
_ZIP64_LOCATOR = b"PK\x06\x07"
_ZIP64_LOCATOR_SIZE = 20
# A page of an OFD document is about five parts; a directory of a megabyte lists more than ten thousand.
_MOST_PARTS = 10_000
_MOST_DIRECTORY_BYTES = 2 * 1024 * 1024
_MOST_UNPACKED_BYTES = 400 * 1024 * 1024
# Deflate reaches 1,032 to 1; documents that people make stay far below 150 to 1.
_MOST_RATIO = 150
_RATIO_MATTERS_ABOVE = 10_000_000
_MOST_XML_BYTES = 1024 * 1024
_DOCUMENT_TYPE = (b"<!DOCTYPE", b"<!ENTITY")
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_UNSAFE_NAME = re.compile(r"^/|^[A-Za-z]:|\\|(?:^|/)\.\.(?:/|$)|[\x00-\x1f]")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,
    ET.ParseError,
)

_CONTENT_TYPES = "[Content_Types].xml"
_WORKBOOK = "xl/workbook.xml"
_WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_ACTIVE = re.compile(r"(?i)vbaproject|^xl/(?:macrosheets|activex|dialogsheets)/")
_OTHER_PACKAGES = ("word/", "ppt/", "META-INF/MANIFEST.MF", "AndroidManifest.xml")
_OFD_ROOT = "OFD.xml"


def package_type(file: BinaryIO) -> str:
    """The media type of an OFD or XLSX file. Problem `attachment_type` for any other zip, a bomb, or a damaged one."""
    _check_end(file)
    try:
        with zipfile.ZipFile(file) as archive:
            names = _checked_names(file, archive)
            if names.isdisjoint({_CONTENT_TYPES, _OFD_ROOT}) or any(name.startswith(_OTHER_PACKAGES) for name in names):
                raise wrong_type(*name_of_package(names))
            if {_CONTENT_TYPES, _OFD_ROOT} <= names:
                raise wrong_type("两种文档合一的伪装文件", "two documents in one package")
            return _workbook(archive, names) if _CONTENT_TYPES in names else _ofd(archive, names)
    except _BROKEN:
        raise wrong_type("损坏的 ZIP 包", "a damaged ZIP package") from None


def _check_end(file: BinaryIO) -> None:
    """The directory stands right before the end record, which is the end: nothing before, between or after."""
    size = size_of(file)
    end = tail_of(file, ZIP_END_SIZE)
    if not end.startswith(ZIP_END):
        raise wrong_type("不完整或尾部有多余内容的 ZIP 包", "a ZIP package without its end, or with more after it")
    directory_size, directory_offset = struct.unpack_from("<II", end, 12)
    locator = read_at(file, size - ZIP_END_SIZE - _ZIP64_LOCATOR_SIZE, 4)
    if directory_size > _MOST_DIRECTORY_BYTES or locator == _ZIP64_LOCATOR:
        raise wrong_type("条目过多的 ZIP 包", "a ZIP package with too many parts")
    if directory_offset + directory_size != size - ZIP_END_SIZE:
        raise wrong_type("前部或中间有多余内容的 ZIP 包", "a ZIP package with something else in it")


def _checked_names(file: BinaryIO, archive: zipfile.ZipFile) -> set[str]:
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if any(info.flag_bits & 0x1 for info in infos):
        raise wrong_type("加密的 ZIP 包", "an encrypted ZIP package")
    unpacked, packed = sum(info.file_size for info in infos), sum(info.compress_size for info in infos)
    # Parts that overlap add up to more than the file: one small part unpacked a thousand times over.
    bomb = packed > size_of(file) or (unpacked > _RATIO_MATTERS_ABOVE and unpacked > packed * _MOST_RATIO)
    if bomb or unpacked > _MOST_UNPACKED_BYTES or len(infos) > _MOST_PARTS:
        raise wrong_type("解压后过大的 ZIP 包", "a ZIP package that unpacks to too much")
    if len(names) != len(infos) or any(_UNSAFE_NAME.search(name) for name in names):
        raise wrong_type("条目名称重复或不安全的 ZIP 包", "a ZIP package with repeated or unsafe names")
    if any(info.compress_type not in _METHODS for info in infos):
        raise wrong_type("压缩方式不受支持的 ZIP 包", "a ZIP package with an unusual compression")
    return names


def _workbook(archive: zipfile.ZipFile, names: set[str]) -> str:
    if any(_ACTIVE.search(name) for name in names):
        raise wrong_type("含宏或控件的 Excel 工作簿", "an Excel workbook with macros or controls")
    declared = {
        (node.get("PartName") or "").lstrip("/"): node.get("ContentType") for node in _tree(archive, _CONTENT_TYPES)
    }
    if any("macro" in (content_type or "").lower() for content_type in declared.values()):
        raise wrong_type("含宏的 Excel 工作簿", "an Excel workbook with macros")
    if _WORKBOOK not in names or declared.get(_WORKBOOK) != _WORKBOOK_TYPE:
        raise wrong_type(*name_of_package(names))
    _expect_root(archive, _WORKBOOK, "workbook")
    return XLSX


def _ofd(archive: zipfile.ZipFile, names: set[str]) -> str:
    """GB/T 33190: OFD.xml names the root of each document in the package."""
    root = _expect_root(archive, _OFD_ROOT, "OFD")
    documents = [(node.text or "").strip().lstrip("/") for node in root.iter() if _local(node.tag) == "DocRoot"]
    if not documents or not names.issuperset(documents):
        raise wrong_type("缺少文档内容的 OFD 文件", "an OFD file without its document")
    return OFD


def _expect_root(archive: zipfile.ZipFile, part: str, name: str) -> ET.Element:
    root = _tree(archive, part)
    if _local(root.tag) != name:
        raise wrong_type("内容与结构不符的 ZIP 包", f"a ZIP package whose {part} is something else")
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _tree(archive: zipfile.ZipFile, part: str) -> ET.Element:
    """One small part as XML, never more than a megabyte of it whatever its entry promises."""
    with archive.open(part) as stream:
        text = stream.read(_MOST_XML_BYTES + 1)
    # A document type could define entities that expand without end; office documents have none.
    if len(text) > _MOST_XML_BYTES or b"\0" in text or any(mark in text for mark in _DOCUMENT_TYPE):
        raise wrong_type("内容异常的 ZIP 包", "a ZIP package with unusual XML")
    return ET.fromstring(text)  # noqa: S314 (without a document type there is nothing to expand)
