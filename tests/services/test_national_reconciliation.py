"""Both sides compared: what differs, listed once per run, whoever asked for it."""

from __future__ import annotations

from typing import Any

import asyncpg
from hypothesis import given
from hypothesis import strategies as st
from support.forms import form
from support.national_pushes import application, pusher, status
from support.national_system import NationalSystem
from support.system import System

from services.intake.national.comparison import Held, compare, counts_of
from shared.relay import look_at_clock

RUNS = "/v1/national/reconciliations"
_held = st.builds(Held, st.sampled_from(["accepted", "rejected"]), st.sampled_from(["a" * 64, "b" * 64]))
_sides = st.dictionaries(st.tuples(st.just("application"), st.sampled_from("abcdef")), _held)


@given(_sides, _sides)
def test_a_comparison_finds_each_difference_once_from_either_side(ours: Any, theirs: Any) -> None:
    there, here = compare(ours, theirs), compare(theirs, ours)
    assert [(one.kind, one.key) for one in there] == [(one.kind, one.key) for one in here]
    mirrored = {"missing_there": "missing_here", "missing_here": "missing_there"}
    assert [mirrored.get(one.difference, one.difference) for one in there] == [one.difference for one in here]
    assert {(one.kind, one.key) for one in there} == {
        key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)
    }
    assert sum(counts_of(there, ours=0, theirs=0).values()) == len(there)
    assert compare(ours, ours) == []


async def _two_sides(system: System, national: NationalSystem) -> dict[str, str]:
    """Everything that may differ, and what agrees; the differences by key."""
    await system.open_cycle()
    push = await pusher(system, national)
    records = [application(form(number), record_id=f"GJ-{number}") for number in (1, 2, 3, 4)]
    await push.outcomes(*records, status("recommended", of="GJ-4"))
    reader = system.officer("auditor", "auditor")
    stored = (await system.ok("intake", "GET", "/v1/national/records", reader))["items"]
    digests = {one["record_id"]: one["digest"] for one in stored}

    def listed(record_id: str, **changes: Any) -> dict[str, Any]:
        entry = {"kind": "application", "key": record_id, "status": "submitted", "version": 1}
        return entry | {"digest": digests.get(record_id, "0" * 64)} | changes

    national.listed = [
        listed("GJ-1"),
        listed("GJ-2", digest="f" * 64),
        listed("GJ-4", status="withdrawn"),
        listed("GJ-5"),
    ]
    ids = [(await system.submit(form(number)))["id"] for number in (6, 7)]
    await system.recommend("420100", ids)
    await system.drain()
    del national.records[f"recommendation:{ids[0]}:1"]
    return {
        "GJ-2": "digest_differs",
        "GJ-3": "missing_there",
        "GJ-4": "status_differs",
        "GJ-5": "missing_here",
        f"recommendation:{ids[0]}:1": "missing_there",
    }


async def test_what_differs_on_either_side_is_listed(linked: System, national: NationalSystem) -> None:
    expected = await _two_sides(linked, national)
    admin, reader = linked.officer("planner", "province_officer"), linked.officer("auditor", "auditor")
    run = await linked.ok("intake", "POST", RUNS, admin)
    assert run["status"] == "requested"
    await linked.drain()
    latest = await linked.ok("intake", "GET", f"{RUNS}/latest", reader, params={"first": 2})
    assert (latest["id"], latest["status"], latest["requested_by"]) == (run["id"], "done", "planner")
    assert latest["counts"] == {
        "missing_there": 2,
        "missing_here": 1,
        "digest_differs": 1,
        "status_differs": 1,
        "ours": 6,
        "theirs": 5,
    }
    assert [one["key"] for one in latest["first_differences"]] == ["GJ-2", "GJ-3"]
    found, cursor = {}, -1
    while cursor is not None:
        path = f"{RUNS}/{run['id']}/differences"
        page = await linked.ok("intake", "GET", path, reader, params={"cursor": cursor, "limit": 2})
        found |= {one["key"]: one["difference"] for one in page["items"]}
        cursor = page["next_cursor"]
    assert found == expected
    await linked.refused("intake", "POST", RUNS, reader, "forbidden", 403)
    await linked.refused("intake", "GET", RUNS, linked.officer("o", "city_officer", "420100"), "forbidden", 403)


async def test_a_night_is_compared_once_though_the_line_was_down_at_first(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    national.token, spare = "", national.token
    await look_at_clock(linked.relay_database, linked.settings["relay"])
    await linked.drain()
    reader = linked.officer("auditor", "auditor")
    (run,) = (await linked.ok("intake", "GET", RUNS, reader))["items"]
    assert (run["requested_by"], run["status"]) == ("schedule", "failed")
    assert run["error"]
    national.token = spare
    await owner.execute("UPDATE outbox_event SET due_at = now() WHERE processed_at IS NULL")
    await look_at_clock(linked.relay_database, linked.settings["relay"])
    await linked.drain()
    (again,) = (await linked.ok("intake", "GET", RUNS, reader))["items"]
    assert (again["id"], again["status"], again["error"]) == (run["id"], "done", None)
    assert again["counts"]["ours"] == again["counts"]["theirs"] == 0


async def test_the_night_first_follows_what_an_officer_has_made_possible(
    linked: System, national: NationalSystem
) -> None:
    await linked.open_cycle()
    push = await pusher(linked, national)
    first = (await push.send([application(form(1))])).json()["results"][0]["application_id"]
    city = linked.officer("officer", "city_officer", "420100")
    reasons = {"reasons": [{"field": "/name", "reason": "名称与营业执照不符"}]}
    await linked.ok("intake", "POST", f"/v1/applications/{first}:return", city, json=reasons)
    assert await push.outcomes(status("recommended")) == ["waiting"]
    await linked.submit(form(1))
    await linked.ok("intake", "POST", RUNS, linked.officer("planner", "province_officer"))
    await linked.drain()
    found = await linked.ok("intake", "GET", f"/v1/applications/{first}", city)
    assert found["status"] == "passed_on", "recommended, and taken in by evaluation"


async def test_without_a_line_there_is_nothing_to_compare(system: System) -> None:
    admin = system.officer("planner", "province_officer")
    await system.refused("intake", "POST", RUNS, admin, "national_adapter", 409)
