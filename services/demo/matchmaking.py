"""A month's roadshow in the demo: called, planned, released, one cancellation, and why others do not meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.demo.api import Api, DemoError
from services.demo.people import People
from shared import calendar
from shared.reference.divisions import cities
from shared.reference.province import province

_EVENTS = "/v1/match-events"
# The division of GB/T 4754 that the chain is of.
_NEAR = "39"
_ENTERPRISES, _SLOTS, _ROOMS, _REASONS = 8, 4, 3, 3
# What the enterprises need, in turn.
_STAGES = ("growth", "start_up", "expansion")
_AMOUNTS = ("5000000", "8000000", "12000000", "30000000")
_PARTNERS: tuple[dict[str, Any], ...] = (
    {"name": "示范光电成长基金", "capacity": 4, "ipc": ["H01S", "G02B"], "industries": ["397"], "stages": ["growth"],
     "least_cny": "3000000", "most_cny": "20000000", "text": "投资光纤激光器、光模块和芯片封装"},
    {"name": "示范大额产业基金", "capacity": 3, "industries": ["39"], "stages": ["growth", "expansion"],
     "least_cny": "30000000", "text": "投资光电子信息产业链扩产项目"},
    {"name": "示范早期创投", "capacity": 3, "ipc": ["G01S"], "industries": ["396"], "stages": ["seed", "start_up"],
     "least_cny": "1000000", "most_cny": "12000000", "text": "投资北斗定位、导航芯片早期团队"},
    {"name": "示范科技支行", "kind": "bank", "capacity": 2, "industries": ["39"], "least_cny": "1000000",
     "most_cny": "10000000", "text": "知识产权质押贷款，支持光电子企业扩产"},
)  # fmt: skip


@dataclass(slots=True)
class Roadshow:
    """What the roadshow left behind: the timetable in force, what the last version changed, and reasons."""

    event: dict[str, Any] = field(default_factory=dict)
    plan: dict[str, Any] = field(default_factory=dict)
    meetings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    changes: dict[str, Any] = field(default_factory=dict)
    cancelled: str = ""
    reasons: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])


async def hold_roadshow(api: Api, people: People, programme: str, forms: list[dict[str, Any]]) -> Roadshow:
    """A roadshow of next month for enterprises of the list, planned by the officer of the first city."""
    (city, *_), shown = cities(), Roadshow()
    token = people.cities[city.code]
    shown.event = await _call(api, token, programme)
    own = f"{_EVENTS}/{shown.event['id']}"
    edition = await api.json("finance", "GET", f"/v1/lists/{programme}/editions/latest", people.planner)
    body = {"participants": [*_enterprises(edition["entries"], forms), *_partners()]}
    made = await api.json("finance", "POST", f"{own}/participants", token, key="roadshow-people", json=body)
    people_by_side: dict[str, list[dict[str, Any]]] = {"enterprise": [], "partner": []}
    for one in made["participants"]:
        people_by_side[one["side"]].append(one)
    pair = {"enterprise_id": people_by_side["enterprise"][0]["id"], "partner_id": people_by_side["partner"][0]["id"]}
    ban = pair | {"by_side": "partner", "word": "ban"}
    await api.json("finance", "POST", f"{own}/preferences", token, key="roadshow-ban", json=ban)
    shown.plan = await api.json("finance", "POST", f"{own}/plans", token, key="roadshow-plan")
    await _release(api, token, shown.plan["id"], 0)
    # Somebody who has a meeting cannot come.
    meetings = await api.pages("finance", f"{own}/timetables/latest", token)
    if not meetings:
        raise DemoError(f"the roadshow has no meeting: {shown.plan['explanation']}")
    shown.cancelled, cancelled = meetings[-1]["enterprise"], meetings[-1]["enterprise_id"]
    path, reason = f"/v1/match-participants/{cancelled}:cancel", {"reason": "行程冲突"}
    again = await api.json("finance", "POST", path, token, key="roadshow-cancel", json=reason)
    await _release(api, token, again["plan_id"], 1)
    shown.meetings = await api.pages("finance", f"{own}/timetables/latest", token)
    shown.changes = await api.json("finance", "GET", f"{own}/timetables/2/changes", token)
    there = [one for one in people_by_side["enterprise"] if one["id"] != cancelled]
    shown.reasons = await _reasons(api, token, shown.plan["id"], there)
    return shown


async def _call(api: Api, token: str, programme: str) -> dict[str, Any]:
    kinds = await api.json("finance", "GET", "/v1/match-kinds", token)
    chain, (city, *_) = kinds["chains"][0], cities()
    today = calendar.business_date(datetime.now(UTC))
    month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    first = calendar.start_of_day(month + timedelta(days=9)) + timedelta(hours=9)
    body = {
        "kind": "roadshow",
        "title": f"{chain['name']}产业链投融资路演",
        "month": month.isoformat(),
        "chain": chain["code"],
        "city_code": city.code,
        "venue": "【虚构】示范会展中心",
        "who": f"list:{programme}",
        "slots": [
            {
                "starts_at": (first + timedelta(minutes=30 * at)).isoformat(),
                "ends_at": (first + timedelta(minutes=30 * at + 25)).isoformat(),
            }
            for at in range(_SLOTS)
        ],
        "rooms": [{"name": f"{at + 1}号洽谈室"} for at in range(_ROOMS)],
    }
    return await api.json("finance", "POST", _EVENTS, token, key="roadshow", json=body)


def _enterprises(entries: list[dict[str, Any]], forms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Listed enterprises that told in their forms what they make, those nearest to the chain first."""
    told = {form["uscc"]: form for form in forms}
    known = [(entry, told[entry["uscc"]]) for entry in entries if entry["uscc"] in told]
    known.sort(key=lambda one: not one[1]["industry_class"].startswith(_NEAR))
    return [_enterprise(at, entry, form) for at, (entry, form) in enumerate(known[:_ENTERPRISES])]


def _enterprise(at: int, entry: dict[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    symbols = [one["ipc_main"] for one in form["patents"] if one["kind"] != "design"]
    made = "、".join(one["name"] for one in form["products"])
    return {
        "side": "enterprise",
        "kind": "enterprise",
        "uscc": entry["uscc"],
        "name": entry["name"],
        "capacity": 2,
        "ipc": sorted(set(symbols))[:5],
        "industries": [form["industry_class"]],
        "least_cny": _AMOUNTS[at % len(_AMOUNTS)],
        "most_cny": _AMOUNTS[at % len(_AMOUNTS)],
        "regions": [entry["city_code"]],
        "stages": [_STAGES[at % len(_STAGES)]],
        "text": f"{made}扩产",
    }


def _partners() -> list[dict[str, Any]]:
    common = {"side": "partner", "kind": "investor", "regions": [province().code]}
    return [common | one | {"name": f"【虚构】{one['name']}"} for one in _PARTNERS]


async def _release(api: Api, token: str, plan_id: str, replaces: int) -> None:
    key = f"roadshow-release-{replaces}"
    await api.json("finance", "POST", f"/v1/match-plans/{plan_id}:release", token, key=key, json={"replaces": replaces})


async def _reasons(api: Api, token: str, plan_id: str, enterprises: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Three pairs that do not meet, each for another reason."""
    found: dict[str, tuple[str, str, str]] = {}
    for one in enterprises:
        params = {"participant": one["id"]}
        page = await api.json("finance", "GET", f"/v1/match-plans/{plan_id}/reasons", token, params=params)
        for reason in page["items"]:
            found.setdefault(reason["code"], (one["name"], reason["other"], reason["text"]))
    return list(found.values())[:_REASONS]


def show_roadshow(screen: Console, shown: Roadshow) -> None:
    """Print the month's timetable by slot and room, and three reasons for pairs that do not meet."""
    event, plan = shown.event, shown.plan
    title = f"{event['month'][:7]} {event['title']} · the month's timetable"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading in ("时间", *(room["name"] for room in event["rooms"])):
        table.add_column(heading, overflow="fold")
    at = {(one["slot"], one["room"]): one for one in shown.meetings}
    for slot in event["slots"]:
        cells: list[str] = []
        for room in event["rooms"]:
            one = at.get((slot["slot"], room["name"]))
            cells.append("" if one is None else escape(f"{one['enterprise']}\n↔ {one['partner']}"))
        table.add_row(calendar.local_minute(datetime.fromisoformat(slot["starts_at"])), *cells)
    screen.print(table)
    screen.print(f"  {plan['explanation']} 与最优的差距 gap {plan['gap_percent']:g} %")
    told = len(shown.changes["affected"])
    removed, added = len(shown.changes["removed"]), len(shown.changes["added"])
    screen.print(
        f"  {escape(shown.cancelled)}临时取消：第2版少{removed}场、补{added}场，只通知受影响的{told}方 · only those touched are told"
    )
    reasons = Table(title="未配对原因 · why not", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading in ("企业", "对接方", "原因"):
        reasons.add_column(heading, overflow="fold")
    for row in shown.reasons:
        reasons.add_row(*map(escape, row))
    screen.print(reasons)
