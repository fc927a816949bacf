"""Files there and back: a city's workbook with mistakes, rehearsed, imported, marked and mended; lines in bulk; evidence."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from services.demo.api import Api, DemoError, until
from services.demo.applying import CYCLE, Applied, Trip
from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import write_workbook

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORKBOOK = f"/v1/cycles/{CYCLE}/applications:importWorkbook"
_LINES = f"/v1/cycles/{CYCLE}/applications:import"
# What people write where a number is asked for.
_SPOILED, _MISTAKE = 2, "三百人左右"
_SHEET, _CODE, _PEOPLE = "企业", "统一社会信用代码", "从业人员"


async def round_trip(api: Api, officer: str, forms: list[dict[str, Any]], applied: Applied) -> None:
    """An officer rehearses and imports a workbook, gets it back with the bad cells marked, mends them, sends it again."""
    right = {form["uscc"]: form["people"]["employees"] for form in forms[:_SPOILED]}
    content = await asyncio.to_thread(_with_mistakes, write_workbook(rows_of(forms)), set(right))
    rehearsed = await _upload(api, officer, content, "rehearsal", validate_only=True)
    imported = await _upload(api, officer, content, "first")
    verdicts = [(one["rows_read"], one["rows_accepted"], one["rows_rejected"]) for one in (rehearsed, imported)]
    if verdicts[0] != verdicts[1]:
        raise DemoError(f"the rehearsal said {verdicts[0]}, the import {verdicts[1]}")
    applied.rejected_rows += await api.pages("intake", f"/v1/imports/{imported['id']}/rejected-rows", officer)
    marked = await api.call("intake", "GET", f"/v1/imports/{imported['id']}/marked-workbook", officer)
    if not marked.is_success:
        raise DemoError(f"the marked workbook: {marked.status_code} {marked.text[:400]}")
    mended = await _upload(api, officer, await asyncio.to_thread(_mended, marked.content, right), "mended")
    if mended["rows_accepted"] != len(right):
        raise DemoError(f"mended rows: {mended['rows_accepted']} of {len(right)} were accepted")
    applied.mended = mended["rows_accepted"]
    for title, one in (("预演 rehearsal", rehearsed), ("导入 import", imported), ("修改后 mended", mended)):
        applied.trip.append(Trip(title, one["rows_read"], one["rows_accepted"], one["rows_rejected"]))
    for one in (imported, mended):
        applied.count(one)


async def _upload(api: Api, officer: str, content: bytes, key: str, *, validate_only: bool = False) -> dict[str, Any]:
    received = await api.json(
        "intake",
        "POST",
        _WORKBOOK,
        officer,
        key=f"workbook-{key}",
        params={"validate_only": validate_only},
        files={"file": ("市州申报表（虚构企业）.xlsx", content, _XLSX)},
    )
    return await finished(api, officer, received["id"])


async def finished(api: Api, officer: str, import_id: str) -> dict[str, Any]:
    """The import once it is done; DemoError with its problem where it was not processed."""

    async def done() -> dict[str, Any] | None:
        found = await api.json("intake", "GET", f"/v1/imports/{import_id}", officer)
        return None if found["status"] == "received" else found

    found = await until(done, f"import {import_id}")
    if found["status"] != "processed":
        raise DemoError(json.dumps(found["problem"], ensure_ascii=False))
    return found


def _with_mistakes(content: bytes, codes: set[str]) -> bytes:
    return _rewritten(content, dict.fromkeys(codes, _MISTAKE))


def _mended(content: bytes, right: dict[str, int]) -> bytes:
    return _rewritten(content, right)


def _rewritten(content: bytes, values: dict[str, Any]) -> bytes:
    """The workbook with the number of people of these enterprises replaced, as an officer would type it over."""
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    sheet = workbook[_SHEET]
    code, people, heading = _columns(sheet)
    for row in sheet.iter_rows(min_row=heading + 1):
        value = values.get(str(row[code].value))
        if value is not None:
            row[people].value = value
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def _columns(sheet: Worksheet) -> tuple[int, int, int]:
    """Where the code and the number of people stand, and the row of the headings."""
    for number, row in enumerate(sheet.iter_rows(max_row=10, values_only=True), start=1):
        found = {
            name: at
            for at, cell in enumerate(row)
            for name in (_CODE, _PEOPLE)
            if str(cell).lstrip("*").startswith(name)
        }
        if len(found) == 2:
            return found[_CODE], found[_PEOPLE], number
    raise DemoError("the workbook has lost its headings")


async def send_lines(api: Api, planner: str, forms: list[dict[str, Any]], applied: Applied) -> None:
    """A file of lines, two of them bad: one is no JSON, one has a code whose check digit is wrong."""
    code = forms[0]["uscc"]
    wrong = forms[0] | {"uscc": code[:-1] + ("1" if code[-1] == "0" else "0")}
    lines = [*(json.dumps(form, ensure_ascii=False) for form in forms), '{"uscc": ', json.dumps(wrong)]
    headers = {"Content-Type": "application/x-ndjson"}
    body = "\n".join(lines).encode()
    received = await api.json("intake", "POST", _LINES, planner, key="lines", content=body, headers=headers)
    done = await finished(api, planner, received["id"])
    applied.lines_imported, applied.lines_rejected = done["rows_accepted"], done["rows_rejected"]
    applied.rejected_rows += [
        {"sheet": "NDJSON", "row": one["line"], "violations": one["violations"]}
        for one in await api.pages("intake", f"/v1/imports/{received['id']}/rows", planner, outcome="rejected")
    ]
    applied.count(done)


async def check_and_prove(api: Api, token: str, form: dict[str, Any], applied: Applied) -> None:
    """An enterprise asks how it would be judged, and proves a standard with a document."""
    path = f"/v1/cycles/{CYCLE}/applications:check"
    applied.check = await api.json("intake", "POST", path, token, json={"form": form})
    (own,) = await api.pages("intake", "/v1/applications", token, cycle=CYCLE)
    document = _pdf("Invented evidence")
    digest = base64.b64encode(hashlib.sha256(document).digest()).decode()
    await api.json(
        "intake",
        "POST",
        f"/v1/applications/{own['id']}/attachments",
        token,
        params={"criterion": 5, "title": "研发投入专项审计报告（虚构）", "file_name": "审计报告.pdf"},
        content=document,
        headers={"Content-Type": "application/pdf", "Content-Digest": f"sha-256=:{digest}:"},
    )
    applied.evidence += 1


def _pdf(text: str) -> bytes:
    """One page with one line."""
    stream = f"BT /F1 18 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    document, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(document))
    return document + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer
