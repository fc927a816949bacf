"""A roadshow from the call to its outcomes, with a cancellation in between; other kinds of events from data alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from icalendar import Calendar
from python_calamine import CalamineWorkbook
from support.matchmaking import EVENTS, Desk, enterprise, investor, tomorrow
from support.notices import Clock
from support.system import System


def pairs(meetings: list[dict[str, Any]]) -> set[tuple[str, str, int, str]]:
    return {(one["enterprise_id"], one["partner_id"], one["slot"], one["room"]) for one in meetings}


async def reasons(desk: Desk, plan_id: str, participant: str) -> dict[str, tuple[str, str]]:
    page = await desk.get(f"/v1/match-plans/{plan_id}/reasons", participant=participant)
    return {one["other"].removeprefix("【虚构】"): (one["code"], one["text"]) for one in page["items"]}


async def test_a_roadshow_from_call_to_outcomes(system: System, clock: Clock) -> None:
    # Long enough ago that follow-ups lie in the past of the database, too.
    clock.moment = datetime.now(UTC) - timedelta(days=140)
    desk, first = Desk(system, "420100"), tomorrow(-130)
    called = await desk.call(first)
    path = f"{EVENTS}/{called['id']}"
    assert called["chain_name"] == "光电子信息"
    ids = await desk.register(
        called["id"],
        *(enterprise(number) for number in range(4)),
        enterprise(4, least_cny="2000000", most_cny="2000000", regions=["420500"], capacity=1),
    )
    ids |= await desk.register(
        called["id"],
        investor(0),
        investor(1, capacity=2),
        investor(2, least_cny="30000000", most_cny=None),
        investor(3, regions=["420500"], kind="bank"),
    )

    # Wishes, a ban, a conflict of interest, and consent.
    own = system.enterprise("91420106MAXQ000000")
    mine = f"/v1/own-match-events/{called['id']}"
    partners = await system.ok("finance", "GET", f"{mine}/partners", own)
    assert [one["id"] for one in partners["items"]] == [ids[f"创投{number}"] for number in range(4)]
    wish = {"partner_id": ids["创投0"], "word": "wish"}
    await system.ok("finance", "POST", f"{mine}/preferences", own, json=wish)
    pair = {"enterprise_id": ids["企业1"], "partner_id": ids["创投0"]}
    await desk.post(f"{path}/preferences", pair | {"by_side": "partner", "word": "ban"})
    conflict = {"enterprise_id": ids["企业2"], "partner_id": ids["创投1"], "ground": "对接方持有企业10%股权"}
    await desk.post(f"{path}/conflicts", conflict)
    await system.ok("finance", "POST", f"{mine}:consent", own)
    await desk.post(f"/v1/match-participants/{ids['创投0']}:consent")

    # The best timetable, and why others do not meet.
    plan = await desk.plan(called["id"])
    assert (plan["gap_percent"], plan["enterprises_with_meetings"], plan["version"]) == (0, 5, None)
    assert await reasons(desk, plan["id"], ids["企业1"]) == {
        "创投0": ("banned_by_other", "对方排除"),
        "创投2": ("misfit_amount", "票面3000万元起，需求500万元"),
        "创投3": ("misfit_region", "投向宜昌市，企业在武汉市"),
    }
    assert (await reasons(desk, plan["id"], ids["企业2"]))["创投1"] == ("conflict", "利益冲突：对接方持有企业10%股权")
    assert (await reasons(desk, plan["id"], ids["创投0"]))["企业1"] == ("banned_by_self", "本方排除")
    query = {"enterprise": ids["企业0"], "partner": ids["创投0"]}
    affinity = await desk.get(f"/v1/match-plans/{plan['id']}/affinity", **query)
    weights = sum(part["weight"] for part in affinity["parts"])
    assert affinity["affinity"] == sum(part["counted"] * part["weight"] for part in affinity["parts"]) // weights
    assert (affinity["wishes"], affinity["points"] - affinity["affinity"]) == (100, 100)
    assert affinity["parts"][0]["text"] == "共同的最细分类：H01S"

    released = await desk.release(plan)
    assert released["version"] == 1
    timetable = await desk.get(f"{path}/timetables/latest")
    meetings = timetable["items"]
    assert len({(one["slot"], one["enterprise_id"]) for one in meetings}) == len(meetings) == plan["meetings"]
    both = [one for one in meetings if one["enterprise_contact"]]
    assert {(one["enterprise_id"], one["partner_id"]) for one in both} == {(ids["企业0"], ids["创投0"])}
    (shown,) = (await system.ok("finance", "GET", "/v1/own-match-events", own))["items"]
    assert pairs(shown["meetings"]) == {one for one in pairs(meetings) if one[0] == ids["企业0"]}

    await system.drain()
    (notice,) = (await system.ok("finance", "GET", "/v1/own-match-notices", own))["items"]
    assert [line["other_id"] for line in notice["changes"]] == [one["partner_id"] for one in shown["meetings"]]
    assert notice["changes"][0]["text"].startswith("新增：")

    await cancellation(desk, path, ids, meetings, first)

    # The day itself, and after.
    clock.moment = first + timedelta(minutes=5)
    await desk.refused(f"{path}/plans", None, "match_call_closed", 409)
    await desk.post(f"/v1/match-participants/{ids['创投0']}:check-in")
    now = (await desk.get(f"{path}/timetables/latest"))["items"]
    await outcomes(desk, path, now, clock, first)


async def cancellation(
    desk: Desk, path: str, ids: dict[str, str], meetings: list[dict[str, Any]], first: datetime
) -> None:
    """Only those whom it touches are planned anew."""
    answer = await desk.post(f"/v1/match-participants/{ids['创投1']}:cancel", {"reason": "行程冲突"})
    again = await desk.post(f"/v1/match-participants/{ids['创投1']}:cancel", {"reason": "行程冲突"})
    assert again["plan_id"] == answer["plan_id"] is not None
    await desk.release(answer["plan_id"], replaces=1)
    changes = await desk.get(f"{path}/timetables/2/changes")
    assert {one["partner_id"] for one in changes["removed"]} == {ids["创投1"]}
    assert changes["moved"] == []
    lost = {one["enterprise_id"] for one in changes["removed"]}
    assert {one["enterprise_id"] for one in changes["added"]} <= lost
    now = (await desk.get(f"{path}/timetables/2"))["items"]
    assert {one for one in pairs(meetings) if one[1] != ids["创投1"]} <= pairs(now)
    assert (await desk.get(f"{path}/timetables/1"))["items"] == meetings
    await in_calendars(desk, ids, now, min(lost), first)
    await for_the_venue(desk, path, now)
    # Whom the version does not touch hears nothing of it; who cancelled knows.
    await desk.system.drain()
    told = (await desk.get(f"{path}/notices"))["items"]
    second = {one["participant_id"]: one for one in told if one["version"] == 2}
    assert (
        set(second)
        == set(changes["affected"])
        == {one[side] for one in (*changes["removed"], *changes["added"]) for side in ("enterprise_id", "partner_id")}
        - {ids["创投1"]}
    )
    assert any(line["change"] == "removed" for line in second[min(lost)]["changes"])
    seen = await desk.post(f"/v1/match-notices/{second[min(lost)]['id']}:told")
    assert seen["seen_at"] == (await desk.post(f"/v1/match-notices/{seen['id']}:told"))["seen_at"] is not None


async def in_calendars(desk: Desk, ids: dict[str, str], now: list[dict[str, Any]], lost: str, first: datetime) -> None:
    answer = await desk.system.request("finance", "GET", f"/v1/match-participants/{lost}/calendar.ics", desk.token)
    assert answer.headers["content-type"].startswith("text/calendar")
    entries = Calendar.from_ical(answer.text).walk("VEVENT")
    assert {str(one["status"]) for one in entries if ids["创投1"] in str(one["uid"])} == {"CANCELLED"}
    held = [one for one in entries if str(one["status"]) == "CONFIRMED"]
    expected = [one for one in now if one["enterprise_id"] == lost]
    starts = {first + timedelta(minutes=30 * one["slot"]) for one in expected}
    assert {one.decoded("dtstart") for one in held} == starts
    assert {int(one["sequence"]) for one in entries} == {2}


async def for_the_venue(desk: Desk, path: str, now: list[dict[str, Any]]) -> None:
    answer = await desk.system.request("finance", "GET", f"{path}/timetables/2/venue.xlsx", desk.token)
    assert answer.is_success, answer.text
    workbook = CalamineWorkbook.from_filelike(BytesIO(answer.content))
    assert workbook.sheet_names == ["总表", "分参加方", "签到表"]
    grid = workbook.get_sheet_by_name("总表").to_python()
    rooms = grid[1][1:]
    held = {
        (slot, room, cell)
        for slot, row in enumerate(grid[2:])
        for room, cell in zip(rooms, row[1:], strict=True)
        if cell
    }
    assert held == {(one["slot"], one["room"], f"{one['enterprise']}\n{one['partner']}") for one in now}
    assert len(workbook.get_sheet_by_name("分参加方").to_python()) == 2 + 2 * len(now)


async def outcomes(desk: Desk, path: str, now: list[dict[str, Any]], clock: Clock, first: datetime) -> None:
    early = [one for one in now if one["slot"] == 0]
    late = [one for one in now if one["slot"] > 0]

    def said(one: dict[str, Any], **told: Any) -> dict[str, Any]:
        told = {"held": True, "result": "interest", "after_days": 0} | told
        return {"enterprise_id": one["enterprise_id"], "partner_id": one["partner_id"]} | told

    await desk.post(f"{path}/outcomes", said(early[0]))
    await desk.refused(f"{path}/outcomes", said(late[0]), "match_too_early", 409)
    await desk.refused(f"{path}/outcomes", said(early[0], result=None), "match_result_wrong", 422)
    with_money = said(early[0], amount_cny="1")
    await desk.refused(f"{path}/outcomes", with_money, "match_amount_not_meant", 422)
    clock.moment = first + timedelta(hours=5)
    for one in early[1:]:
        await desk.post(f"{path}/outcomes", said(one, result="no"))
    await desk.post(f"{path}/outcomes", said(late[0], held=False, result=None))
    corrected = await desk.post(f"{path}/outcomes", said(late[0], result="term_sheet"))
    assert await desk.post(f"{path}/outcomes", said(late[0], result="term_sheet")) == corrected
    listed = (await desk.get(f"{path}/outcomes"))["items"]
    assert [one["latest"] for one in listed] == [True] * len(early) + [False, True]

    assert (await desk.get("/v1/match-follow-ups"))["items"] == []
    day = (first + timedelta(days=30)).date().isoformat()
    due = (await desk.get("/v1/match-follow-ups", on=day))["items"]
    assert [(one["enterprise_id"], one["after_days"]) for one in due] == [
        (one["enterprise_id"], 30) for one in (early[0], late[0])
    ]
    invested = said(early[0], after_days=30, result="equity_option", amount_cny="3000000")
    await desk.refused(f"{path}/outcomes", invested, "match_day_wrong", 422)
    invested["happened_on"] = (first + timedelta(days=20)).date().isoformat()
    await desk.refused(f"{path}/outcomes", invested, "match_too_early", 409)
    clock.moment = first + timedelta(days=31)
    for day in (first - timedelta(days=1), first + timedelta(days=40)):
        other = invested | {"happened_on": day.date().isoformat()}
        await desk.refused(f"{path}/outcomes", other, "match_day_wrong", 422)
    assert (await desk.post(f"{path}/outcomes", invested))["amount_cny"] == "3000000.00"
    due = (await desk.get("/v1/match-follow-ups"))["items"]
    assert [one["enterprise_id"] for one in due] == [late[0]["enterprise_id"]]
    await in_the_ledger(desk, path, invested, {one["enterprise_id"] for one in (*early, late[0])}, first)


async def ledger(desk: Desk) -> list[tuple[str, str, str, str | None]]:
    page = await desk.system.ok("evaluation", "GET", "/v1/support-actions", desk.token)
    return [
        (one["kind"], one["provider"].removeprefix("【虚构】"), one["happened_on"], one["amount_cny"])
        for one in page["items"]
        if one["counted"]
    ]


async def in_the_ledger(desk: Desk, path: str, invested: dict[str, Any], came: set[str], first: datetime) -> None:
    """Who came is in the ledger once, and what was invested; corrected there when the outcome is."""
    await desk.system.drain()
    found = await ledger(desk)
    day = first.date().isoformat()
    assert [one for one in found if one[0] == "roadshow"] == [("roadshow", "武汉市", day, None)] * len(came)
    assert [one[2:] for one in found if one[0] == "equity"] == [(invested["happened_on"], "3000000.00")]
    year = await desk.system.ok("evaluation", "GET", f"/v1/performance/{first.year}/cities/420100", desk.token)
    figures = {one["indicator"]: one["value"] for one in year["figures"]}
    assert (figures["matched"], figures["financing"]) == (str(len(came)), "3000000.00")
    await desk.post(f"{path}/outcomes", invested | {"amount_cny": "2500000"})
    await desk.system.drain()
    assert [one[3] for one in await ledger(desk) if one[0] == "equity"] == ["2500000.00"]
    came_to = await desk.get(f"{path}/summary")
    assert came_to["invested"] == {"pairs": 1, "amount_cny": "2500000.00", "amount_unknown": 0}
    assert came_to["agreed"] == {"pairs": 0, "amount_cny": "0.00", "amount_unknown": 0}
    assert came_to["intended"] == {"pairs": 1, "amount_cny": None, "amount_unknown": 1}
    assert came_to["held"] + came_to["not_held"] + came_to["untold"] == came_to["meetings"]
    assert sum(came_to["results"].values()) == came_to["held"]
    later = {"result": "no", "amount_cny": None, "happened_on": None}
    await desk.post(f"{path}/outcomes", invested | later)
    await desk.system.drain()
    assert [one for one in await ledger(desk) if one[0] == "equity"] == []


@pytest.mark.parametrize(("kind", "partner"), [("challenge", "large_enterprise"), ("university_patents", "university")])
async def test_other_kinds_of_events_are_data_alone(system: System, kind: str, partner: str) -> None:
    desk, first = Desk(system), tomorrow()
    called = await desk.call(first, kind=kind, title="对接活动")
    offer = investor(0, kind=partner, ipc=["H01S3/10"], least_cny="90000000", most_cny=None, stages=["mature"])
    wrong = {"participants": [investor(1, kind="bank")]}
    refusal = await desk.refused(f"{EVENTS}/{called['id']}/participants", wrong, "match_not_of_kind", 422)
    assert refusal["violations"][0]["pointer"] == "/participants/0/kind"
    await desk.register(called["id"], enterprise(0), offer)
    # What bars a meeting at a roadshow does not here.
    plan = await desk.plan(called["id"])
    assert plan["meetings"] == 1
    await desk.release(plan)
