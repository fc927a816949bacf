"""Two systems at work on one round: batches that come in out of order, answers that go out, and what differs then."""

from __future__ import annotations

from typing import Any

import asyncpg
from support.enterprises import Registry
from support.forms import HUANGSHI, form, uscc
from support.national_pushes import Pusher, application, pusher, status
from support.national_system import NationalSystem
from support.rounds import committed_plan, pool_members, settle_all
from support.system import System

CITY, OTHER_CITY = "420100", "420200"
RUNS = "/v1/national/reconciliations"
LATE = "UPDATE outbox_event SET due_at = now() + interval '1 hour' WHERE consumer = 'intake.queue_recommendations'"
NO_LONGER_LATE = "UPDATE outbox_event SET due_at = now() WHERE processed_at IS NULL"


async def test_a_round_with_the_national_system(
    linked: System, national: NationalSystem, owner: asyncpg.Connection
) -> None:
    await linked.open_cycle()
    ids = await _arrives_out_of_order(linked, await pusher(linked, national))
    ids["here"] = (await linked.submit(form(4, HUANGSHI)))["id"]
    await linked.recommend(CITY, [ids["GJ-3"]])
    await linked.recommend(OTHER_CITY, [ids["here"]])
    # What is to be told is looked at only once evaluation has taken everything in; it is told all the same.
    await owner.execute(LATE)
    await linked.drain()
    assert {await _status_of(linked, id_) for id_ in ids.values()} == {"passed_on"}
    assert national.records == {}
    await owner.execute(NO_LONGER_LATE)
    await linked.drain()
    # They said themselves that GJ-1 and GJ-2 are recommended; what cities here decided is told.
    told = {f"recommendation:{ids[name]}:1" for name in ("GJ-3", "here")}
    assert set(national.records) == told

    await settle_all(linked)
    plan = await committed_plan(linked)
    assert plan["summary"]["admitted"] == 4
    # Between the commit and the telling one of them gets another code; it is told under the one it was admitted by.
    await Registry(linked).made(uscc(3), "changeCode", new_code=uscc(9), mismatch_confirmed=True)
    await linked.drain()
    admitted = {uscc(1), uscc(2), uscc(3), uscc(4, HUANGSHI)}
    assert {one["uscc"] for one in await pool_members(linked)} == admitted - {uscc(3)} | {uscc(9)}
    assert set(national.records) == told | {f"pool:{plan['id']}:{code}" for code in admitted}
    assert set(national.times_sent().values()) == {1}
    await _both_sides_are_compared(linked, national)


async def _arrives_out_of_order(system: System, push: Pusher) -> dict[str, str]:
    """Three applications, said in the wrong order and partly twice; the id here of each."""
    second = application(form(2), record_id="GJ-2")
    newest = application(form(1, contact_name="王五（虚构）"), version=2)
    assert await push.outcomes(status("recommended", of="GJ-2"), status("recommended", version=2)) == ["waiting"] * 2
    assert await push.outcomes(newest, application(form(3), record_id="GJ-3")) == ["accepted"] * 2
    assert await push.outcomes(application(form(1)), second, newest) == ["stale", "accepted", "unchanged"]
    forged = await push.send([application(form(5), record_id="GJ-5")], tag="another-tag")
    assert (forged.status_code, forged.json()["status"]) == (401, 401)
    auditor = system.officer("auditor", "auditor")
    assert (await system.ok("intake", "GET", "/v1/national/status", auditor))["records_waiting"] == 0
    page = await system.ok("intake", "GET", "/v1/national/records", auditor)
    ids = {one["record_id"]: one["application_id"] for one in page["items"] if one["kind"] == "application"}
    assert ids.keys() == {"GJ-1", "GJ-2", "GJ-3"}
    assert [await _status_of(system, ids[name]) for name in sorted(ids)] == ["recommended", "recommended", "submitted"]
    shown = await system.ok("intake", "GET", f"/v1/applications/{ids['GJ-1']}", auditor)
    assert shown["form"]["contact_name"] == "王五（虚构）"
    return ids


async def _status_of(system: System, id_: str) -> str:
    auditor = system.officer("auditor", "auditor")
    return (await system.ok("intake", "GET", f"/v1/applications/{id_}", auditor))["status"]


async def _both_sides_are_compared(system: System, national: NationalSystem) -> None:
    auditor = system.officer("auditor", "auditor")
    stored = (await system.ok("intake", "GET", "/v1/national/records", auditor))["items"]
    held = {one["record_id"]: one for one in stored if one["kind"] == "application" and one["outcome"] == "accepted"}
    national.listed = [
        {"kind": "application", "key": key, "status": "passed_on", "version": one["version"], "digest": one["digest"]}
        for key, one in sorted(held.items())
    ]
    assert await _differences(system) == {}

    # Somebody changes things on their side: one filing's content, one answer that is lost, one filing of their own.
    national.listed[0]["digest"] = "f" * 64
    lost = next(key for key in national.records if key.startswith("pool:"))
    del national.records[lost]
    national.listed.append(national.listed[1] | {"key": "GJ-9"})
    assert await _differences(system) == {
        "GJ-1": "digest_differs",
        "GJ-9": "missing_here",
        lost: "missing_there",
    }


async def _differences(system: System) -> dict[str, Any]:
    """What a comparison made now lists, by key."""
    auditor, admin = system.officer("auditor", "auditor"), system.officer("planner", "province_officer")
    run = await system.ok("intake", "POST", RUNS, admin)
    await system.drain()
    latest = await system.ok("intake", "GET", f"{RUNS}/latest", auditor)
    assert (latest["id"], latest["status"], latest["counts"]["ours"]) == (run["id"], "done", 9)
    page = await system.ok("intake", "GET", f"{RUNS}/{run['id']}/differences", auditor)
    return {one["key"]: one["difference"] for one in page["items"]}
