"""Two-sided events: what is refused, what the database refuses by itself, who may take part, who sees what."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from support.forms import uscc
from support.lists import a_list
from support.matchmaking import EVENTS, YICHANG_CITY, Desk, enterprise, event, investor, tomorrow
from support.notices import Clock
from support.system import System


@pytest.fixture
def desk(system: System) -> Desk:
    return Desk(system)


def violation(problem: dict[str, Any]) -> tuple[str, str]:
    first = problem["violations"][0]
    return first["pointer"], first["code"]


async def test_an_event_needs_slots_rooms_and_a_time_to_come(desk: Desk) -> None:
    first = tomorrow()
    for changes, pointer in (
        ({"slots": []}, "/slots"),
        ({"rooms": []}, "/rooms"),
        ({"city_code": "110000"}, "/city_code"),
        ({"month": "2027-03-02"}, "/month"),
    ):
        problem = await desk.refused(EVENTS, event(first, **changes), "validation_failed", 422)
        assert violation(problem)[0] == pointer
    for code, changes in (
        ("match_kind_unknown", {"kind": "fair"}),
        ("match_chain_unknown", {"chain": "nowhere-1"}),
        ("match_rule_unknown", {"who": "list:nobody"}),
        ("match_rule_unknown", {"who": "everyone"}),
    ):
        await desk.refused(EVENTS, event(first, **changes), code, 422)
    past = event(first - timedelta(days=30), month=first.date().replace(day=1).isoformat())
    problem = await desk.refused(EVENTS, past, "match_slot_outside", 422)
    assert violation(problem) == ("/slots/0", "match_slot_outside")
    backwards = event(first)
    slot = backwards["slots"][1]
    slot["starts_at"], slot["ends_at"] = slot["ends_at"], slot["starts_at"]
    assert violation(await desk.refused(EVENTS, backwards, "match_slot_outside", 422))[0] == "/slots/1"
    other_city = Desk(desk.system, YICHANG_CITY)
    await other_city.refused(EVENTS, event(first), "match_outside_city", 403)


async def test_slots_and_rooms_never_overlap(desk: Desk, owner: asyncpg.Connection) -> None:
    first = tomorrow()
    overlapping = event(first)
    overlapping["slots"][1]["starts_at"] = (first + timedelta(minutes=19)).isoformat()
    await desk.refused(EVENTS, overlapping, "match_slots_overlap", 422)
    twice = event(first, room_count=2)
    twice["rooms"][1] = twice["rooms"][0]
    await desk.refused(EVENTS, twice, "match_room_taken", 409)
    # Two officers at once want the same room; one gets it.
    calls = [event(first + timedelta(minutes=15 * at), title=f"活动{at}", room_count=1, times=1) for at in range(2)]
    answers = await asyncio.gather(
        *(desk.system.request("finance", "POST", EVENTS, desk.token, json=one) for one in calls)
    )
    assert sorted(one.status_code for one in answers) == [201, 409]
    (called,) = [one.json() for one in answers if one.is_success]
    assert [one.json()["code"] for one in answers if not one.is_success] == ["match_room_taken"]
    # After it ends, or elsewhere, the room is free.
    await desk.call(first + timedelta(minutes=60), title="其后", room_count=1)
    await desk.call(first, title="别处", room_count=1, venue="【虚构】另一会展中心")
    # The database needs nobody to ask.
    for table, key in (("match_room", "room"), ("match_slot", "slot")):
        with pytest.raises(asyncpg.ExclusionViolationError):
            await owner.execute(
                f"INSERT INTO {table} SELECT (jsonb_populate_record(one, jsonb_build_object('{key}', 99))).* "
                f"FROM {table} AS one WHERE event_id = $1 LIMIT 1",
                called["id"],
            )


async def test_nobody_takes_part_twice(desk: Desk) -> None:
    called = await desk.call(tomorrow())
    path = f"{EVENTS}/{called['id']}/participants"
    # All or none: the same name with other spaces, the same code under another name.
    for second in (enterprise(1, name="【虚构】企业 0"), enterprise(1, uscc=enterprise(0)["uscc"])):
        body = {"participants": [enterprise(0), second]}
        problem = await desk.refused(path, body, "match_participant_twice", 409)
        assert violation(problem) == ("/participants/1/name", "match_participant_twice")
    assert (await desk.get(path))["items"] == []
    answers = await asyncio.gather(
        *(
            desk.system.request("finance", "POST", path, desk.token, json={"participants": [one]})
            for one in (enterprise(0), enterprise(0, name="【虚构】别名"), enterprise(0, uscc="91420106MAXQ000009"))
        )
    )
    assert sorted(one.status_code for one in answers) in ([201, 409, 409], [201, 201, 409])
    problem = await desk.refused(path, {"participants": [enterprise(5, uscc=None)]}, "match_uscc_missing", 422)
    assert violation(problem)[0] == "/participants/0/uscc"
    for field, value in (
        ("ipc", ["Z99"]),
        ("industries", ["9999"]),
        ("regions", ["110000"]),
        ("stages", ["huge"]),
        ("capacity", -1),
    ):
        problem = await desk.refused(
            path, {"participants": [enterprise(6, **{field: value})]}, "validation_failed", 422
        )
        assert violation(problem)[0].startswith(f"/participants/0/{field}")
    reversed_ = enterprise(6, least_cny="2", most_cny="1")
    await desk.refused(path, {"participants": [reversed_]}, "validation_failed", 422)


async def test_an_empty_result_is_explained(desk: Desk) -> None:
    called = await desk.call(tomorrow())
    assert (await desk.plan(called["id"]))["explanation"] == "尚无企业登记，没有可排的见面。"
    ids = await desk.register(called["id"], enterprise(0), enterprise(1, capacity=0))
    assert (await desk.plan(called["id"]))["explanation"] == "尚无对接方登记，没有可排的见面。"
    ids |= await desk.register(called["id"], investor(0), investor(1, capacity=0))
    for row in ("企业0", "企业1"):
        pair = {"enterprise_id": ids[row], "partner_id": ids["创投0"]}
        for side in ("enterprise", "partner"):
            await desk.post(f"{EVENTS}/{called['id']}/preferences", pair | {"by_side": side, "word": "ban"})
    plan = await desk.plan(called["id"])
    assert (plan["meetings"], plan["total"], plan["gap_percent"]) == (0, 0, 0)
    assert plan["explanation"] == "2家企业、2个对接方，没有一对可以见面；每一对的原因见未配对说明。"
    page = await desk.get(f"/v1/match-plans/{plan['id']}/reasons", participant=ids["企业0"])
    assert {one["text"] for one in page["items"]} == {"双方互相排除", "对方容量已满（不接受见面，容量为0）"}
    # Wishes of one side for whom nobody may meet change nothing, and break nothing.
    wish = {"enterprise_id": ids["企业1"], "partner_id": ids["创投1"], "by_side": "partner", "word": "wish"}
    await desk.post(f"{EVENTS}/{called['id']}/preferences", wish)
    assert (await desk.plan(called["id"]))["meetings"] == 0
    strangers = {"enterprise_id": ids["创投0"], "partner_id": ids["企业0"], "by_side": "partner", "word": "wish"}
    await desk.refused(f"{EVENTS}/{called['id']}/preferences", strangers, "match_not_a_pair", 422)


async def test_a_timetable_that_is_released_is_never_changed(desk: Desk, owner: asyncpg.Connection) -> None:
    called = await desk.call(tomorrow())
    ids = await desk.register(called["id"], enterprise(0), enterprise(1), investor(0))
    stale = await desk.plan(called["id"])
    plan = await desk.plan(called["id"])
    path = f"/v1/match-plans/{plan['id']}:release"
    await desk.refused(f"/v1/match-plans/{stale['id']}:release", {"replaces": 0}, "match_plan_outdated", 409)
    await desk.refused(path, {"replaces": 1}, "match_plan_outdated", 409)
    # Two at once: one version, whoever asks.
    answers = await asyncio.gather(
        *(desk.system.request("finance", "POST", path, desk.token, json={"replaces": 0}) for _ in range(2))
    )
    assert [one.json().get("version") for one in answers] == [1, 1]
    for table in ("match_meeting", "match_release", "match_plan", "match_slot"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(f"DELETE FROM {table}")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("UPDATE match_meeting SET room = room + 1")
    # What a plan rests on has changed since.
    changed = await desk.plan(called["id"])
    pair = {"enterprise_id": ids["企业0"], "partner_id": ids["创投0"], "by_side": "partner", "word": "ban"}
    await desk.post(f"{EVENTS}/{called['id']}/preferences", pair)
    await desk.refused(f"/v1/match-plans/{changed['id']}:release", {"replaces": 1}, "match_plan_outdated", 409)
    assert (await desk.get(f"{EVENTS}/{called['id']}"))["version"] == 1
    # Two officers, each with a plan of its own, over the same version: the older plan is refused.
    plans = await asyncio.gather(desk.plan(called["id"]), desk.plan(called["id"]))
    answers = await asyncio.gather(
        *(
            desk.system.request(
                "finance", "POST", f"/v1/match-plans/{one['id']}:release", desk.token, json={"replaces": 1}
            )
            for one in plans
        )
    )
    assert sorted(one.status_code for one in answers) == [201, 409]


async def test_an_event_ends_its_call_when_it_begins(desk: Desk, clock: Clock) -> None:
    first = tomorrow()
    called = await desk.call(first)
    ids = await desk.register(called["id"], enterprise(0), investor(0))
    await desk.refused(f"/v1/match-participants/{ids['企业0']}:check-in", None, "match_too_early", 409)
    plan = await desk.plan(called["id"])
    clock.moment = first + timedelta(minutes=1)
    await desk.refused(f"/v1/match-plans/{plan['id']}:release", {"replaces": 0}, "match_call_closed", 409)
    body = {"participants": [enterprise(1)]}
    await desk.refused(f"{EVENTS}/{called['id']}/participants", body, "match_call_closed", 409)
    seen = await desk.post(f"/v1/match-participants/{ids['企业0']}:check-in")
    assert seen == await desk.post(f"/v1/match-participants/{ids['企业0']}:check-in")
    await desk.post(f"/v1/match-participants/{ids['创投0']}:cancel", {"reason": "行程冲突"})
    await desk.refused(f"/v1/match-participants/{ids['创投0']}:check-in", None, "match_participant_cancelled", 409)


async def test_who_may_take_part_is_a_rule(system: System, owner: asyncpg.Connection) -> None:
    """Members alone, or whom a list by rule names: checked at registration and again before each plan."""
    lists, desk = await a_list(system, owner), Desk(system)
    for title, who in (("会员场", "pool_member"), ("名单场", "list:pool-members"), ("在册场", "on_record")):
        called = await desk.call(tomorrow(), title=title, who=who, rooms=[{"name": title}])
        path = f"{EVENTS}/{called['id']}"
        stranger = {"participants": [enterprise(0), enterprise(1, uscc=uscc(1), name="【虚构】会员")]}
        problem = await desk.refused(f"{path}/participants", stranger, "match_may_not_take_part", 422)
        assert violation(problem)[0] == "/participants/0/uscc"
        await desk.register(called["id"], enterprise(1, uscc=uscc(1), name="【虚构】会员"), investor(0))
        assert (await desk.plan(called["id"]))["meetings"] == 1
    page = (await desk.get(EVENTS))["items"]
    member, listed, on_record = (one["id"] for one in page)
    await lists.end_stay(1)
    problem = await desk.refused(f"{EVENTS}/{member}/plans", None, "match_may_not_take_part", 422)
    assert "【虚构】会员" in problem["violations"][0]["message_zh"]
    # The edition in force still has it; the next one has not.
    assert (await desk.plan(listed))["meetings"] == 1
    assert (await desk.plan(on_record))["meetings"] == 1


async def test_events_are_seen_within_reach(system: System) -> None:
    wuhan, yichang = Desk(system, "420100"), Desk(system, YICHANG_CITY)
    called = await wuhan.call(tomorrow())
    ids = await wuhan.register(called["id"], enterprise(0), investor(0))
    plan = await wuhan.plan(called["id"])
    await wuhan.release(plan)
    participant = f"/v1/match-participants/{ids['企业0']}"
    hidden = [
        f"{EVENTS}/{called['id']}",
        f"{EVENTS}/{called['id']}/participants",
        f"{EVENTS}/{called['id']}/plans",
        f"{EVENTS}/{called['id']}/timetables/latest",
        f"{EVENTS}/{called['id']}/timetables/1/venue.xlsx",
        f"{EVENTS}/{called['id']}/notices",
        f"{EVENTS}/{called['id']}/outcomes",
        f"/v1/match-plans/{plan['id']}",
        f"{participant}/calendar.ics",
    ]
    for path in hidden:
        await system.refused("finance", "GET", path, yichang.token, "not_found", 404)
    await yichang.refused(f"{participant}:consent", None, "not_found", 404)
    await yichang.refused(f"/v1/match-plans/{plan['id']}:release", {"replaces": 1}, "not_found", 404)
    assert (await yichang.get(EVENTS))["items"] == []
    # An enterprise reads its own part and nobody else's.
    other = system.enterprise(enterprise(1)["uscc"])
    for path in ("partners", "reasons", "calendar.ics"):
        await system.refused("finance", "GET", f"/v1/own-match-events/{called['id']}/{path}", other, "not_found", 404)
    await system.refused("finance", "GET", f"{EVENTS}/{called['id']}", other, "forbidden", 403)


async def test_the_year_has_a_chain_for_every_month(system: System) -> None:
    desk, first = Desk(system), tomorrow()
    await desk.call(first)
    for number in range(4):
        await desk.call(
            first + timedelta(hours=3 * number),
            kind="university_patents",
            title=f"供需对接{number}",
            venue="【虚构】大学",
        )
    shown = await desk.get("/v1/match-calendar", year=first.year)
    month = first.date().replace(day=1).isoformat()
    held = {one["month"]: one for one in shown["months"]}
    assert [one["chain_name"] for one in held[month]["events"]] == ["光电子信息"] * 5
    assert held[month]["missing"] == []
    assert [one["missing"] for key, one in held.items() if key != month] == [["roadshow"]] * 11
    short = {(one["kind"], one["city_code"]): one["planned"] for one in shown["shortfalls"]}
    assert ("university_patents", "420100") not in short
    assert short["university_patents", YICHANG_CITY] == 0
    assert len(short) == 16
    local = await Desk(system, YICHANG_CITY).get("/v1/match-calendar", year=first.year)
    assert [(one["city_code"], one["minimum"]) for one in local["shortfalls"]] == [(YICHANG_CITY, 4)]
