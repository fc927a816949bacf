"""Files that are no workbook, are damaged, or want to do harm: a clear refusal each time, in bounded memory and time."""

from __future__ import annotations

import random
import resource
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from support.workbooks import HEADINGS, layout_workbook, plain_workbook, with_part

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_guard import WorkbookLimits
from services.intake.imports.workbook_reader import WorkbookReading, read_workbook
from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_scan import ScanLimits, WorkbookRefusedError, scan
from shared.errors import Problem

FORM = invented_forms(3, 1)[0]
GOOD = layout_workbook(rows_of([FORM]))
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def outcome(content: bytes, limits: WorkbookLimits | None = None) -> WorkbookReading | Problem:
    """What an importer sees; anything but a reading or a Problem fails the test."""
    try:
        return read_workbook(content, limits or WorkbookLimits())
    except Problem as problem:
        return problem


def refusal(content: bytes, limits: WorkbookLimits | None = None) -> str:
    result = outcome(content, limits)
    assert isinstance(result, Problem)
    return result.kind.code


def scan_refusal(content: bytes) -> WorkbookRefusedError:
    """The same decision without a process of its own: what the scan says before anything is parsed."""
    with pytest.raises(WorkbookRefusedError) as caught:
        scan(content, ["企业"], ScanLimits(200 * 1024 * 1024))
    return caught.value


def encrypted(content: bytes) -> bytes:
    stream = BytesIO()
    OOXMLFile(BytesIO(content)).encrypt("secret", stream)
    return stream.getvalue()


def zip_of(**parts: bytes) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return stream.getvalue()


def after(mark: bytes, text: bytes) -> bytes:
    """The good workbook with `text` put into its first sheet after the first `mark`."""
    return with_part(GOOD, SHEET, lambda xml: xml.replace(mark, mark + text, 1))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        "统一社会信用代码,企业名称\n".encode("gb18030"),
        b"<html><table><tr><td>1</td></tr></table></html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        GOOD[: len(GOOD) // 2],
        GOOD[:-1],
        zip_of(word__document=b"<w/>"),
        OLE + bytes(2_000),
    ],
    ids=["empty", "nul", "csv", "html", "pdf", "magic", "half", "short", "docx", "ole"],
)
def test_what_is_no_workbook(content: bytes) -> None:
    assert (refusal(content) if not content else scan_refusal(content).code) == "not_a_workbook"


def test_other_formats_and_passwords_are_named() -> None:
    assert refusal(OLE + bytes(500) + "Workbook\0".encode("utf-16-le") + bytes(500)) == "workbook_format_unsupported"
    assert refusal(zip_of(**{"xl/workbook.bin": b""})) == "workbook_format_unsupported"
    assert refusal(zip_of(mimetype=b"application/vnd.oasis.opendocument.spreadsheet")) == "workbook_format_unsupported"
    assert refusal(encrypted(GOOD)) == "workbook_encrypted"
    # The flags of a part stand eight bytes into its entry of the zip's directory.
    entry = GOOD.index(b"PK\x01\x02")
    assert refusal(GOOD[: entry + 8] + b"\x01" + GOOD[entry + 9 :]) == "workbook_encrypted"


def test_sizes_are_bounded_before_and_after_unpacking() -> None:
    assert refusal(GOOD, WorkbookLimits(max_bytes=len(GOOD) - 1)) == "workbook_too_large"
    assert isinstance(outcome(GOOD, WorkbookLimits(max_bytes=len(GOOD))), WorkbookReading)
    assert refusal(GOOD, WorkbookLimits(max_unpacked_bytes=10_000)) == "workbook_too_large"
    bomb = zip_of(xl__workbook=b"", xl__bomb=bytes(20_000_000))
    assert len(bomb) < 50_000
    assert refusal(bomb) == "workbook_too_large"


@pytest.mark.parametrize("reference", ["XFD1048576", "A1048576", "ZZ3", "DA2", "B100000"])
def test_a_value_far_away_is_named(reference: str) -> None:
    far = f'<row r="1048576"><c r="{reference}" t="n"><v>1</v></c></row></sheetData>'.encode()
    content = with_part(GOOD, SHEET, lambda xml: xml.replace(b"</sheetData>", far))
    refused = scan_refusal(content)
    assert (refused.code, refused.cell) == ("workbook_out_of_range", f"企业!{reference}")


def test_a_refusal_names_the_far_cell_to_the_importer() -> None:
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    result = outcome(with_part(GOOD, SHEET, lambda xml: xml.replace(b"</sheetData>", far)))
    assert isinstance(result, Problem)
    assert (result.kind.code, result.violations[0].cell) == ("workbook_out_of_range", "企业!XFD1048576")


def test_a_formatted_cell_far_away_is_no_value() -> None:
    far = b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
    result = outcome(with_part(GOOD, SHEET, lambda xml: xml.replace(b"</sheetData>", far)))
    assert isinstance(result, WorkbookReading)
    assert result.forms[0].form.uscc == FORM["uscc"]


def test_what_the_scan_cannot_see_ends_with_the_parser_alone() -> None:
    # Odd white space hides the reference; the full rectangle would take terabytes.
    far = b'<row r="1048576"><c r\n=\n"XFD1048576"><v>1</v></c></row></sheetData>'
    assert refusal(with_part(GOOD, SHEET, lambda xml: xml.replace(b"</sheetData>", far))) == "workbook_unreadable"


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
    + b"]>"
)


@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "docProps/app.xml"])
@pytest.mark.parametrize("trick", [LAUGHS, b'<!DOCTYPE x SYSTEM "file:///etc/passwd">'], ids=["laughs", "external"])
def test_entities_never_expand(part: str, trick: bytes) -> None:
    content = with_part(GOOD, part, lambda xml: xml.replace(b"?>", b"?>" + trick, 1).replace(b"</t>", b"&m;</t>", 1))
    assert scan_refusal(content).code == "workbook_unreadable"


def test_a_million_blank_rows_are_read_over_quickly_and_in_little_memory() -> None:
    blank = b"".join(b'<row r="%d" s="1"><c r="A%d" s="1"/></row>' % (row, row) for row in range(10, 1_000_010))
    content = with_part(GOOD, SHEET, lambda xml: xml.replace(b"</sheetData>", blank + b"</sheetData>"))
    started = time.process_time() + _children_seconds()
    # The reading process may take no more than this; a process that needs it ends with a refusal.
    result = outcome(content, WorkbookLimits(max_memory_bytes=512 * 1024 * 1024))
    assert isinstance(result, WorkbookReading)
    assert (result.rows_read, len(result.forms)) == (1, 1)
    assert time.process_time() + _children_seconds() - started < 15


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_a_text_repeated_a_million_times_is_refused() -> None:
    rows = [HEADINGS, *[[("长" * 30_000)] * 4] * 900]
    assert refusal(plain_workbook({"企业": rows})) == "workbook_too_large"


def test_a_parser_out_of_memory_or_time_is_a_refusal() -> None:
    chance = random.Random(1)
    large = plain_workbook({"企业": [HEADINGS, *[[chance.randbytes(4_000).hex()] for _ in range(600)]]})
    assert refusal(large, WorkbookLimits(max_memory_bytes=30_000_000)) == "workbook_unreadable"
    assert refusal(GOOD, WorkbookLimits(max_seconds=0)) == "workbook_unreadable"


def flipped(seed: int) -> bytes:
    chance = random.Random(seed)
    content = bytearray(GOOD)
    for _ in range(chance.choice((1, 1, 3, 20))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return bytes(content[: chance.choice((len(content), len(content), chance.randrange(len(content)))) :])


def scrambled(seed: int) -> bytes:
    """A sound zip whose XML is damaged: this is what reaches the parser."""
    chance = random.Random(seed)

    def change(xml: bytes) -> bytes:
        damaged = bytearray(xml)
        for _ in range(chance.choice((1, 4, 40))):
            spot = chance.randrange(len(damaged))
            damaged[spot : spot + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        return bytes(damaged)

    parts = (SHEET, STRINGS, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml")
    return with_part(GOOD, chance.choice(parts), change)


def test_damaged_files_give_a_reading_or_a_refusal() -> None:
    damaged = [flipped(seed) for seed in range(12)] + [scrambled(seed) for seed in range(14)]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(outcome, damaged))
    refused = [result.kind.code for result in results if isinstance(result, Problem)]
    assert {"not_a_workbook", "workbook_unreadable"} <= set(refused)
    assert len(refused) < len(results)
