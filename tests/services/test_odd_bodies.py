"""Bodies that JSON's readers take and nobody means: what is wrong is said by place, and others are served meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.forms import form
from support.lines import followed
from support.system import System

from services.intake.imports.workbook_rows import rows_of
from services.intake.imports.workbook_template import write_workbook
from shared.errors import MOST_VIOLATIONS, Problem
from shared.web.json_bodies import may_repeat_names, refuse_repeated_names

APPLY, DRAFTS = "/v1/cycles/2024-1/applications", "/v1/cycles/2024-1/drafts"
CHECK = "/v1/cycles/2024-1/applications:check"
UPLOAD = "/v1/cycles/2024-1/applications:importWorkbook"
WIDE = 20_000


def _who(**more: Any) -> dict[str, Any]:
    return {name: form(1)[name] for name in ("uscc", "name", "registered_division")} | more


def _as_sent(text: str) -> dict[str, Any]:
    return {"content": text.encode(), "headers": {"Content-Type": "application/json"}}


def _places(problem: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in problem["violations"]]


async def test_what_cannot_be_stored_is_called_what_it_is(system: System) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    deep: Any = "x"
    for _ in range(40):
        deep = [deep]
    odd = _who(finance={"revenue_cny": float("nan"), "rd": [1, float("-inf")]}, contact_name="甲\0乙", deep=deep)
    problem = await system.refused(
        "intake", "POST", DRAFTS, token, "unstorable_value", 422, **_as_sent(json.dumps(odd))
    )
    assert _places(problem) == [
        ("/finance/revenue_cny", "number_not_finite"),
        ("/finance/rd/1", "number_not_finite"),
        ("/contact_name", "text_not_storable"),
        ("/deep" + "/0" * 32, "too_deep"),
    ]
    assert "NaN" in problem["violations"][0]["message_zh"]
    assert "NaN" in problem["violations"][0]["message_en"]
    assert problem["detail_zh"].startswith("/finance/revenue_cny：")
    assert "NUL" not in problem["title"] + problem["title_zh"]
    hidden = _who(**{"k" * 5000: [[float("nan")]]})
    problem = await system.refused(
        "intake", "POST", DRAFTS, token, "unstorable_value", 422, **_as_sent(json.dumps(hidden))
    )
    assert _places(problem) == [("", "number_not_finite")], "names are the sender's own, and as long as it likes"
    bottomless = _as_sent('{"x":' + "[" * 100_000 + "]" * 100_000 + "}")
    problem = await system.refused("intake", "POST", DRAFTS, token, "validation_failed", 422, **bottomless)
    assert _places(problem) == [("", "too_deep")]


@pytest.mark.parametrize("path", [APPLY, DRAFTS])
async def test_a_name_given_twice_is_refused_where_it_stands(
    system: System, owner: asyncpg.Connection, path: str
) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    text = json.dumps(form(1), ensure_ascii=False)
    twice = text[:-1] + ', "legal_person" : "甲", "legal_person": "\\u003a"}'
    twice = twice.replace('"declarations": {', '"declarations": {"truthful": false, ')
    problem = await system.refused("intake", "POST", path, token, "validation_failed", 422, **_as_sent(twice))
    assert set(_places(problem)) == {("/legal_person", "duplicate_key"), ("/declarations/truthful", "duplicate_key")}
    assert all(one["message_zh"] and one["message_en"] for one in problem["violations"])
    assert await owner.fetchval("SELECT count(*) FROM application") == 0
    colons = _as_sent(text.replace('"contact_name": "', '"contact_name": "a:\\u003a:'))
    assert (await system.request("intake", "POST", path, token, **colons)).status_code in (201, 422)


_TEXT = st.text(st.sampled_from(["a", "b", ":", '"', "\\", "\n", "中"]), max_size=3)
_VALUES = st.recursive(
    st.none() | st.integers() | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(_TEXT, inner), max_size=3).map(tuple),
    max_leaves=8,
)


def _written(value: Any, escaped: bool) -> tuple[str, bool]:
    """(JSON in which a tuple is an object of these pairs, whether some object gives a name twice)."""
    if isinstance(value, tuple):
        members = [(_written(name, escaped)[0], *_written(member, escaped)) for name, member in value]
        repeats = len({name for name, _ in value}) < len(value)
        return "{" + ", ".join(f"{n} :{m}" for n, m, _ in members) + "}", repeats or any(r for *_, r in members)
    if isinstance(value, list):
        inner = [_written(one, escaped) for one in value]
        return "[" + ",".join(text for text, _ in inner) + "]", any(repeats for _, repeats in inner)
    text = json.dumps(value)
    return (text.replace(":", "\\u003A") if escaped and isinstance(value, str) else text), False


@given(_VALUES, st.booleans())
def test_the_cheap_look_never_misses_what_the_careful_one_finds(value: Any, escaped: bool) -> None:
    text, repeats = _written(value, escaped)
    body = text.encode()
    found = False
    try:
        refuse_repeated_names(body)
    except Problem:
        found = True
    assert found == repeats
    assert not repeats or may_repeat_names(body, orjson.loads(body))


async def test_a_wide_draft_is_answered_in_bounds_and_holds_nobody_up(system: System) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    wide = _who(**{f"f{number}": number for number in range(WIDE)})
    wider = _who(**{f"f{number}": number for number in range(4 * WIDE)})
    draft = await system.ok("intake", "POST", DRAFTS, token, json=wide)
    assert len(draft["violations"]) == MOST_VIOLATIONS
    # The fields that are nobody's, and the declarations that are missing.
    assert draft["violations_left_out"] == WIDE + 1 - MOST_VIOLATIONS

    running = asyncio.create_task(system.request("intake", "POST", CHECK, token, json={"form": wider}))
    served = 0
    while not running.done():
        await system.ok("intake", "GET", "/v1/applications", token)
        served += not running.done()
    assert served > 0, "somebody else was answered while it was looked at"
    check = (await running).json()
    assert (len(check["violations"]), check["violations_left_out"]) == (MOST_VIOLATIONS, 4 * WIDE + 1 - MOST_VIOLATIONS)
    problem = await system.refused("intake", "POST", APPLY, token, "validation_failed", 422, json=wide)
    assert (len(problem["violations"]), problem["violations_left_out"]) == (
        MOST_VIOLATIONS,
        WIDE + 1 - MOST_VIOLATIONS,
    )
    submitting = f"/v1/applications/{draft['application_id']}:submit"
    problem = await system.refused("intake", "POST", submitting, token, "validation_failed", 422)
    assert problem["violations_left_out"] == WIDE + 1 - MOST_VIOLATIONS


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\王五\\Desktop\\企业.xlsx", "企业.xlsx"),
        ("../../etc/企业.xlsx", "企业.xlsx"),
        ("/home/x/..", "attachment"),
        ("a" * 400 + ".xlsx", "a" * 195 + ".xlsx"),
    ],
)
async def test_a_workbook_keeps_its_name_and_not_its_senders_folders(system: System, sent: str, kept: str) -> None:
    await system.open_cycle()
    officer = system.officer("o", "city_officer", "420100")
    files = {"file": (sent, write_workbook(rows_of([form(1)])))}
    received = await system.ok("intake", "POST", UPLOAD, officer, files=files)
    assert received["file_name"] == kept
    assert (await followed(system, received["id"]))["file_name"] == kept


@pytest.mark.parametrize("mark", ["\x07", "\u202e"])
async def test_a_name_that_hides_something_is_refused(system: System, mark: str) -> None:
    await system.open_cycle()
    officer = system.officer("o", "city_officer", "420100")
    # As a browser would never write it: the client library escapes controls.
    body = (
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="a{mark}xslx.exe"\r\n'
        "Content-Type: application/octet-stream\r\n\r\nPK\r\n--b--\r\n"
    ).encode()
    sent = {"content": body, "headers": {"Content-Type": "multipart/form-data; boundary=b"}}
    problem = await system.refused("intake", "POST", UPLOAD, officer, "validation_failed", 422, **sent)
    assert _places(problem) == [("/file", "control_character")]


def _parts(*parts: tuple[str, str, bytes]) -> dict[str, Any]:
    lines = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'.encode() + content + b"\r\n"
        for name, file, content in parts
    )
    return {
        "content": lines + b"--b--\r\n",
        "headers": {"Content-Type": "multipart/form-data; boundary=b", "Idempotency-Key": "one"},
    }


async def test_two_uploads_cut_differently_are_two_requests(system: System) -> None:
    await system.open_cycle()
    officer = system.officer("o", "city_officer", "420100")
    first = await system.request("intake", "POST", UPLOAD, officer, **_parts(("file", "a.xlsx", b"PKx")))
    assert first.status_code == 202, first.text
    again = await system.request("intake", "POST", UPLOAD, officer, **_parts(("file", "a.xlsx", b"PKx")))
    assert (again.headers["idempotent-replayed"], again.text) == ("true", first.text)
    for other in (
        _parts(("file", "a.xls", b"xPKx")),
        _parts(("file", "a.xlsxP", b"Kx")),
        _parts(("file", "a.xlsx", b"P"), ("K", "", b"x")),
    ):
        await system.refused("intake", "POST", UPLOAD, officer, "idempotency_key_reused", 422, **other)
