"""An edition as a file: each format says the same, and an altered cell is found and named."""

from __future__ import annotations

import csv
import io
import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from openpyxl import load_workbook

from services.finance.lists.cells import entry_check, guarded, unguarded
from services.finance.lists.edition import COLUMNS, body_of, digest_of, edition_content, entry_of, sign, signed
from services.finance.lists.held_file import UnreadableFileError
from services.finance.lists.reading import read_file
from services.finance.lists.rendering import BOM, FileFormat, rendered
from services.finance.lists.verification import faults_of, public_keys
from shared.models.reads import PoolMember

KEY = OKPKey.generate_key("Ed25519", {"kid": "first"})
KEYS = public_keys({"keys": [{**KEY.as_dict(private=False), "kid": "first"}]})
ISSUED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FORMATS: tuple[FileFormat, ...] = ("json", "ndjson", "csv", "xlsx")
_names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40) | st.sampled_from(
    ["=1+1", "'quoted", " blank ", "<r>x</r>", "_x0041_", "#hash", '"', "a,b", "＝１", "\ufeffbom", "a\u2028b"]
)
_member = st.builds(
    PoolMember,
    uscc=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18),
    name=_names,
    city_code=st.sampled_from(["420100", "429021"]),
    member_since=st.dates(date(2024, 1, 1), date(2030, 1, 1)),
    plan_id=st.uuids(),
)
_members = st.lists(_member, unique_by=lambda member: member.uscc, min_size=1, max_size=6)


def _content(members: list[PoolMember]) -> dict:
    return edition_content(
        programme="pool-members",
        title="入库企业名单",
        serial=7,
        issued_at=ISSUED,
        expires_at=ISSUED + timedelta(days=31),
        previous_digest="0f" * 32,
        entries=[entry_of(one) for one in members],
    )


def _file(members: list[PoolMember], file_format: FileFormat) -> bytes:
    content = _content(members)
    body = body_of(content)
    return rendered(content, digest_of(body), sign(body, KEY), file_format)


def _told(data: bytes) -> list[tuple[str, str]]:
    return [(one.code, one.place) for one in faults_of(read_file(data), KEYS)]


@given(_members)
@settings(max_examples=25)
def test_every_format_says_the_same_and_is_genuine(members: list[PoolMember]) -> None:
    for file_format in FORMATS:
        data = _file(members, file_format)
        held = read_file(data)
        assert held.content() == _content(members), file_format
        assert (_told(data), held.format) == ([], file_format)
        assert data == _file(members, file_format)


@given(_names)
def test_a_guarded_cell_is_read_back_exactly(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "<", " "))


def _some(count: int = 3) -> list[PoolMember]:
    since = date(2024, 6, 6)
    return [PoolMember(f"{n:018d}", f"【虚构】{n}", "420100", since, uuid.UUID(int=n)) for n in range(count)]


@given(st.integers(0, 2), st.sampled_from(COLUMNS), st.text("ABC", min_size=1, max_size=3))
@settings(max_examples=20)
def test_an_altered_cell_is_named_in_every_format(row: int, column: str, wrong: str) -> None:
    members, letter = _some(), "ABCDE"[COLUMNS.index(column)]
    document = json.loads(_file(members, "json"))
    document["content"]["entries"][row][column] = wrong
    assert ("entry_altered", f"/content/entries/{row}/{column}") in _told(json.dumps(document).encode())

    lines = _file(members, "ndjson").decode().splitlines()
    line = json.loads(lines[row + 1])
    line["entry"][column] = wrong
    lines[row + 1] = json.dumps(line)
    assert ("entry_altered", f"第{row + 2}行 /entry/{column}") in _told("\n".join(lines).encode())

    workbook = load_workbook(io.BytesIO(_file(members, "xlsx")))
    workbook["名单"][f"{letter}{row + 2}"] = wrong
    assert ("entry_altered", f"名单!{letter}{row + 2}") in _told(_saved(workbook))

    rows = list(csv.reader(io.StringIO(_file(members, "csv").decode("utf-8-sig"), newline="")))
    first = next(n for n, one in enumerate(rows) if not one[0].startswith("#")) + 1
    rows[first + row][COLUMNS.index(column)] = wrong
    assert ("entry_altered", f"{letter}{first + row + 1}") in _told(_csv(rows))


def _saved(workbook) -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return (BOM + text.getvalue()).encode()


def test_a_workbook_saved_again_by_another_program_stays_genuine() -> None:
    assert _told(_saved(load_workbook(io.BytesIO(_file(_some(), "xlsx"))))) == []


def _altered(change) -> list[tuple[str, str]]:
    document = json.loads(_file(_some(), "json"))
    change(document)
    return _told(json.dumps(document).encode())


def test_what_stands_beside_the_entries_is_named_too() -> None:
    assert _altered(lambda one: one["content"].update(expires_at="2030-01-01T00:00:00Z")) == [
        ("head_altered", "/content/expires_at")
    ]
    assert _altered(lambda one: one.update(digest="0" * 64)) == [("digest_altered", "/digest")]
    assert _altered(lambda one: one["checks"]["entries"].__setitem__(1, "0" * 16)) == [
        ("check_altered", "/checks/entries/1")
    ]
    assert _altered(lambda one: one["content"]["entries"].pop()) == [("count_differs", "")]
    assert ("order_altered", "") in _altered(
        lambda one: (one["content"]["entries"].reverse(), one["checks"]["entries"].reverse())
    )


def test_checks_altered_with_the_cell_do_not_hide_the_column() -> None:
    def forge(document: dict) -> None:
        entry = document["content"]["entries"][1]
        entry["name"] = "【虚构】另一家"
        document["checks"]["entries"][1] = entry_check(entry)

    assert _altered(forge) == [("column_altered", "name")]


def test_a_signature_of_another_key_or_content_is_refused() -> None:
    other = OKPKey.generate_key("Ed25519", {"kid": "other"})
    content = _content(_some())
    body = body_of(content)
    by_other = rendered(content, digest_of(body), sign(body, other), "json")
    assert _told(by_other) == [("key_unknown", "/signature")]
    as_first = OKPKey.import_key({**other.as_dict(private=True), "kid": "first"})
    assert _told(rendered(content, digest_of(body), sign(body, as_first), "xlsx"))[0][0] == "signature_differs"
    assert _altered(lambda one: one.update(signature="nonsense"))[0] == ("signature_altered", "/signature")


def test_a_statement_is_checked_as_an_edition_is() -> None:
    statement = signed({"kind": "lookup", "answers": [{"listed": True}]}, KEY)
    assert _told(json.dumps(statement).encode()) == []
    statement["content"]["answers"][0]["listed"] = False
    assert _told(json.dumps(statement).encode()) == [("altered", "")]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\xff\xfe",
        b"PK\x03\x04broken",
        b"[1]",
        b'{"content": 1}',
        b"\xef\xbb\xbfa,b\n",
        b"[" * 100_000,
        b'{"content": {}, "content": {}}',
    ],
)
def test_what_is_no_list_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        read_file(data)


def test_a_key_set_without_a_usable_key_is_refused() -> None:
    for wrong in ([], {}, {"keys": []}, {"keys": [{"kty": "RSA"}]}, {"keys": ["x"]}):
        with pytest.raises(UnreadableFileError):
            public_keys(wrong)


def test_what_no_signature_covers_is_named() -> None:
    document = json.loads(_file(_some(), "json"))
    assert _told(json.dumps(document | {"note": "可授信"}).encode()) == [("stray", "/note")]
    workbook = load_workbook(io.BytesIO(_file(_some(), "xlsx")))
    workbook.create_sheet("另一张")
    workbook["期号与签名"]["E2"] = "注"
    assert _told(_saved(workbook)) == [("stray", "期号与签名!E2"), ("stray", "工作表 另一张")]
    rows = list(csv.reader(io.StringIO(_file(_some(), "csv").decode("utf-8-sig"), newline="")))
    rows[0][0], rows[-1] = "#名称", [*rows[-1], "可授信"]
    said_twice = [*rows[:1], ["#失效时间", "expires_at", "2099-01-01T00:00:00Z", ""], *rows[1:]]
    codes = {one.code for one in faults_of(read_file(_csv(said_twice)), KEYS)}
    assert "head_altered" in codes
    rows[0][0] = "#名单代码"
    assert _told(_csv(rows)) == [("stray", f"G{len(rows)}")]
