"""Whatever is uploaded, reading ends in a reading or a Problem: no other exception, no hang, bounded memory."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support.workbooks import HEADINGS, plain_workbook, with_part

from services.demo.invented_enterprises import invented_forms
from services.intake.imports.workbook_guard import _KINDS, WorkbookLimits, child_limits
from services.intake.imports.workbook_reader import WorkbookReading, read_workbook
from services.intake.imports.workbook_scan import ScanLimits, WorkbookRefusedError, scan
from shared.errors import Problem

CODE = invented_forms(7, 1)[0]["uscc"]
GOOD = plain_workbook({"企业": [HEADINGS, [CODE, "【虚构】企业", "武昌区", "是"]]})
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
PARTS = tuple(zipfile.ZipFile(io.BytesIO(GOOD)).namelist())
CODES = {"read", *_KINDS}
LIMITS = replace(WorkbookLimits(), max_seconds=10)
QUICK = settings(
    max_examples=12,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def outcome(content: bytes) -> WorkbookReading | Problem:
    try:
        return read_workbook(content, LIMITS)
    except Problem as problem:
        return problem


def refusal(content: bytes) -> str:
    result = outcome(content)
    assert isinstance(result, Problem), result
    assert result.kind.title_zh
    assert result.kind.status in {413, 422}
    return result.kind.code


def scanned(content: bytes) -> str:
    """The scan alone, in this process: many more examples in the same time."""
    try:
        scan(content, ["企业"], ScanLimits(200 * 1024 * 1024))
    except WorkbookRefusedError as refused:
        return refused.code
    return "read"


@st.composite
def flipped(draw: st.DrawFn) -> bytes:
    content = bytearray(GOOD)
    for spot in draw(st.lists(st.integers(0, len(GOOD) * 8 - 1), min_size=1, max_size=20)):
        content[spot // 8] ^= 1 << spot % 8
    return bytes(content)


@st.composite
def with_damaged_xml(draw: st.DrawFn) -> bytes:
    """A sound zip around a damaged part: this reaches the parsers."""
    start, removed = draw(st.floats(0, 1)), draw(st.integers(0, 60))
    inserted = draw(
        st.binary(max_size=8) | st.sampled_from([b"<", b">", b"]]>", b"<!--", b"<c", b'"', b"&#0;", b"\xff"])
    )

    def change(xml: bytes) -> bytes:
        spot = int(start * len(xml))
        return xml[:spot] + inserted + xml[spot + removed :]

    return with_part(GOOD, draw(st.sampled_from(PARTS)), change)


# Attributes and values that the parsers trust, and what nobody should write there.
NUMBERS = st.sampled_from([b"-1", b"0", b"4294967296", b"99999999999999999999", b"1e309", b"NaN", b"", b"\xc3\xa9"])
PLACES: tuple[tuple[str, bytes, bytes], ...] = (
    (SHEET, b'ref="A1:D2"', b'ref="%s"'),
    (SHEET, b'<c r="A2" t="s"><v>4</v></c>', b'<c r="A2" t="s"><v>%s</v></c>'),
    (SHEET, b'<c r="A2" t="s"><v>4</v></c>', b'<c r="A%s" t="s"><v>4</v></c>'),
    (SHEET, b'<c r="A2" t="s"><v>4</v></c>', b'<c r="A2" s="%s"><v>45000</v></c>'),
    (SHEET, b'<c r="A2" t="s"><v>4</v></c>', b'<c r="A2"><v>%s</v></c>'),
    (SHEET, b'<c r="A2" t="s"><v>4</v></c>', b'<c r="A2" t="d"><v>%s</v></c>'),
    (SHEET, b'<row r="2"', b'<row r="%s"'),
    (SHEET, b'<row r="2"', b'<row hidden="1" r="%s"'),
    (SHEET, b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A1:A%s"/></mergeCells>'),
    (STRINGS, b'uniqueCount="7"', b'uniqueCount="%s"'),
    (STRINGS, b'count="8"', b'count="%s"'),
    ("xl/styles.xml", b'numFmtId="0"', b'numFmtId="%s"'),
    ("xl/workbook.xml", b'sheetId="1"', b'sheetId="%s"'),
    ("xl/workbook.xml", b'name="\xe4\xbc\x81\xe4\xb8\x9a"', b'name="%s"'),
    ("xl/_rels/workbook.xml.rels", b'Target="worksheets/sheet1.xml"', b'Target="%s"'),
    ("xl/_rels/workbook.xml.rels", b'Target="worksheets/sheet1.xml"', b'Target="../../../etc/passwd%s"'),
)


@st.composite
def absurd(draw: st.DrawFn) -> bytes:
    part, old, new = draw(st.sampled_from(PLACES))
    wanted = new.replace(b"%s", draw(NUMBERS))
    return with_part(GOOD, part, lambda xml: xml.replace(old, wanted, 1))


@settings(QUICK, max_examples=150)
@given(flipped() | with_damaged_xml() | absurd())
def test_the_scan_refuses_or_lets_through_and_never_breaks(content: bytes) -> None:
    assert scanned(content) in CODES


@QUICK
@given(with_damaged_xml())
def test_damaged_xml_gives_a_reading_or_a_problem(content: bytes) -> None:
    outcome(content)


@QUICK
@given(absurd())
def test_absurd_numbers_give_a_reading_or_a_problem(content: bytes) -> None:
    outcome(content)


@settings(QUICK, max_examples=60)
@given(st.integers(0, len(GOOD) - 1))
def test_a_file_cut_anywhere_is_no_workbook(length: int) -> None:
    with pytest.raises(WorkbookRefusedError) as caught:
        scan(GOOD[:length], ["企业"], ScanLimits(1_000_000))
    assert caught.value.code == "not_a_workbook"


# --- tricks -------------------------------------------------------------------------------------------------------

LAUGHS = (
    b"<!DOCTYPE x ["
    + b"".join(b'<!ENTITY %c "%b">' % (97 + i, b"&%c;" % (96 + i) * 10 if i else b"ha") for i in range(10))
    + b"]>"
)
EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname"><!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>'
TRICKS = {
    "laughs": lambda xml: xml.replace(b"?>", b"?>" + LAUGHS, 1).replace(b"<t>", b"<t>&j;", 1),
    "external": lambda xml: xml.replace(b"?>", b"?>" + EXTERNAL, 1).replace(b"<t>", b"<t>&a;", 1),
    "spelled in two bytes": lambda xml: _wide(xml.replace(b"?>", b"?>" + LAUGHS, 1), "utf-16"),
    "two bytes, no mark": lambda xml: _wide(xml.replace(b"?>", b"?>" + LAUGHS, 1), "utf-16-le"),
    "two bytes behind blanks": lambda xml: _wide(
        b"\n  " + xml.split(b"?>", 1)[1].replace(b"<sst", LAUGHS + b"<sst"), "utf-16-be"
    ),
    "behind a megabyte of blanks": lambda xml: b" " * (1 << 20) + LAUGHS + xml.split(b"?>", 1)[1],
}


def _wide(xml: bytes, encoding: str) -> bytes:
    return xml.decode().replace("UTF-8", "UTF-16").encode(encoding)


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize("part", [STRINGS, "xl/workbook.xml"])
def test_entities_never_expand_however_they_are_spelled(part: str, trick: str) -> None:
    change: Callable[[bytes], bytes] = TRICKS[trick]
    # Refused by the look before any parser, in a part that is not even parsed.
    assert scanned(with_part(GOOD, "docProps/app.xml", lambda xml: change(xml + b"<sst/>"))) == "workbook_unreadable"
    started = time.perf_counter()
    assert refusal(with_part(GOOD, part, change)) == "workbook_unreadable"
    assert time.perf_counter() - started < 8


def _lying_zip() -> bytes:
    """The directory says that a part unpacks to one hundred bytes; it unpacks to 50 million."""
    bombed = with_part(GOOD, STRINGS, lambda xml: xml + b" " * 50_000_000)
    entry = bombed.rindex(STRINGS.encode()) - 46
    return bombed[: entry + 24] + struct.pack("<I", 100) + bombed[entry + 28 :]


def _same_part_many_times() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6_000):
            archive.writestr(f"x/{number}.xml", b"<a/>")
    return stream.getvalue()


def _shared_strings(count: int, length: int) -> bytes:
    text = b"<si><t>%b</t></si>" % ("长".encode() * length)
    return with_part(GOOD, STRINGS, lambda xml: xml.replace(b"</sst>", text * count + b"</sst>"))


def _one_string_everywhere() -> bytes:
    rows = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>8</v></c></row>' % (n, n) for n in range(3, 4_000))
    big = _shared_strings(1, 30_000)
    return with_part(big, SHEET, lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))


WEIGHTS = {
    "a bomb": (lambda: with_part(GOOD, STRINGS, lambda xml: xml + b" " * 60_000_000), {"workbook_too_large"}),
    "a lie about sizes": (_lying_zip, {"not_a_workbook", "workbook_unreadable"}),
    "six thousand parts": (_same_part_many_times, {"workbook_too_large"}),
    "one long text in four thousand cells": (_one_string_everywhere, {"workbook_too_large"}),
    "deep nesting": (
        lambda: with_part(
            GOOD, "xl/workbook.xml", lambda xml: xml.replace(b"<sheets>", b"<a>" * 200_000 + b"<sheets>")
        ),
        {"workbook_unreadable"},
    ),
    "a wrong sheet": (
        lambda: with_part(
            GOOD, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"worksheets/sheet1.xml", b"styles.xml")
        ),
        {"workbook_unreadable", "workbook_empty", "workbook_headings_missing"},
    ),
    "no such sheet": (
        lambda: with_part(GOOD, "xl/workbook.xml", lambda xml: xml.replace("企业".encode(), b"Sheet1")),
        {"workbook_headings_missing"},
    ),
    "an absurd dimension": (
        lambda: with_part(
            GOOD, SHEET, lambda xml: xml.replace(b'<c r="A2"', b'<c r="XFD1048576"').replace(b"A1:D2", b"A1:XFD1048576")
        ),
        {"workbook_out_of_range"},
    ),
}


@pytest.mark.parametrize("weight", WEIGHTS)
def test_heavy_files_are_refused_quickly(weight: str) -> None:
    make, codes = WEIGHTS[weight]
    started = time.process_time()
    assert refusal(make()) in codes
    assert time.process_time() - started < 8


def test_the_child_keeps_to_its_memory_whatever_it_reads() -> None:
    """The child itself reports its peak: it stays below its limit, and dies rather than pass it."""
    rows = [HEADINGS, *[[CODE, "企" * 200, f"{number}", "是"] for number in range(4_000)]]
    heavy = plain_workbook({"企业": rows})
    limits = replace(LIMITS, max_memory_bytes=400 * 1024 * 1024)
    program = (
        "import resource, sys\n"
        "from services.intake.imports import workbook_child as child\n"
        "child.main()\n"
        "soft, hard = resource.getrlimit(resource.RLIMIT_AS)\n"
        # Not ru_maxrss: a child inherits that of the process that forked it.
        "peak = next(int(line.split()[1]) * 1024 for line in open('/proc/self/status') if line.startswith('VmPeak'))\n"
        "print(peak, soft, hard, resource.getrlimit(resource.RLIMIT_FSIZE)[1], file=sys.stderr)\n"
    )
    wishes: dict[str, Any] = {"sheets": {"企业": 5_010}} | child_limits(limits)
    head = json.dumps(wishes).encode()
    done = subprocess.run(
        [sys.executable, "-c", program], input=b"%d\n%b%b" % (len(head), head, heavy), capture_output=True, check=True
    )
    assert len(json.loads(done.stdout)["sheets"]["企业"]["rows"]) == 4_001
    peak, soft, hard, files = (int(number) for number in done.stderr.split())
    assert soft == hard == limits.max_memory_bytes
    assert peak < limits.max_memory_bytes
    assert files == 0
    small = replace(LIMITS, max_memory_bytes=30_000_000)
    with pytest.raises(Problem, match="workbook_unreadable"):
        read_workbook(heavy, small)
