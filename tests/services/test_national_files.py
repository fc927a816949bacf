"""The exchange by hand: a signed file out, signed results back, each once."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest
from support.forms import form
from support.national_pushes import Pusher, pusher
from support.national_system import FORMAT, NationalSystem
from support.system import System, running_system

from shared.settings import Settings

OUT, BACK, LISTING = "/v1/national/outbox-file", "/v1/national/result-files", "/v1/national/listing-files"


@pytest.fixture
async def push(line: dict[str, Settings], national: NationalSystem) -> Any:
    by_hand = {name: one.model_copy(update={"national_adapter": "file"}) for name, one in line.items()}
    async with running_system(by_hand) as system:
        yield await pusher(system, national)


def _admin(push: Pusher) -> str:
    return push.system.officer("planner", "province_officer")


async def _recommended(push: Pusher, *numbers: int) -> None:
    ids = [(await push.system.submit(form(number)))["id"] for number in numbers]
    await push.system.recommend("420100", ids)
    await push.system.drain()


async def _statuses(owner: asyncpg.Connection) -> dict[str, int]:
    return dict(await owner.fetch("SELECT status, count(*) FROM national_delivery GROUP BY status"))


async def test_a_file_goes_out_and_its_results_settle_the_deliveries(
    push: Pusher, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    system, admin = push.system, _admin(push)
    await system.open_cycle()
    assert (await system.request("intake", "GET", OUT, admin)).status_code == 204
    await _recommended(push, 1, 2)
    assert await _statuses(owner) == {"pending": 2}
    out = await system.request("intake", "GET", OUT, admin)
    assert (await system.request("intake", "GET", OUT, admin)).text == out.text, "the same records, the same file"
    assert (out.json()["serial"], out.json()["count"]) == (1, 2)
    assert "peiyu-national-000001.json" in out.headers["content-disposition"]
    assert await _statuses(owner) == {"sent": 2}
    await _recommended(push, 3)
    grown = await system.request("intake", "GET", OUT, admin)
    assert (grown.json()["serial"], grown.json()["count"]) == (2, 3)

    (later,) = {one["key"] for one in grown.json()["records"]} - {one["key"] for one in out.json()["records"]}
    early = {"key": later, "outcome": "rejected"}
    strange = national.signed_file({"format": FORMAT, "serial": 1, "results": [early]})
    answer = await system.ok("intake", "POST", BACK, admin, content=strange)
    assert (answer["applied"], answer["unknown"]) == (0, [later]), "the first file says nothing of the second's"
    results = national.process_file(out.text)
    answer = await system.ok("intake", "POST", BACK, admin, content=results)
    assert (answer["serial"], answer["applied"], answer["unchanged"], answer["unknown"]) == (1, 2, 0, [])
    assert await system.ok("intake", "POST", BACK, admin, content=results) == answer, "again is as before"
    assert await _statuses(owner) == {"accepted": 2, "sent": 1}
    late = await system.ok("intake", "POST", BACK, admin, content=national.process_file(grown.text))
    assert (late["applied"], late["unchanged"]) == (1, 2)
    assert await _statuses(owner) == {"accepted": 3}
    assert (await system.request("intake", "GET", OUT, admin)).status_code == 204


async def test_files_that_are_not_theirs_or_not_of_ours_are_refused(
    push: Pusher, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    system, admin = push.system, _admin(push)
    await system.open_cycle()
    await _recommended(push, 1)
    out = (await system.request("intake", "GET", OUT, admin)).text
    good = json.loads(national.process_file(out))
    spoiled = good | {"results": [good["results"][0] | {"outcome": "rejected"}]}
    for content, code in (
        (json.dumps(spoiled), "file_signature_invalid"),
        (json.dumps({name: value for name, value in good.items() if name != "signature"}), "file_signature_invalid"),
        (national.signed_file({"format": FORMAT, "serial": 9, "results": []}), "file_serial_unknown"),
        (national.signed_file({"format": "other", "serial": 1, "results": []}), "file_unreadable"),
        ("[1]", "file_unreadable"),
        ("{", "file_unreadable"),
        (b"\xff", "file_unreadable"),
        ('{"a": 1, "a": 2}', "file_unreadable"),
        ("[" * 100_000, "file_unreadable"),
    ):
        await system.refused("intake", "POST", BACK, admin, code, 422, content=content)
    assert await _statuses(owner) == {"sent": 1}
    stranger = {"key": "recommendation:unknown", "outcome": "accepted"}
    content = national.signed_file({"format": FORMAT, "serial": 1, "results": [stranger]})
    answer = await system.ok("intake", "POST", BACK, admin, content=content)
    assert (answer["applied"], answer["unknown"]) == (0, ["recommendation:unknown"])
    national.rotate("gj-b")
    await system.refused(
        "intake", "POST", BACK, admin, "file_signature_invalid", 422, content=national.process_file(out)
    )


async def test_a_listing_brought_back_is_compared(push: Pusher, national: NationalSystem) -> None:
    system, admin = push.system, _admin(push)
    await system.open_cycle()
    await _recommended(push, 1, 2)
    out = (await system.request("intake", "GET", OUT, admin)).text
    await system.ok("intake", "POST", BACK, admin, content=national.process_file(out))
    forgotten = min(national.records)
    del national.records[forgotten]
    answer = await system.ok("intake", "POST", LISTING, admin, content=national.listing_file())
    assert answer["entries"] == 1
    await system.drain()
    latest = await system.ok("intake", "GET", "/v1/national/reconciliations/latest", admin)
    assert [(one["difference"], one["key"]) for one in latest["first_differences"]] == [("missing_there", forgotten)]


async def test_a_night_without_a_listing_is_a_run_that_failed(push: Pusher) -> None:
    system, admin = push.system, _admin(push)
    await system.ok("intake", "POST", "/v1/national/reconciliations", admin)
    await system.drain()
    (run,) = (await system.ok("intake", "GET", "/v1/national/reconciliations", admin))["items"]
    assert (run["status"], run["error"]) == ("failed", "no listing has been brought back yet")
    await system.refused("intake", "GET", "/v1/national/reconciliations/latest", admin, "not_found", 404)


async def test_with_a_line_there_is_no_file(linked: System) -> None:
    admin = linked.officer("planner", "province_officer")
    await linked.refused("intake", "GET", OUT, admin, "national_adapter", 409)
