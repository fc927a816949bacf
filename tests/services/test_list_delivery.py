"""Delivery: bytes in parts and compressed, deltas, files, lookups, keys, acknowledgements and freshness."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from support.enterprises import Registry, other_code
from support.forms import uscc
from support.lists import LIST, Lists, a_list, bank_token
from support.notices import Clock
from support.system import System
from typer.testing import CliRunner

from services.cli import app
from services.finance.lists.differences import apply_changes
from services.finance.lists.reading import read_file
from services.finance.lists.verification import faults_of, public_keys
from shared.calendar import business_date
from shared.security.keys import create_key

JWKS = "/v1/lists/jwks.json"


@pytest.fixture
async def lists(system: System, owner: asyncpg.Connection) -> Lists:
    return await a_list(system, owner)


async def _keys(system: System) -> dict:
    return public_keys(await system.ok("finance", "GET", JWKS, None))


async def test_every_delta_of_a_history_makes_the_later_edition(lists: Lists) -> None:
    chance = random.Random(2024)
    for number in (1, 2, 3):
        await lists.end_stay(number)
        await lists.decide(number)
        await lists.renew_stay(number)
    for _ in range(5):
        for number in (1, 2, 3):
            await chance.choice((lists.end_stay, lists.renew_stay))(number)
        assert (await lists.publish())["refusal"] is None
    editions = [(await lists.pull(serial)).json() for serial in range(1, 7)]
    keys = await _keys(lists.system)
    for since in range(1, 7):
        for to in range(since, 7):
            statement = await lists.get("/changes", since=since, to=to)
            assert faults_of(read_file(json.dumps(statement).encode()), keys) == []
            assert apply_changes(editions[since - 1], statement["content"]) == editions[to - 1]


async def test_a_delta_knows_only_serials_that_were(lists: Lists) -> None:
    await lists.publish()
    refused, path = lists.system.refused, f"{LIST}/changes"
    await refused("finance", "GET", f"{path}?since=3", lists.bank, "serial_never_existed", 404)
    await refused("finance", "GET", f"{path}?since=1&to=3", lists.bank, "serial_never_existed", 404)
    await refused("finance", "GET", f"{path}?since=2&to=1", lists.bank, "serials_reversed", 422)
    await refused("finance", "GET", f"{path}?since=0", lists.bank, "validation_failed", 422)
    stranger = bank_token(lists.system, "bank-2")
    await refused("finance", "GET", f"{path}?since=3", stranger, "list_not_found", 404)


async def test_a_changed_code_is_a_removal_and_an_addition_by_that_change(lists: Lists) -> None:
    old, new = uscc(1), other_code(uscc(1))
    change = await Registry(lists.system).made(old, "changeCode", new_code=new)
    await lists.publish()
    changes = (await lists.get("/changes", since=1))["content"]
    assert ([one["uscc"] for one in changes["added"]], changes["removed"]) == ([new], [old])
    assert {(one["basis"], one["basis_id"]) for one in changes["reasons"]} == {("enterprise_change", change["id"])}


async def test_bytes_come_compressed_or_in_parts(lists: Lists) -> None:
    plain = await lists.pull(**{"Accept-Encoding": "identity"})
    assert (plain.status_code, plain.headers["Accept-Ranges"]) == (200, "bytes")
    assert "Content-Encoding" not in plain.headers
    packed = await lists.pull(**{"Accept-Encoding": "gzip"})
    assert (packed.headers["Content-Encoding"], packed.headers["Accept-Ranges"]) == ("gzip", "none")
    assert packed.content == plain.content
    assert int(packed.headers["Content-Length"]) < len(plain.content)
    etag, size = plain.headers["ETag"], len(plain.content)
    for asked, first, last in (
        ("0-9", 0, 9),
        ("10-", 10, size - 1),
        ("-5", size - 5, size - 1),
        ("9-999999", 9, size - 1),
    ):
        part = await lists.pull(Range=f"bytes={asked}", **{"If-Range": etag})
        assert (part.status_code, part.content) == (206, plain.content[first : last + 1])
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    for header in ({"Range": "bytes=0-9", "If-Range": '"old"'}, {"Range": "bytes=0-1,3-4"}, {"Range": "lines=0-1"}):
        whole = await lists.pull(**header, **{"Accept-Encoding": "identity"})
        assert (whole.status_code, whole.content) == (200, plain.content)
    path, headers = f"{LIST}/editions/1", {"Range": f"bytes={size}-"}
    await lists.system.refused("finance", "GET", path, lists.bank, "range_not_satisfiable", 416, headers=headers)


async def _files(lists: Lists, folder: Path) -> dict[str, Path]:
    """Every format of edition 1, and the keys, as a bank would keep them."""
    files: dict[str, Path] = {}
    for file_format in ("json", "ndjson", "csv", "xlsx"):
        path = f"{LIST}/editions/1/files/{file_format}"
        answer = await lists.system.request("finance", "GET", path, lists.bank)
        assert answer.status_code == 200, answer.text
        files[file_format] = folder / f"list.{file_format}"
        files[file_format].write_bytes(answer.content)
    files["keys"] = folder / "jwks.json"
    files["keys"].write_text(json.dumps(await lists.system.ok("finance", "GET", JWKS, None)), "utf-8")
    return files


async def test_files_are_rendered_before_anybody_asks_for_them(lists: Lists, tmp_path: Path) -> None:
    stored = "SELECT format, md5(content) FROM edition_file ORDER BY format"
    assert [name for name, _ in await lists.owner.fetch(stored)] == ["gzip"]
    await lists.system.drain()
    files = await lists.owner.fetch(stored)
    assert [name for name, _ in files] == ["csv", "gzip", "json", "ndjson", "xlsx"]
    assert all(file.read_bytes() for file in (await _files(lists, tmp_path)).values())
    assert await lists.owner.fetch(stored) == files


def _verify(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["verify", *map(str, words)])
    return done.exit_code, done.output


async def test_peiyu_verify_checks_any_format_offline(lists: Lists, tmp_path: Path) -> None:
    files = await _files(lists, tmp_path)
    keys = files.pop("keys")
    for file in files.values():
        code, told = _verify(file, "--keys", keys)
        assert (code, "属实" in told) == (0, True), told
    pulled = await lists.pull(1)
    raw = tmp_path / "edition.json"
    raw.write_bytes(pulled.content)
    assert _verify(raw, "--keys", keys, "--signature", pulled.headers["X-Edition-Signature"])[0] == 0
    assert _verify(raw, "--keys", keys)[0] == 1
    altered = files["csv"].read_text("utf-8-sig").replace("420100", "420200", 1)
    files["csv"].write_text(altered, "utf-8")
    code, told = _verify(files["csv"], "--keys", keys)
    assert (code, "entry_altered: C" in told) == (1, True), told
    assert _verify(keys, "--keys", keys)[0] == 2
    assert _verify(raw, "--keys", tmp_path / "nowhere.json")[0] == 2
    assert _verify(raw, "--keys", "http://elsewhere.example/jwks.json")[0] == 2


async def test_what_a_retired_key_signed_stays_verifiable(lists: Lists, tmp_path: Path) -> None:
    system = lists.system
    earlier = (await system.ok("finance", "GET", JWKS, None))["keys"]
    settings = system.apps["finance"].state.settings
    before, after = settings.list_key_file, tmp_path / "new.pem"
    create_key(after)
    settings.list_key_file = after
    try:
        await lists.publish()
        keys = await system.ok("finance", "GET", JWKS, None)
        assert [one["kid"] for one in keys["keys"][1:]] == [one["kid"] for one in earlier]
        assert all("d" not in one for one in keys["keys"])
        for serial in (1, 2):
            answer = await system.request("finance", "GET", f"{LIST}/editions/{serial}/files/xlsx", lists.bank)
            assert faults_of(read_file(answer.content), public_keys(keys)) == []
            old_only = faults_of(read_file(answer.content), public_keys({"keys": earlier}))
            assert [one.code for one in old_only] == ([] if serial == 1 else ["key_unknown"])
    finally:
        settings.list_key_file = before


async def test_one_answer_tells_of_the_report_and_of_the_loan(lists: Lists, clock: Clock) -> None:
    first = clock.moment
    today = business_date(first)
    clock.moment = first + timedelta(days=40)
    await lists.end_stay(1)
    await lists.decide(1)
    await lists.publish()
    loan, report = today + timedelta(days=40), today
    days = {"report_date": report.isoformat(), "loan_date": loan.isoformat()}
    statement = await lists.get(f"/entries/{uscc(1)}", **days)
    assert faults_of(read_file(json.dumps(statement).encode()), await _keys(lists.system)) == []
    (answer,) = statement["content"]["answers"]
    told = [(answer[day]["serial"], answer[day]["listed"], answer[day]["expired"]) for day in days]
    assert told == [(1, True, False), (2, False, False)]
    assert answer["report_date"]["entry"]["uscc"] == uscc(1)
    stale = (await lists.get(f"/entries/{uscc(1)}", report_date=(today + timedelta(days=39)).isoformat()))["content"]
    assert [stale["answers"][0]["report_date"][name] for name in ("serial", "listed", "expired")] == [1, True, True]
    early = (await lists.get(f"/entries/{uscc(1)}", loan_date="2020-01-01"))["content"]["answers"][0]
    assert (early["report_date"], early["loan_date"]["listed"], early["loan_date"]["serial"]) == (None, None, None)
    many = {"usccs": [uscc(2), uscc(9), uscc(1)], "loan_date": loan.isoformat()}
    batch = await lists.system.ok("finance", "POST", f"{LIST}/entries:lookup", lists.bank, json=many)
    assert [(one["uscc"], one["loan_date"]["listed"]) for one in batch["content"]["answers"]] == [
        (uscc(2), True),
        (uscc(9), False),
        (uscc(1), False),
    ]
    path, refused = f"{LIST}/entries/{uscc(1)}", lists.system.refused
    await refused("finance", "GET", path, lists.bank, "date_missing", 422)
    ahead = {"loan_date": (loan + timedelta(days=1)).isoformat()}
    await refused("finance", "GET", path, lists.bank, "date_in_future", 422, params=ahead)


async def test_an_enterprise_is_found_by_the_code_it_has_now(lists: Lists) -> None:
    old, new = uscc(1), other_code(uscc(1))
    await Registry(lists.system).made(old, "changeCode", new_code=new)
    day = business_date(await lists.owner.fetchval("SELECT now()")).isoformat()
    (answer,) = (await lists.get(f"/entries/{new}", report_date=day))["content"]["answers"]
    assert (answer["report_date"]["listed"], answer["report_date"]["entry"]["uscc"]) == (True, old)


async def test_a_bank_acknowledges_what_it_pulled_and_is_seen_to_be_behind(lists: Lists) -> None:
    system = lists.system
    path = f"{LIST}/editions/1:acknowledge"
    digest = await lists.owner.fetchval("SELECT digest FROM edition WHERE serial = 1")
    body = {"digest": digest, "imported": 2, "errors": [{"uscc": uscc(3), "code": "unknown", "message": "无此客户"}]}

    async def refused(code: str, status: int, **changes: object) -> None:
        await system.refused("finance", "POST", path, lists.bank, code, status, json=body | changes)

    async def seen() -> tuple:
        page = await system.ok("finance", "GET", f"{LIST}/subscribers", lists.officer)
        (one,) = page["items"]
        return one["pulled_serial"], one["acknowledged_serial"], one["import_errors"], one["serials_behind"]

    await refused("edition_not_pulled", 409)
    assert await seen() == (None, None, None, 1)
    await lists.pull(1)
    await refused("digest_differs", 409, digest="0" * 64)
    await refused("ack_counts", 422, imported=3)
    await refused("entry_not_listed", 422, errors=[{"uscc": uscc(9), "code": "x"}])
    ack = await system.ok("finance", "POST", path, lists.bank, json=body)
    assert (await system.ok("finance", "POST", path, lists.bank, json=body)) == ack
    assert await lists.owner.fetchval("SELECT count(*) FROM edition_ack") == 1
    assert (ack["serials_behind"], await seen()) == (0, (1, 1, 1, 0))
    for _ in range(3):
        await lists.publish()
    assert await seen() == (1, 1, 1, 3)
    await lists.get("/changes", since=1)
    corrected = await system.ok("finance", "POST", path, lists.bank, json=body | {"imported": 3, "errors": []})
    assert (corrected["serials_behind"], await seen()) == (3, (4, 1, 0, 3))
    await system.refused("finance", "POST", path, lists.officer, "forbidden", 403, json=body)
    stranger = bank_token(system, "bank-2")
    await system.refused("finance", "POST", path, stranger, "list_not_found", 404, json=body)
