"""Drafts over HTTP: forgiving to save, strict to submit, and nobody's work lost to somebody else's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
from support.forms import HUANGSHI, form, with_changes
from support.system import System

DRAFTS = "/v1/cycles/2024-1/drafts"
APPLY = "/v1/cycles/2024-1/applications"
CITY = "420100"


def _who(number: int = 1, **more: Any) -> dict[str, Any]:
    whole = form(number)
    return {name: whole[name] for name in ("uscc", "name", "registered_division")} | more


async def _start(system: System, content: dict[str, Any]) -> dict[str, Any]:
    return await system.ok("intake", "POST", DRAFTS, system.enterprise(content["uscc"]), json=content)


def _of(draft: dict[str, Any], act: str = "/draft") -> str:
    return f"/v1/applications/{draft['application_id']}{act}"


def _match(draft: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{draft["tag"]}"'}


async def test_a_draft_keeps_what_was_typed_and_says_what_submission_would_refuse(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    typed = _who(finance={"revenue_cny": 1200.5}, people={"employees": "many"}, colour="red", established_on="昨天")
    draft = await _start(system, typed)
    assert (draft["content"], draft["version"], draft["status"]) == (typed, 1, "draft")
    places = {one["pointer"]: one["code"] for one in draft["violations"]}
    assert places == {
        "/finance/revenue_cny": "money_as_string",
        "/people/employees": "not_an_integer",
        "/colour": "unknown_field",
        "/established_on": "not_a_date",
        "/declarations": "required",
    }
    token = system.enterprise(typed["uscc"])
    shown = await system.ok("intake", "GET", f"/v1/applications/{draft['application_id']}", token)
    assert (shown["revision"], shown["submitted_at"], shown["form"]) == (0, None, None)
    problem = await system.refused("intake", "POST", _of(draft, ":submit"), token, "validation_failed", 422)
    assert {one["pointer"] for one in problem["violations"]} == set(places)
    assert await owner.fetchval("SELECT count(*) FROM application_snapshot") == 0

    patch = {key: value for key, value in form(1).items() if key not in typed} | {
        "colour": None,
        "established_on": None,
        "finance": {"revenue_cny": "1200.50"},
        "people": {"employees": 100},
    }
    answer = await system.request("intake", "PATCH", _of(draft), token, json=patch, headers=_match(draft))
    saved = answer.json()
    assert (answer.status_code, answer.headers["ETag"], saved["violations"]) == (200, '"0.2"', [])
    read = await system.request("intake", "GET", _of(draft), token)
    assert (read.json(), read.headers["ETag"]) == (saved, '"0.2"')
    received = await system.ok("intake", "POST", _of(draft, ":submit"), token, headers=_match(saved))
    assert (received["revision"], received["status"]) == (1, "submitted")
    assert await owner.fetchval("SELECT count(*) FROM application_draft") == 0
    await system.refused("intake", "GET", _of(draft), token, "draft_not_found", 404)
    await system.refused("intake", "POST", _of(draft, ":submit"), token, "draft_not_found", 404)
    missing = _match(saved)
    await system.refused("intake", "PATCH", _of(draft), token, "application_status", 409, json={}, headers=missing)
    history = await system.ok("intake", "GET", _of(draft, "/history"), token)
    assert [(one["act"], one["status_after"]) for one in history["items"]] == [
        ("save_draft", "draft"),
        ("save_draft", "draft"),
        ("submit", "submitted"),
    ]


async def test_who_applies_is_asked_strictly_and_stays(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    token = system.enterprise(form(1)["uscc"])
    for content, code, status in (
        ({}, "validation_failed", 422),
        (_who(uscc="123"), "validation_failed", 422),
        (_who(registered_division="420100"), "validation_failed", 422),
        (_who(2), "not_own_enterprise", 403),
        (_who(contact_name="甲\u0000乙"), "unstorable_value", 422),
        (_who(products=[{"name": "\ud800"}]), "unstorable_value", 422),
        (_who(extra=_nested(40)), "unstorable_value", 422),
    ):
        body = {"content": json.dumps(content), "headers": {"Content-Type": "application/json"}}
        await system.refused("intake", "POST", DRAFTS, token, code, status, **body)
    await system.refused("intake", "POST", DRAFTS.replace("2024-1", "x"), token, "cycle_not_found", 404, json=_who())
    assert await owner.fetchval("SELECT count(*) FROM enterprise") == 0
    draft = await _start(system, _who())
    for patch, code, status in (
        ({"uscc": form(2)["uscc"]}, "draft_enterprise_fixed", 422),
        ({"name": None}, "validation_failed", 422),
        ({"registered_division": HUANGSHI}, "registered_elsewhere", 409),
        ({"a\u0000b": 1}, "unstorable_value", 422),
    ):
        await system.refused("intake", "PATCH", _of(draft), token, code, status, json=patch, headers=_match(draft))
    big = {"contact_name": "甲" * 600_000}
    await system.ok("intake", "PATCH", _of(draft), token, json=big, headers=_match(draft))
    more = {"legal_person": "乙" * 600_000}
    await system.refused(
        "intake", "PATCH", _of(draft), token, "payload_too_large", 413, json=more, headers={"If-Match": "*"}
    )
    # On record in one city, it is not drafted for in another; nor by another city's officer.
    elsewhere = system.officer("x", "city_officer", "420200")
    await system.refused("intake", "GET", _of(draft), elsewhere, "not_found", 404)
    await system.open_cycle("2024-2")
    path = DRAFTS.replace("2024-1", "2024-2")
    moved = _who(registered_division=HUANGSHI)
    await system.refused("intake", "POST", path, elsewhere, "registered_elsewhere", 409, json=moved)
    await system.refused("intake", "POST", path, elsewhere, "outside_city", 422, json=_who())
    officer = system.officer("o", "city_officer", CITY)
    begun = await system.ok("intake", "POST", path, officer, json=_who())
    assert (begun["cycle"], begun["saved_by"]) == ("2024-2", "o")


def _nested(depth: int) -> Any:
    return [_nested(depth - 1)] if depth else []


async def test_of_concurrent_savers_one_wins(system: System, owner: asyncpg.Connection) -> None:
    await system.open_cycle()
    draft = await _start(system, _who())
    token = system.enterprise(form(1)["uscc"])
    await system.refused("intake", "PATCH", _of(draft), token, "if_match_missing", 428, json={})
    race = [
        system.request("intake", "PATCH", _of(draft), token, json={"contact_name": f"{one}"}, headers=_match(draft))
        for one in range(8)
    ]
    answers = await asyncio.gather(*race)
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 412} == {"draft_changed"}
    (won,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert (
        await owner.fetchval("SELECT content ->> 'contact_name' FROM application_draft")
        == won["content"]["contact_name"]
    )
    assert await owner.fetchval("SELECT version FROM application_draft") == 2


async def test_concurrent_drafts_and_submissions_make_one_application(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    token, key = system.enterprise(form(1)["uscc"]), {"Idempotency-Key": "twin"}
    twins = [system.request("intake", "POST", DRAFTS, token, json=_who(), headers=key) for _ in range(6)]
    answers = await asyncio.gather(*twins)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    await system.refused(
        "intake", "POST", DRAFTS, token, "idempotency_key_reused", 422, json=_who(contact_name="李"), headers=key
    )
    others = await asyncio.gather(*(system.request("intake", "POST", DRAFTS, token, json=_who()) for _ in range(4)))
    assert {(answer.status_code, answer.json()["code"]) for answer in others} == {(409, "application_exists")}
    draft = answers[0].json()

    # The draft is submitted and a whole form is posted, at once and many times: one of them is the submission.
    whole = {key: value for key, value in form(1).items() if key != "uscc"}
    draft = await system.ok("intake", "PATCH", _of(draft), token, json=whole, headers=_match(draft))
    same = {"Idempotency-Key": "submit"}
    race = [
        *(system.request("intake", "POST", _of(draft, ":submit"), token, headers=same) for _ in range(4)),
        *(system.request("intake", "POST", APPLY, token, json=form(1)) for _ in range(4)),
    ]
    answers = await asyncio.gather(*race)
    won = [answer for answer in answers if answer.status_code == 201]
    assert len(won) in {1, 4}
    assert len({answer.text for answer in won}) == 1
    codes = {answer.json()["code"] for answer in answers if answer.status_code != 201}
    assert codes <= {"application_exists", "draft_not_found"}
    counts = "SELECT (SELECT count(*) FROM application_snapshot), (SELECT count(*) FROM application_draft)"
    assert tuple(await owner.fetchrow(counts)) == (1, 0)


async def test_a_whole_form_submits_the_draft_and_a_returned_one_is_drafted_again(
    system: System, owner: asyncpg.Connection
) -> None:
    await system.open_cycle()
    draft = await _start(system, _who(contact_name="张"))
    received = await system.submit(form(1))
    assert (received["id"], received["revision"]) == (draft["application_id"], 1)
    assert await owner.fetchval("SELECT count(*) FROM application_draft") == 0
    city, token = system.officer("o", "city_officer", CITY), system.enterprise(form(1)["uscc"])
    reasons = {"reasons": [{"field": "/people", "reason": "请核对"}]}
    await system.ok("intake", "POST", _of(draft, ":return"), city, json=reasons)
    # The tag of the first draft does not fit the one that begins now.
    await system.refused("intake", "PATCH", _of(draft), token, "draft_changed", 412, json={}, headers=_match(draft))
    begun = await system.ok("intake", "GET", _of(draft), token)
    assert (begun["version"], begun["tag"], begun["saved_by"], begun["violations"]) == (0, "1.0", None, [])
    assert begun["content"] == (await system.ok("intake", "GET", _of(draft, ""), token))["form"]
    await system.refused("intake", "POST", _of(draft, ":submit"), token, "draft_not_found", 404)
    patch = {"people": {"rd_staff": 21}, "finance": {"revenue_cny": "1.00"}}
    saved = await system.ok("intake", "PATCH", _of(draft), token, json=patch, headers=_match(begun))
    strays = [("/finance/revenue_cny", "section_not_reopened")]
    assert [(one["pointer"], one["code"]) for one in saved["violations"]] == strays
    problem = await system.refused("intake", "POST", _of(draft, ":submit"), token, "section_not_reopened", 422)
    assert [one["pointer"] for one in problem["violations"]] == ["/finance/revenue_cny"]
    back = {"finance": {"revenue_cny": form(1)["finance"]["revenue_cny"]}}
    saved = await system.ok("intake", "PATCH", _of(draft), token, json=back, headers=_match(saved))
    again = await system.ok("intake", "POST", _of(draft, ":submit"), token)
    assert again["revision"] == 2
    form_now = (await system.ok("intake", "GET", _of(draft, ""), token))["form"]
    assert form_now["people"]["rd_staff"] == with_changes(form(1), "people", rd_staff=21)["people"]["rd_staff"]
