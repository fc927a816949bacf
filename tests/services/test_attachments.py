"""Evidence over HTTP: what is accepted, what is refused, who sees it, and what stays known of it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import uuid
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import asyncpg
import pytest
from support.evidence import DOCX_MAIN, WHOLE, XLSM_MAIN, jpeg, ofd, ofd_parts, office, package, pdf, png, xlsx
from support.forms import HUANGSHI, form, uscc
from support.system import System

from shared.models.reads import attachment_digests

WUHAN_CITY, HUANGSHI_CITY = "420100", "420200"
XLSX_MAIN = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


async def _apply(system: System, number: int = 1, **changes: Any) -> tuple[str, str]:
    """An application's path of evidence and its enterprise's token."""
    filled = form(number, **changes)
    application = await system.submit(filled)
    return f"/v1/applications/{application['id']}/attachments", system.enterprise(filled["uscc"])


async def _attach(system: System, path: str, token: str, content: bytes, **params: Any) -> Any:
    return await system.ok("intake", "POST", path, token, content=content, params={"file_name": "a.pdf"} | params)


def stored_files(system: System) -> list[Path]:
    folder = Path(unquote(urlparse(system.settings["intake"].attachments_url).path))
    return [path for path in folder.rglob("*") if path.is_file()]


def _digest_header(content: bytes) -> dict[str, str]:
    return {"Content-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"}


@pytest.mark.parametrize("media_type", WHOLE, ids=str)
async def test_each_type_is_told_by_its_content_and_comes_back_as_it_was(system: System, media_type: str) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    content = WHOLE[media_type]()
    answer = await system.request(
        "intake",
        "POST",
        path,
        token,
        content=content,
        params={"file_name": "C:\\材料\\审计 报告.exe", "criterion": 5, "title": "研发费用专项审计报告"},
        headers={"Content-Type": "text/html"} | _digest_header(content),
    )
    assert answer.status_code == 201, answer.text
    attachment = answer.json()
    assert (attachment["media_type"], attachment["size"]) == (media_type, len(content))
    assert (attachment["criterion"], attachment["title"]) == (5, "研发费用专项审计报告")
    assert attachment["digest"] == hashlib.sha256(content).hexdigest()
    assert attachment["file_name"].startswith("审计 报告.exe.")
    assert answer.headers["location"] == f"/v1/attachments/{attachment['id']}"
    assert await system.ok("intake", "GET", answer.headers["location"], token) == attachment
    fetched = await system.request("intake", "GET", f"{answer.headers['location']}/content", token)
    assert (fetched.status_code, fetched.content) == (200, content)
    assert fetched.headers["content-type"] == media_type
    assert fetched.headers["content-length"] == str(len(content))
    assert fetched.headers["content-digest"] == _digest_header(content)["Content-Digest"]
    assert fetched.headers["x-content-type-options"] == "nosniff"
    assert fetched.headers["content-disposition"].startswith('attachment; filename="__ __.exe.')
    assert "filename*=UTF-8''%E5%AE%A1%E8%AE%A1%20%E6%8A%A5%E5%91%8A.exe." in fetched.headers["content-disposition"]
    (stored,) = stored_files(system)
    assert stored.parts[-3:] == ("sha256", attachment["digest"][:2], attachment["digest"][2:])


def _bomb() -> bytes:
    parts = ofd_parts() | {"Doc_0/big.bin": b"\0" * 60_000_000}
    return package(parts)


def _twice_named() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in [*ofd_parts().items(), ("OFD.xm_", "<x/>")]:
            archive.writestr(name, content)
    return stream.getvalue().replace(b"OFD.xm_", b"OFD.xml")


def _encrypted() -> bytes:
    content = bytearray(ofd())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


HTML = b"<!DOCTYPE html><script>alert(1)</script>"
TRICKS: dict[str, tuple[bytes, str]] = {
    "program": (b"MZ\x90\0" + b"\0" * 500, "Windows 可执行程序"),
    "page": (HTML, "HTML 网页"),
    "page behind blanks": (b"\xef\xbb\xbf\n\n  " + HTML, "HTML 网页"),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG 图片"),
    "text": ("企业证明材料".encode("gb18030"), "文本文件"),
    "old Office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "旧版或加密的 Office 文件"),
    "docx": (office("word/document.xml", DOCX_MAIN), "Word 文档（.docx）"),
    "docx that has a workbook too": (
        office("xl/workbook.xml", XLSX_MAIN, word__document_dot_xml="<x/>"),
        "Word 文档（.docx）",
    ),
    "macro workbook": (office("xl/workbook.xml", XLSM_MAIN, xl__vbaProject_dot_bin=b"x"), "含宏"),
    "macro type without macros": (office("xl/workbook.xml", XLSM_MAIN), "含宏"),
    "macros in disguise": (office("xl/workbook.xml", XLSX_MAIN, xl__VBAProject_dot_BIN=b"x"), "含宏"),
    "macro sheet": (office("xl/workbook.xml", XLSX_MAIN, xl__macrosheets__s_dot_xml=b"x"), "含宏"),
    "plain zip": (package({"a.txt": "x"}), "普通 ZIP 压缩包"),
    "jar": (package({"META-INF/MANIFEST.MF": "x", **ofd_parts()}), "Java"),
    "two in one": (package({**ofd_parts(), "[Content_Types].xml": "<Types/>"}), "两种文档合一"),
    "OFD without a document": (package({"OFD.xml": ofd_parts()["OFD.xml"]}), "缺少文档内容"),
    "OFD that is a page": (package({"OFD.xml": "<html/>"}), "内容与结构不符"),
    "entities": (package(ofd_parts() | {"OFD.xml": '<!DOCTYPE a [<!ENTITY b "c">]><OFD>&b;</OFD>'}), "内容异常"),
    "way out": (package(ofd_parts() | {"../../etc/passwd": "x"}), "不安全"),
    "bomb": (_bomb(), "过大"),
    "names twice": (_twice_named(), "重复"),
    "encrypted": (_encrypted(), "加密"),
    "half a package": (ofd()[: len(ofd()) // 2], "ZIP"),
    "package with a tail": (ofd() + HTML, "ZIP"),
    "package behind a program": (b"MZ" + ofd(), "Windows 可执行程序"),
    "package with a gap": (ofd().replace(b"PK\x01\x02", b"\0" * 64 + b"PK\x01\x02", 1), "多余内容"),
    "half a PDF": (pdf()[:-8], "PDF"),
    "PDF with a tail": (pdf() + HTML, "PDF"),
    "PDF and package": (pdf().replace(b"%%EOF", b"") + ofd(), "PDF"),
    "PDF and package that both open": (pdf()[:-6] + ofd() + b"\nstartxref\n9\n%%EOF\n", "压缩包"),
    "PDF in name only": (b"%PDF-" + HTML, "PDF"),
    "half a JPEG": (jpeg()[:-2], "JPEG"),
    "JPEG with a tail": (jpeg() + HTML, "JPEG"),
    "JPEG and package": (jpeg()[:-2] + ofd() + b"\xff\xd9", "压缩包"),
    "JPEG without a frame": (b"\xff\xd8\xff\xd9", "JPEG"),
    "half a PNG": (png()[:-12], "PNG"),
    "PNG with a tail": (png() + b"<?php", "PNG"),
    "PNG without data": (png()[:33] + png()[-12:], "PNG"),
}


async def test_anything_else_is_refused_with_what_was_found(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    for case, (content, found) in TRICKS.items():
        answer = await system.request(
            "intake",
            "POST",
            path,
            token,
            content=content,
            params={"file_name": "审计报告.pdf"},
            headers={"Content-Type": "application/pdf"},
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "attachment_type"), case
        assert found in answer.json()["detail_zh"], case
        assert answer.json()["detail"], case
    assert stored_files(system) == []
    assert await owner.fetchval("SELECT count(*) FROM stored_content") == 0


async def test_wrong_digests_and_empty_files_are_refused_and_leave_nothing(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    params = {"file_name": "a.pdf"}
    for header, code, status in (
        (_digest_header(b"other"), "content_digest_mismatch", 422),
        ({"Content-Digest": "sha-256=:AAAA:"}, "content_digest_unreadable", 400),
        ({"Content-Digest": "sha-512=:AAAA:"}, "content_digest_unreadable", 400),
        ({"Content-Digest": hashlib.sha256(pdf()).hexdigest()}, "content_digest_unreadable", 400),
    ):
        request = {"content": pdf(), "params": params, "headers": header}
        await system.refused("intake", "POST", path, token, code, status, **request)
    await system.refused("intake", "POST", path, token, "attachment_empty", 422, content=b"", params=params)
    both = {"Content-Digest": f"sha-512=:AAAA:, {_digest_header(pdf())['Content-Digest']}"}
    await system.ok("intake", "POST", path, token, content=pdf(), params=params, headers=both)
    assert await owner.fetchval("SELECT count(*) FROM attachment") == len(stored_files(system)) == 1


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "required"),
        ({"file_name": "  "}, "too_short"),
        ({"file_name": "报告\u202egpj.exe"}, "control_character"),
        ({"file_name": "a\0.pdf"}, "control_character"),
        ({"file_name": "a" * 196}, "too_long"),
        ({"file_name": "a", "title": "标题\n二"}, "control_character"),
        ({"file_name": "a", "criterion": 0}, "too_small"),
        ({"file_name": "a", "criterion": 11}, "too_large"),
        ({"file_name": "a", "audience": "nobody"}, "not_an_option"),
    ],
)
async def test_words_that_cannot_stand_are_refused(system: System, params: dict[str, Any], code: str) -> None:
    path = f"/v1/applications/{uuid.uuid4()}/attachments"
    token = system.enterprise(uscc(1))
    request = {"content": pdf(), "params": params}
    problem = await system.refused("intake", "POST", path, token, "validation_failed", 422, **request)
    assert [one["code"] for one in problem["violations"]] == [code]


async def test_twins_are_one_attachment_and_share_storage_with_others(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    params = {"file_name": "a.pdf", "criterion": 3}
    content = pdf(padding=3_000_000)
    answers = await asyncio.gather(
        *(system.request("intake", "POST", path, token, content=content, params=params) for _ in range(12))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    again = await _attach(system, path, token, content, criterion=3, title="另一标题")
    assert again == answers[0].json()
    other = await _attach(system, path, token, content, criterion=4)
    other_path, other_token = await _apply(system, 2)
    third = await _attach(system, other_path, other_token, content, criterion=3)
    assert len({again["id"], other["id"], third["id"]}) == 3
    assert await owner.fetchval("SELECT count(*) FROM attachment") == 3
    assert await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'attachment.add'") == 3
    assert len(stored_files(system)) == 1


async def test_who_sees_what(system: System) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    _, neighbour = await _apply(system, 2)
    shown = await _attach(system, path, token, pdf("a"), criterion=5)
    city = system.officer("o", "city_officer", WUHAN_CITY)
    hidden = await _attach(system, path, city, pdf("b"), audience="officers")
    elsewhere = system.officer("h", "city_officer", HUANGSHI_CITY)
    readers = [system.officer("r", role) for role in ("province_officer", "auditor")]
    # A reviewer sees what was declared on, and here nothing has come to review yet.
    undeclared = system.officer("r", "reviewer")
    cases = [(reader, 2) for reader in (city, *readers)] + [(token, 1), (neighbour, 0), (elsewhere, 0), (undeclared, 0)]
    for reader, sees in cases:
        for attachment, needed in ((shown, 1), (hidden, 2)):
            for tail in ("", "/content"):
                answer = await system.request("intake", "GET", f"/v1/attachments/{attachment['id']}{tail}", reader)
                assert answer.status_code == (200 if sees >= needed else 404)
                assert sees >= needed or answer.json()["code"] == "not_found"
        if sees:
            page = await system.ok("intake", "GET", path, reader)
            assert [one["id"] for one in page["items"]] == [shown["id"], hidden["id"]][:sees]
        else:
            await system.refused("intake", "GET", path, reader, "not_found", 404)
    for stranger in (neighbour, elsewhere):
        request = {"content": pdf("c"), "params": {"file_name": "a.pdf"}}
        await system.refused("intake", "POST", path, stranger, "not_found", 404, **request)
        await system.refused("intake", "DELETE", f"/v1/attachments/{shown['id']}", stranger, "not_found", 404)
    for reader in (undeclared, readers[1]):
        await system.refused("intake", "DELETE", f"/v1/attachments/{shown['id']}", reader, "forbidden", 403)
    # The officers' copy does not answer for the enterprise's own.
    own = await _attach(system, path, token, pdf("b"))
    assert own["id"] != hidden["id"]
    await system.refused(
        "intake",
        "POST",
        path,
        token,
        "attachment_audience",
        422,
        content=pdf(),
        params={"file_name": "a.pdf", "audience": "officers"},
    )


async def test_a_revisions_evidence_stays_known_when_it_is_replaced(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    filled = form(1)
    path, token = await _apply(system)
    first = await _attach(system, path, token, pdf("first"), criterion=5)
    kept = await _attach(system, path, token, png(), criterion=2)
    application = path.split("/")[3]
    await _return(system, application)
    await system.submit(filled)  # revision 2 rests on both
    await _return(system, application)
    await system.ok("intake", "DELETE", f"/v1/attachments/{first['id']}", token)
    await system.ok("intake", "DELETE", f"/v1/attachments/{first['id']}", token)
    second = await _attach(system, path, token, pdf("second"), criterion=5)
    await system.submit(filled)  # revision 3 rests on what replaced it
    late = await _attach(system, path, token, jpeg(), criterion=7)

    async def ids(**params: Any) -> list[str]:
        page = await system.ok("intake", "GET", path, token, params=params)
        return [one["id"] for one in page["items"]]

    assert await ids() == [kept["id"], second["id"], late["id"]]
    assert await ids(criterion=5) == [second["id"]]
    by_revision = {1: [], 2: [first["id"], kept["id"]], 3: [kept["id"], second["id"]]}
    for snapshot in await owner.fetch("SELECT revision, created_at FROM application_snapshot"):
        expected = by_revision[snapshot["revision"]]
        assert await ids(revision=snapshot["revision"]) == expected
        assert await ids(at=snapshot["created_at"].isoformat()) == expected
    await system.refused("intake", "GET", path, token, "not_found", 404, params={"revision": 4})
    gone = await system.ok("intake", "GET", f"/v1/attachments/{first['id']}", token)
    assert gone["removed_by"].startswith("enterprise-")
    assert gone["removed_at"]
    removals = await owner.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'attachment.remove'")
    assert removals == 1


async def test_what_comes_while_a_revision_is_being_submitted_is_no_part_of_it(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    application = uuid.UUID(path.split("/")[3])
    async with owner.transaction():
        await owner.execute("UPDATE application SET revision = 2, submitted_at = now() WHERE id = $1", application)
        attaching = asyncio.create_task(_attach(system, path, token, pdf()))
        async with asyncio.timeout(10):
            while not await owner.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
                assert not attaching.done(), "it did not wait for the submission"
        await owner.execute(
            "INSERT INTO application_snapshot (id, application_id, revision, payload, digest, submitted_by, channel, "
            "created_at) VALUES ($1, $2, 2, '{}', 'x', 'x', 'http', clock_timestamp())",
            uuid.uuid4(),
            application,
        )
    attachment = await attaching
    assert (await system.ok("intake", "GET", path, token))["items"] == [attachment]
    assert (await system.ok("intake", "GET", path, token, params={"revision": 2}))["items"] == []


async def _return(system: System, application: str) -> None:
    city = system.officer("o", "city_officer", WUHAN_CITY)
    reasons = {"reasons": [{"field": "/finance/revenue_cny", "reason": "请补充佐证"}]}
    await system.ok("intake", "POST", f"/v1/applications/{application}:return", city, json=reasons)


async def test_evidence_closes_with_the_application_and_belongs_to_who_attached_it(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    city = system.officer("o", "city_officer", WUHAN_CITY)
    own = await _attach(system, path, token, pdf("own"))
    theirs = await _attach(system, path, city, pdf("theirs"))
    for remover, attachment in ((city, own), (token, theirs)):
        where = f"/v1/attachments/{attachment['id']}"
        await system.refused("intake", "DELETE", where, remover, "not_your_attachment", 403)
    await system.recommend(WUHAN_CITY, [path.split("/")[3]])
    for remover, attachment in ((token, own), (city, theirs)):
        where = f"/v1/attachments/{attachment['id']}"
        await system.refused("intake", "DELETE", where, remover, "attachments_closed", 409)
    request = {"content": pdf("late"), "params": {"file_name": "a.pdf"}}
    await system.refused("intake", "POST", path, token, "attachments_closed", 409, **request)
    await _attach(system, path, city, pdf("checked on the spot"))
    for statement in ("DELETE FROM attachment", "TRUNCATE attachment", "UPDATE attachment SET removed_at = now()"):
        with pytest.raises(asyncpg.PostgresError):
            await owner.execute(statement)


async def test_there_is_an_end_to_what_one_account_can_store(system: System) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    system.apps["intake"].state.settings.max_attachments = 2
    first = await _attach(system, path, token, pdf("1"))
    await _attach(system, path, token, pdf("2"))
    request = {"content": pdf("3"), "params": {"file_name": "a.pdf"}}
    await system.refused("intake", "POST", path, token, "too_many_attachments", 409, **request)
    assert (await _attach(system, path, token, pdf("1")))["id"] == first["id"]
    await system.ok("intake", "DELETE", f"/v1/attachments/{first['id']}", token)
    await _attach(system, path, token, pdf("3"))


async def test_an_enterprises_evidence_for_reports_and_incidents(system: System) -> None:
    await system.open_cycle()
    filled, other = form(1), form(2, division=HUANGSHI)
    await system.submit(filled)
    await system.submit(other)
    path = f"/v1/enterprises/{filled['uscc']}/attachments"
    token, stranger = system.enterprise(filled["uscc"]), system.enterprise(other["uscc"])
    city = system.officer("o", "city_officer", WUHAN_CITY)
    elsewhere = system.officer("h", "city_officer", HUANGSHI_CITY)
    report = await _attach(system, path, token, xlsx(), purpose="report")
    source = await _attach(system, path, city, pdf(), purpose="incident")
    assert (report["audience"], source["audience"], source["uscc"]) == ("all", "officers", filled["uscc"])
    for reader, seen in ((token, [report]), (city, [report, source])):
        assert (await system.ok("intake", "GET", path, reader))["items"] == seen
    await system.refused("intake", "GET", f"/v1/attachments/{source['id']}", token, "not_found", 404)
    for reader in (stranger, elsewhere):
        await system.refused("intake", "GET", path, reader, "not_found", 404)
        await system.refused("intake", "GET", f"/v1/attachments/{report['id']}", reader, "not_found", 404)
        request = {"content": pdf(), "params": {"file_name": "a.pdf", "purpose": "report"}}
        await system.refused("intake", "POST", path, reader, "not_found", 404, **request)
    first = await system.ok("intake", "GET", path, city, params={"limit": 1})
    rest = await system.ok("intake", "GET", path, city, params={"limit": 1, "cursor": first["next_cursor"]})
    assert [*first["items"], *rest["items"]] == [report, source]
    assert rest["next_cursor"] is None
    await system.ok("intake", "DELETE", f"/v1/attachments/{report['id']}", token)
    before = {"at": report["created_at"]}
    assert (await system.ok("intake", "GET", path, token, params=before))["items"][0]["id"] == report["id"]
    assert (await system.ok("intake", "GET", path, token))["items"] == []
    assert datetime.fromisoformat(source["created_at"]) < datetime.now(UTC)


async def test_evaluation_reads_digests_as_of_a_snapshot(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    path, token = await _apply(system)
    kept = await _attach(system, path, token, pdf("kept"), criterion=5)
    gone = await _attach(system, path, token, pdf("gone"))
    await _apply(system, 2)
    submitted = await owner.fetchval("SELECT now()")
    await system.ok("intake", "DELETE", f"/v1/attachments/{gone['id']}", token)
    later = await _attach(system, path, token, pdf("later"))
    application_id = uuid.UUID(kept["application_id"])
    async with system.apps["evaluation"].state.database.sessions() as session:
        then = await attachment_digests(session, application_id, submitted)
        today = await attachment_digests(session, application_id, datetime.now(UTC))
        before = await attachment_digests(session, application_id, datetime(2024, 1, 1, tzinfo=UTC))
    assert [(str(one.attachment_id), one.criterion, one.digest) for one in then] == [
        (one["id"], one["criterion"], one["digest"]) for one in (kept, gone)
    ]
    assert [one.digest for one in today] == [kept["digest"], later["digest"]]
    assert before == []
    service = await asyncpg.connect(
        system.settings["evaluation"].database_url.get_secret_value().replace("+asyncpg", "")
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("SELECT title FROM attachment")
    await service.close()
